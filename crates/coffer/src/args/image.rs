//! `coffer image ...`

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use model::reference::ImageName;

use super::global::ListOptions;
use crate::value::filter::{self, Filter};

/// `image import`
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// A file or directory, TRANSPORT:PATH, docker://NAME, `demo:`, or `-` for standard input
    #[arg(value_name = "FILE", required_unless_present = "input")]
    pub(crate) source: Option<String>,
    /// The name to give it; without one, the name inside the archive
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<ImageName>,
    /// The same as NAME
    #[arg(short, long, value_name = "NAME", conflicts_with = "name")]
    pub(crate) tag: Option<ImageName>,
    /// The same as FILE, as `docker load` spells it
    #[arg(short, long, value_name = "FILE", conflicts_with = "source")]
    pub(crate) input: Option<String>,
    /// Print only the image's digest
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// `image ls`
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Show only images of this name
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) list: ListOptions,
    /// Print digests whole
    #[arg(long)]
    pub(crate) digests: bool,
    /// Show only what matches; keys: name, digest, label, dangling
    #[arg(short, long, value_name = "KEY=VALUE", value_parser = filter::among(&["name", "digest", "label", "dangling"]))]
    pub(crate) filter: Vec<Filter>,
}

/// `image inspect`
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// Names, ids or beginnings of ids
    #[arg(value_name = "IMAGE", required = true)]
    pub(crate) images: Vec<String>,
}

/// `image history`
#[derive(Debug, Args)]
pub(crate) struct History {
    /// Name, id or the beginning of an id
    #[arg(value_name = "IMAGE")]
    pub(crate) image: String,
    /// Print commands whole
    #[arg(long)]
    pub(crate) no_trunc: bool,
}

/// `image tag`
#[derive(Debug, Args)]
pub(crate) struct Tag {
    /// Name, id or the beginning of an id
    #[arg(value_name = "IMAGE")]
    pub(crate) image: String,
    /// The name that it gets as well
    #[arg(value_name = "NAME")]
    pub(crate) name: ImageName,
}

/// `image rm`
#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// Names, ids or beginnings of ids
    #[arg(value_name = "IMAGE", required = true)]
    pub(crate) images: Vec<String>,
    /// Take the names of an image that containers use; its bytes stay until they are gone
    #[arg(short, long)]
    pub(crate) force: bool,
}

/// `image prune`
#[derive(Debug, Args)]
pub(crate) struct Prune {
    /// Also remove images that have a name, where no container uses them
    #[arg(short, long)]
    pub(crate) all: bool,
    /// Remove only what matches; keys: until, label, label!
    #[arg(long, value_name = "KEY=VALUE", value_parser = filter::among(&["until", "label", "label!"]))]
    pub(crate) filter: Vec<Filter>,
}

/// `image verify`
#[derive(Debug, Args)]
pub(crate) struct Verify {}

/// `image save`
#[derive(Debug, Args)]
pub(crate) struct Save {
    /// Name, id or the beginning of an id
    #[arg(value_name = "IMAGE")]
    pub(crate) image: String,
    /// Where to write; without it, standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// oci-archive, or docker-archive for an old `docker load`
    #[arg(
        long = "as",
        value_enum,
        value_name = "SHAPE",
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) shape: Shape,
}

/// How a saved image lies in its file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shape {
    /// An OCI image layout in a tar file: the image keeps its digest.
    #[default]
    OciArchive,
    /// What `docker save` writes.
    DockerArchive,
}
