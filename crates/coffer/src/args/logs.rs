//! `coffer logs`

use clap::Args;

use crate::value::instant::{self, Instant};
use crate::value::lines::{self, Lines};

/// `logs`
#[derive(Debug, Args)]
pub(crate) struct Logs {
    /// Name, id or the beginning of an id
    #[arg(value_name = "CONTAINER")]
    pub(crate) container: String,
    /// Go on with what it prints until it has ended
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Only what was printed since: an instant, or 10m for ten minutes ago
    #[arg(long, value_name = "TIME", value_parser = instant::parse)]
    pub(crate) since: Option<Instant>,
    /// Only what was printed until then
    #[arg(long, value_name = "TIME", value_parser = instant::parse)]
    pub(crate) until: Option<Instant>,
    /// Only so many lines from the end, or all
    #[arg(short = 'n', long, value_name = "NUMBER", value_parser = lines::parse, allow_hyphen_values = true)]
    pub(crate) tail: Option<Lines>,
    /// Begin each line with its time
    #[arg(short, long)]
    pub(crate) timestamps: bool,
}
