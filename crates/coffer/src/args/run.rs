//! `coffer run` and `coffer assess`: the same questions, once acted on and once only judged.

use std::path::PathBuf;

use clap::Args;
use engine::DetachKeys;

use super::ask::{Answers, Limits, Process, Storage, Upkeep, Walls};
use super::ship::PullWhen;

/// `run`
#[derive(Debug, Args)]
#[command(override_usage = "coffer run [OPTIONS] IMAGE [COMMAND] [ARG...]")]
pub(crate) struct Run {
    /// Run in the background and print the id
    #[arg(short, long)]
    pub(crate) detach: bool,
    /// Keys that leave its terminal and let it run, instead of ctrl-p,ctrl-q
    #[arg(long, value_name = "KEYS")]
    pub(crate) detach_keys: Option<DetachKeys>,
    #[command(flatten)]
    pub(crate) make: Make,
}

/// `create`
#[derive(Debug, Args)]
#[command(override_usage = "coffer create [OPTIONS] IMAGE [COMMAND] [ARG...]")]
pub(crate) struct Create {
    #[command(flatten)]
    pub(crate) make: Make,
}

/// A container that is made.
#[derive(Debug, Args)]
pub(crate) struct Make {
    /// The image, then what to run in it; options after the image belong to the command
    #[arg(value_name = "IMAGE", required = true, num_args = 1.., trailing_var_arg = true)]
    pub(crate) words: Vec<String>,
    /// Keep standard input open
    #[arg(short, long)]
    pub(crate) interactive: bool,
    /// Give it a terminal
    #[arg(short, long)]
    pub(crate) tty: bool,
    /// Remove it when it ends
    #[arg(long = "rm")]
    pub(crate) remove: bool,
    /// Ask a registry for the image: missing, always or never; missing is the default
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) pull: PullWhen,
    /// Write the id into this file, which must not exist
    #[arg(long, value_name = "FILE")]
    pub(crate) cidfile: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) ask: Ask,
}

/// `assess`
#[derive(Debug, Args)]
pub(crate) struct Assess {
    /// The image: a name, an id, or TRANSPORT:PATH
    #[arg(value_name = "IMAGE")]
    pub(crate) image: String,
    #[command(flatten)]
    pub(crate) ask: Ask,
}

/// Everything that can be asked for.
#[derive(Debug, Args)]
pub(crate) struct Ask {
    #[command(flatten)]
    pub(crate) process: Process,
    #[command(flatten)]
    pub(crate) storage: Storage,
    #[command(flatten)]
    pub(crate) walls: Walls,
    #[command(flatten)]
    pub(crate) limits: Limits,
    #[command(flatten)]
    pub(crate) upkeep: Upkeep,
    #[command(flatten)]
    pub(crate) answers: Answers,
}
