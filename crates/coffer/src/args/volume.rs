//! `coffer volume ...`

use clap::Args;

/// `volume ls`
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Print only names
    #[arg(short, long)]
    pub(crate) quiet: bool,
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
pub(crate) struct Prune {}
