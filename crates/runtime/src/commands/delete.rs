//! `delete`: what is left of a container.

use std::os::fd::AsFd as _;

use launch::cgroup::Group;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{Command, Outcome, kill};
use crate::error::Failure;
use crate::globals::Globals;
use crate::hooks;
use crate::options::{Given, OptionsEnd, switch};
use crate::process::Alive;
use crate::state::{Container, Record, Status};

pub(crate) const COMMAND: Command = Command {
    name: "delete",
    arguments: "CONTAINER",
    about: "remove a container that has ended, or was never started",
    options: &[switch("force", Some('f'), "end it first; one that does not exist is no error")],
    end: OptionsEnd::Nowhere,
    examples: &["delete web", "delete --force web"],
    run,
};

/// How long a killed process is waited for.
const PATIENCE: Timespec = Timespec { tv_sec: 10, tv_nsec: 0 };

fn run(globals: &Globals, given: &Given) -> Outcome {
    let id = given.only_container()?;
    let container = match Container::find(&globals.root, id) {
        Err(Failure::Missing(_)) if given.is_on("force") => return Ok(0),
        other => other?,
    };
    container.lock()?;
    let record = container.record()?;
    let status = container.status(record.as_ref())?;
    if !given.is_on("force") && !matches!(status, Status::Stopped | Status::Created) {
        return Err(Failure::State { action: "delete", id: container.id, status: status.as_str() });
    }
    take_away(globals, container, record)?;
    Ok(0)
}

/// Its processes, its control group, its hooks, its directory, in this order: as long as the directory is
/// there, somebody can try again.
pub(super) fn take_away(
    globals: &Globals,
    container: Container,
    record: Option<Record>,
) -> Result<(), Failure> {
    let Some(record) = record else { return container.remove() };
    if let Some(process) = container.process(&record)? {
        end(&container, &record, &process)?;
    }
    remove_group(&record)?;
    let spec = container.spec(&record)?;
    let state = record.state(&spec, Status::Stopped).to_json();
    for hook in &spec.hooks.poststop {
        // The container is gone either way, and the others have their turn.
        if let Err(error) = hooks::run_all("poststop", std::slice::from_ref(hook), &state) {
            globals.log.warning(&error.to_string());
        }
    }
    container.remove()
}

fn end(container: &Container, record: &Record, process: &Alive) -> Result<(), Failure> {
    let _gone_already = sys::signal::send(process.pidfd.as_fd(), 9);
    kill::thaw(record);
    let ended = poll(&mut [PollFd::new(&process.pidfd, PollFlags::IN)], Some(&PATIENCE));
    match ended {
        Ok(0) => Err(Failure::State { action: "end", id: container.id.clone(), status: "not dying" }),
        Ok(_) => Ok(()),
        Err(errno) => Err(Failure::system("wait for container", &container.id)(errno)),
    }
}

/// What is left in it belongs to nobody any more.
fn remove_group(record: &Record) -> Result<(), Failure> {
    let Some(group) = Group::of(&record.cgroup) else { return Ok(()) };
    group.kill_all(rustix::process::Signal::KILL.as_raw())?;
    Ok(group.remove()?)
}
