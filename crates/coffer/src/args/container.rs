//! `coffer ps`, `inspect`, `explain`, `rm`

use clap::Args;

use super::global::ListOptions;
use crate::value::filter::{self, Filter};

/// `ps`
#[derive(Debug, Args)]
pub(crate) struct Ps {
    /// Show also the containers that ended
    #[arg(short, long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) list: ListOptions,
    /// Show only what matches; keys: id, name, image, label, status, health
    #[arg(short, long, value_name = "KEY=VALUE", value_parser = filter::among(&["id", "name", "image", "label", "status", "health"]))]
    pub(crate) filter: Vec<Filter>,
}

/// `inspect`
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// Names, ids or beginnings of ids
    #[arg(value_name = "CONTAINER", required = true)]
    pub(crate) containers: Vec<String>,
}

/// `explain`
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Name, id or the beginning of an id
    #[arg(value_name = "CONTAINER")]
    pub(crate) container: String,
}

/// `rm`
#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// Names, ids or beginnings of ids
    #[arg(value_name = "CONTAINER", required = true)]
    pub(crate) containers: Vec<String>,
    /// Kill those that still run
    #[arg(short, long)]
    pub(crate) force: bool,
}

/// `prune`
#[derive(Debug, Args)]
pub(crate) struct Prune {
    /// Remove only what matches; keys: until, label, label!
    #[arg(long, value_name = "KEY=VALUE", value_parser = filter::among(&["until", "label", "label!"]))]
    pub(crate) filter: Vec<Filter>,
}
