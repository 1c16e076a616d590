//! `coffer exec`

use clap::Args;
use engine::DetachKeys;
use model::exec::ExecRequest;

use super::ask::Variables;
use crate::errors::Failure;

/// `exec`
#[derive(Debug, Args)]
#[command(override_usage = "coffer exec [OPTIONS] CONTAINER COMMAND [ARG...]")]
pub(crate) struct Exec {
    /// The container, then what to execute in it; options after the container belong to the command
    #[arg(value_name = "CONTAINER", required = true, num_args = 1.., trailing_var_arg = true)]
    words: Vec<String>,
    /// Keep standard input open
    #[arg(short, long)]
    interactive: bool,
    /// Give it a terminal
    #[arg(short, long)]
    tty: bool,
    /// Let it go on in the background
    #[arg(short, long)]
    detach: bool,
    /// Keys that leave its terminal and let it run, instead of ctrl-p,ctrl-q
    #[arg(long, value_name = "KEYS")]
    pub(crate) detach_keys: Option<DetachKeys>,
    #[command(flatten)]
    variables: Variables,
    /// Start in this directory of the container
    #[arg(short, long, value_name = "DIR", help_heading = "Process")]
    workdir: Option<String>,
    /// Run as this user of the container: name or uid, with :group or :gid
    #[arg(short, long, value_name = "USER[:GROUP]", help_heading = "Process")]
    user: Option<String>,
    /// Ask for all that a privileged container has; refused for any other
    #[arg(long, help_heading = "Process")]
    privileged: bool,
}

impl Exec {
    /// The container as typed, and the request.
    pub(crate) fn request(self) -> Result<(String, ExecRequest), Failure> {
        let mut words = self.words.into_iter();
        let container = words.next().unwrap_or_default();
        let command: Vec<String> = words.collect();
        if command.is_empty() {
            let example = format!("such as: coffer exec -it {container} sh");
            return Err(Failure::usage("`coffer exec` needs a command after the container", example));
        }
        let request = ExecRequest {
            command,
            env: self.variables.resolved()?,
            working_dir: self.workdir,
            user: self.user,
            privileged: self.privileged,
            interactive: self.interactive,
            tty: self.tty,
            detached: self.detach,
        };
        Ok((container, request))
    }
}
