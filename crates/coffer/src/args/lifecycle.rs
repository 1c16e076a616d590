//! `coffer start`, `stop`, `restart`, `kill`, `wait`, `attach`, `rename`

use clap::Args;
use engine::DetachKeys;
use model::signal::Signal;

/// `start`
#[derive(Debug, Args)]
pub(crate) struct Start {
    /// Names, ids or beginnings of ids
    #[arg(value_name = "CONTAINER", required = true)]
    pub(crate) containers: Vec<String>,
    /// Stay in the foreground, as `run` does
    #[arg(short, long)]
    pub(crate) attach: bool,
    /// Pass standard input on, if the container keeps it open; implies --attach
    #[arg(short, long)]
    pub(crate) interactive: bool,
    /// Keys that leave its terminal and let it run, instead of ctrl-p,ctrl-q
    #[arg(long, value_name = "KEYS")]
    pub(crate) detach_keys: Option<DetachKeys>,
}

/// `stop`
#[derive(Debug, Args)]
pub(crate) struct Stop {
    #[command(flatten)]
    pub(crate) ending: Ending,
}

/// `restart`
#[derive(Debug, Args)]
pub(crate) struct Restart {
    #[command(flatten)]
    pub(crate) ending: Ending,
}

/// Which containers are to end, and how long they may take.
#[derive(Debug, Args)]
pub(crate) struct Ending {
    /// Names, ids or beginnings of ids
    #[arg(value_name = "CONTAINER", required = true)]
    pub(crate) containers: Vec<String>,
    /// Seconds before they are killed; -1 waits for ever
    #[arg(
        short,
        long = "timeout",
        visible_alias = "time",
        value_name = "SECONDS",
        allow_hyphen_values = true
    )]
    pub(crate) timeout: Option<i64>,
}

/// `kill`
#[derive(Debug, Args)]
pub(crate) struct Kill {
    /// Names, ids or beginnings of ids
    #[arg(value_name = "CONTAINER", required = true)]
    pub(crate) containers: Vec<String>,
    /// Which signal: KILL if not said
    #[arg(short, long, value_name = "SIGNAL")]
    pub(crate) signal: Option<Signal>,
}

/// `wait`
#[derive(Debug, Args)]
pub(crate) struct Wait {
    /// Names, ids or beginnings of ids
    #[arg(value_name = "CONTAINER", required = true)]
    pub(crate) containers: Vec<String>,
}

/// `attach`
#[derive(Debug, Args)]
pub(crate) struct Attach {
    /// Name, id or the beginning of an id
    #[arg(value_name = "CONTAINER")]
    pub(crate) container: String,
    /// Only look: pass no input on
    #[arg(long)]
    pub(crate) no_stdin: bool,
    /// Whether signals go to the container: true or false
    #[arg(long, value_name = "BOOL", default_value_t = true, hide_default_value = true, action = clap::ArgAction::Set)]
    pub(crate) sig_proxy: bool,
    /// Keys that leave it, instead of ctrl-p,ctrl-q
    #[arg(long, value_name = "KEYS")]
    pub(crate) detach_keys: Option<DetachKeys>,
}

/// `rename`
#[derive(Debug, Args)]
pub(crate) struct Rename {
    /// Name, id or the beginning of an id
    #[arg(value_name = "CONTAINER")]
    pub(crate) container: String,
    /// The name that it gets
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}
