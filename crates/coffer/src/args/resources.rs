//! `coffer pause`, `unpause`, `update`, `top`, `stats`

use clap::Args;
use model::upkeep::Restart;

use super::ask::GroupLimits;
use crate::value::restart;

/// `pause`
#[derive(Debug, Args)]
pub(crate) struct Pause {
    /// Names, ids or beginnings of ids
    #[arg(value_name = "CONTAINER", required = true)]
    pub(crate) containers: Vec<String>,
}

/// `unpause`
#[derive(Debug, Args)]
pub(crate) struct Unpause {
    /// Names, ids or beginnings of ids
    #[arg(value_name = "CONTAINER", required = true)]
    pub(crate) containers: Vec<String>,
}

/// `update`
#[derive(Debug, Args)]
pub(crate) struct Update {
    /// Names, ids or beginnings of ids
    #[arg(value_name = "CONTAINER", required = true)]
    pub(crate) containers: Vec<String>,
    /// Start it again when it ends: no, always, unless-stopped, on-failure or on-failure:N
    #[arg(long, value_name = "POLICY", value_parser = restart::parse)]
    pub(crate) restart: Option<Restart>,
    #[command(flatten)]
    pub(crate) limits: GroupLimits,
}

/// `top`
#[derive(Debug, Args)]
#[command(override_usage = "coffer top [OPTIONS] CONTAINER")]
pub(crate) struct Top {
    /// Name, id or the beginning of an id
    #[arg(value_name = "CONTAINER")]
    pub(crate) container: String,
    /// Docker passes these to ps(1)
    #[arg(value_name = "PS OPTIONS", trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    pub(crate) ps_options: Vec<String>,
    /// Print only process ids
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Print commands whole
    #[arg(long)]
    pub(crate) no_trunc: bool,
}

/// `stats`
#[derive(Debug, Args)]
pub(crate) struct Stats {
    /// Names, ids or beginnings of ids; without any, all that run
    #[arg(value_name = "CONTAINER")]
    pub(crate) containers: Vec<String>,
    /// Show also those that do not run
    #[arg(short, long, conflicts_with = "containers")]
    pub(crate) all: bool,
    /// Print one sample and end
    #[arg(long)]
    pub(crate) no_stream: bool,
    /// Print ids whole
    #[arg(long)]
    pub(crate) no_trunc: bool,
}
