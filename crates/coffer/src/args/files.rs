//! `coffer cp`, `diff`, `commit`, `export`

use std::path::PathBuf;

use clap::Args;
use engine::files::ConfigChange;
use model::reference::ImageName;

use crate::value::end::{self, End};
use crate::value::instruction;

/// `cp`
#[derive(Debug, Args)]
pub(crate) struct Copy {
    /// CONTAINER:PATH, a path of this host, or `-` for a tar archive on standard input
    #[arg(value_name = "SOURCE", value_parser = end::parser())]
    pub(crate) source: End,
    /// CONTAINER:PATH, a path of this host, or `-` for a tar archive on standard output
    #[arg(value_name = "DESTINATION", value_parser = end::parser())]
    pub(crate) destination: End,
    /// Keep the user and group ids of the source
    #[arg(short, long)]
    pub(crate) archive: bool,
    /// Copy what a link at the end of SOURCE leads to
    #[arg(short = 'L', long)]
    pub(crate) follow_link: bool,
    /// Show no progress
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// `export`
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Name, id or the beginning of an id
    #[arg(value_name = "CONTAINER")]
    pub(crate) container: String,
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// `diff`
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// Name, id or the beginning of an id
    #[arg(value_name = "CONTAINER")]
    pub(crate) container: String,
}

/// `commit`
#[derive(Debug, Args)]
pub(crate) struct Commit {
    /// Name, id or the beginning of an id
    #[arg(value_name = "CONTAINER")]
    pub(crate) container: String,
    /// The name to give to the image
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<ImageName>,
    /// Who made it
    #[arg(short, long, value_name = "TEXT", default_value = "")]
    pub(crate) author: String,
    /// A remark for its history
    #[arg(short, long, value_name = "TEXT", default_value = "")]
    pub(crate) message: String,
    /// Change how it starts, by a line such as `CMD ["nginx"]`
    #[arg(short, long, value_name = "LINE", value_parser = instruction::parse)]
    pub(crate) change: Vec<ConfigChange>,
    /// Hold the container still meanwhile
    #[arg(short, long, value_name = "BOOL", default_value_t = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub(crate) pause: bool,
}
