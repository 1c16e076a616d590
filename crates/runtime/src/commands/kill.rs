//! `kill`: a signal for a container's first process, or for all of them.

use std::os::fd::AsFd as _;

use model::signal::Signal;
use model::spec::{NamespaceKind, Spec};
use rustix::io::Errno;

use super::{Command, Outcome};
use crate::error::Failure;
use crate::globals::Globals;
use crate::options::{Given, OptionsEnd, switch};
use crate::state::{Container, Record};

pub(crate) const COMMAND: Command = Command {
    name: "kill",
    arguments: "CONTAINER [SIGNAL]",
    about: "send a signal to the container's first process (default: SIGTERM)",
    options: &[switch("all", Some('a'), "to every process of the container, also when the first has ended")],
    end: OptionsEnd::Nowhere,
    examples: &["kill web KILL", "kill --all web 9"],
    run,
};

fn run(globals: &Globals, given: &Given) -> Outcome {
    let (id, signal) = match given.arguments.as_slice() {
        [id] => (id, "TERM"),
        [id, signal] => (id, signal.as_str()),
        _ => return Err(given.wrong("which container, and which signal?".to_owned())),
    };
    let container = Container::find(&globals.root, id)?;
    let signal =
        signal.parse::<Signal>().map_err(|_| given.wrong(format!("there is no signal `{signal}`")))?;
    let Some(record) = container.record()? else { return Err(Failure::NotRunning(id.clone())) };
    if given.is_on("all") {
        everybody(&container, &record, signal)?;
    } else {
        first_process(&container, &record, signal)?;
    }
    Ok(0)
}

/// The first process; where the kernel does not take the others along with it, SIGKILL is for them too.
fn first_process(container: &Container, record: &Record, signal: Signal) -> Result<(), Failure> {
    let gone = || Failure::NotRunning(container.id.clone());
    let process = container.process(record)?.ok_or_else(gone)?;
    if signal == Signal::KILL && !has_own_pids(&container.spec(record)?) {
        return everybody(container, record, signal);
    }
    match sys::signal::send(process.pidfd.as_fd(), signal.number()) {
        Ok(()) => {}
        Err(Errno::SRCH) => return Err(gone()),
        Err(errno) => return Err(Failure::system("signal container", &container.id)(errno)),
    }
    if signal == Signal::KILL {
        thaw(record);
    }
    Ok(())
}

/// Whether everything in it ends with its first process.
fn has_own_pids(spec: &Spec) -> bool {
    spec.linux.namespaces.iter().any(|space| space.kind == NamespaceKind::Pid && space.path.is_none())
}

/// Everything in its control group, whether or not there is a first process.
fn everybody(container: &Container, record: &Record, signal: Signal) -> Result<(), Failure> {
    match record.group() {
        Some(group) => Ok(group.kill_all(signal.number())?),
        None => Err(Failure::NoGroup(container.id.clone())),
    }
}

/// What is frozen does not die.
pub(super) fn thaw(record: &Record) {
    if let Some(group) = record.group() {
        // A group that cannot be thawed is not frozen, or gone.
        let _not_frozen = group.thaw();
    }
}
