//! What a person asks for when they type `coffer exec`: already parsed, not yet judged.

use serde::{Deserialize, Serialize};

/// One request to execute something in a container that runs. As with a run, policy judges this very
/// value and launch executes what policy made of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecRequest {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// `-e` and `--env-file`, in order, `NAME=value`.
    pub env: Vec<String>,
    /// `-w`; the container's own if absent.
    pub working_dir: Option<String>,
    /// `-u`; the container's own if absent.
    pub user: Option<String>,
    /// `--privileged`.
    pub privileged: bool,
    /// `-i`.
    pub interactive: bool,
    /// `-t`.
    pub tty: bool,
    /// `-d`: it goes on by itself.
    pub detached: bool,
}
