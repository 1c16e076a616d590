//! `coffer volume ...`

use clap::Args;

use crate::value::filter::{self, Filter};
use crate::value::pair::{self, Pair};

/// `volume create`
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Its name; one is invented where none is given
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Attach a label
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair::label)]
    pub(crate) label: Vec<Pair>,
}

/// `volume ls`
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Print only names
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Show only what matches; keys: name, label, dangling
    #[arg(short, long, value_name = "KEY=VALUE", value_parser = filter::among(&["name", "label", "dangling"]))]
    pub(crate) filter: Vec<Filter>,
}

/// `volume inspect`
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// Names
    #[arg(value_name = "VOLUME", required = true)]
    pub(crate) volumes: Vec<String>,
    /// Also say how much room each takes
    #[arg(short, long)]
    pub(crate) size: bool,
}

/// `volume rm`
#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// Names
    #[arg(value_name = "VOLUME", required = true)]
    pub(crate) volumes: Vec<String>,
}

/// `volume prune`
#[derive(Debug, Args)]
pub(crate) struct Prune {
    /// Remove only what matches; keys: label, label!
    #[arg(long, value_name = "KEY=VALUE", value_parser = filter::among(&["label", "label!"]))]
    pub(crate) filter: Vec<Filter>,
}
