//! The commands with few options: `demo`, `ledger`, `completions`, `man`, `help`, `version`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use crate::value::filter::{self, Filter};

/// `demo`
#[derive(Debug, Args)]
pub(crate) struct Demo {}

/// `ledger show`
#[derive(Debug, Args)]
pub(crate) struct LedgerShow {
    /// Show only the last N entries
    #[arg(short = 'n', long, value_name = "N", value_parser = count)]
    pub(crate) last: Option<u64>,
    /// Show only what matches; keys: kind, container, image, outcome
    #[arg(short, long, value_name = "KEY=VALUE", value_parser = filter::among(&["kind", "container", "image", "outcome"]))]
    pub(crate) filter: Vec<Filter>,
    /// Print ids and digests whole
    #[arg(long)]
    pub(crate) no_trunc: bool,
}

/// `ledger verify`
#[derive(Debug, Args)]
pub(crate) struct LedgerVerify {
    /// A checkpoint that was kept elsewhere; history has to be an extension of it
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Option<PathBuf>,
}

/// `ledger checkpoint`
#[derive(Debug, Args)]
pub(crate) struct LedgerCheckpoint {}

/// `completions`
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// bash, zsh or fish
    #[arg(value_name = "SHELL", value_parser = shell)]
    pub(crate) shell: Shell,
}

/// `man`
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// An existing directory, such as ~/.local/share/man/man1
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
}

/// `help`
#[derive(Debug, Args)]
pub(crate) struct Help {
    /// A command, a topic, or the code of a message such as E-store-digest
    #[arg(value_name = "TOPIC")]
    pub(crate) words: Vec<String>,
}

/// `version`
#[derive(Debug, Args)]
pub(crate) struct Version {}

fn count(text: &str) -> Result<u64, crate::value::ValueError> {
    text.parse().map_err(|_| crate::value::ValueError::new("it is no count", "a number such as 20"))
}

fn shell(text: &str) -> Result<Shell, crate::value::ValueError> {
    match text {
        "bash" => Ok(Shell::Bash),
        "zsh" => Ok(Shell::Zsh),
        "fish" => Ok(Shell::Fish),
        _ => Err(crate::value::ValueError::new("there are no completions for it", "bash, zsh or fish")),
    }
}
