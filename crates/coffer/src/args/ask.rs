//! What can be asked for a container, by subject; Docker's names wherever Docker has one.

mod limits;
mod request;
mod storage;
mod variables;
mod upkeep;
mod walls;

use clap::Args;
use model::usecase::{Data, Exposure, Tenants};
use model::verdict::Level;

pub(crate) use limits::{GroupLimits, Limits};
pub(crate) use storage::Storage;
pub(crate) use upkeep::Upkeep;
pub(crate) use variables::Variables;
pub(crate) use walls::Walls;

use crate::value::hostname;
use crate::value::pair::{self, Pair};

/// What runs, and as whom.
#[derive(Debug, Args)]
#[command(next_help_heading = "Process")]
pub(crate) struct Process {
    #[command(flatten)]
    variables: Variables,
    /// Start in this directory
    #[arg(short, long, value_name = "DIR")]
    workdir: Option<String>,
    /// Run as this user: name or uid, with :group or :gid
    #[arg(short, long, value_name = "USER[:GROUP]")]
    user: Option<String>,
    /// Add a supplementary group
    #[arg(long, value_name = "GROUP")]
    group_add: Vec<String>,
    /// Replace the image's entrypoint; empty clears it
    #[arg(long, value_name = "PROGRAM")]
    entrypoint: Option<String>,
    /// Name the container
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Name the host it sees
    #[arg(short = 'h', long, value_name = "NAME", value_parser = hostname::parse)]
    hostname: Option<String>,
    /// Attach a label
    #[arg(short, long, value_name = "NAME=VALUE", value_parser = pair::label)]
    label: Vec<Pair>,
}

/// What Cofferdam cannot know by itself; without an answer, the mildest level is taken.
#[derive(Debug, Args)]
#[command(next_help_heading = "Use case")]
pub(crate) struct Answers {
    /// Who shares this kernel: own, several or hostile
    #[arg(long, value_name = "WHO")]
    tenants: Option<Tenants>,
    /// The worst data it can reach: public, internal or regulated
    #[arg(long, value_name = "WHAT")]
    data: Option<Data>,
    /// Who can reach it: none, internal or internet
    #[arg(long, value_name = "WHO")]
    exposure: Option<Exposure>,
    /// How strict to be: open, baseline or restricted
    #[arg(long, value_name = "LEVEL")]
    policy: Option<Level>,
}
