//! `kill`: a signal for a container's first process, or for all of them.

use std::os::fd::AsFd as _;

use launch::cgroup::Group;
use model::signal::Signal;
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
    options: &[switch("all", Some('a'), "to every process of the container")],
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
        everybody(&record, signal.number())?;
        return Ok(0);
    }
    first_process(&container, &record, signal.number())?;
    Ok(0)
}

/// The first process only.
pub(super) fn first_process(container: &Container, record: &Record, signal: i32) -> Result<(), Failure> {
    let gone = || Failure::NotRunning(container.id.clone());
    let process = container.process(record)?.ok_or_else(gone)?;
    match sys::signal::send(process.pidfd.as_fd(), signal) {
        Ok(()) => {}
        Err(Errno::SRCH) => return Err(gone()),
        Err(errno) => return Err(Failure::system("signal container", &container.id)(errno)),
    }
    if signal == rustix::process::Signal::KILL.as_raw() {
        thaw(record);
    }
    Ok(())
}

/// Everything in its control group.
pub(super) fn everybody(record: &Record, signal: i32) -> Result<(), Failure> {
    Ok(Group::of(&record.cgroup).map_or(Ok(()), |group| group.kill_all(signal))?)
}

/// What is frozen does not die.
pub(super) fn thaw(record: &Record) {
    if let Some(group) = Group::of(&record.cgroup) {
        // A group that cannot be thawed is not frozen, or gone.
        let _not_frozen = group.thaw();
    }
}
