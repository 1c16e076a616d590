//! `delete`: what is left of a container.

use std::os::fd::AsFd as _;

use model::signal::Signal;
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
    let deleted = if given.is_on("force") { by_force(globals, id) } else { if_ended(globals, id) };
    match deleted {
        // It was never there, or somebody else was faster.
        Err(Failure::Missing(_)) if given.is_on("force") => Ok(0),
        other => other.map(|()| 0),
    }
}

fn if_ended(globals: &Globals, id: &str) -> Result<(), Failure> {
    let container = Container::find(&globals.root, id)?;
    container.lock()?;
    let record = container.record()?;
    let status = container.status(record.as_ref())?;
    if !matches!(status, Status::Stopped | Status::Created) {
        return Err(Failure::State { action: "delete", id: container.id, status: status.as_str() });
    }
    take_away(globals, container, record)
}

/// Whatever became of it: also where a power failure has left files that make no sense.
fn by_force(globals: &Globals, id: &str) -> Result<(), Failure> {
    let container = Container::find(&globals.root, id)?;
    container.lock()?;
    let record = container.record().unwrap_or_else(|failure| {
        globals.log.warning(&failure.to_string());
        Some(Record::remains(&container, globals.manager))
    });
    take_away(globals, container, record)
}

/// Its processes, its control group, its hooks, its directory, in this order: as long as the directory is
/// there, somebody can try again. Without a record nothing but the directory was made.
pub(super) fn take_away(
    globals: &Globals,
    container: Container,
    record: Option<Record>,
) -> Result<(), Failure> {
    let Some(record) = record else { return container.remove() };
    if let Some(process) = container.process(&record)? {
        end(&container, &record, &process)?;
    }
    if let Some(group) = record.group().filter(|group| !group.remove_empty()) {
        // Those that the first process has not taken along.
        group.kill_all(Signal::KILL.number())?;
        group.remove()?;
    }
    poststop(globals, &container, &record);
    container.remove()
}

/// The container is gone whatever they do, and each has its turn.
fn poststop(globals: &Globals, container: &Container, record: &Record) {
    let spec = match container.spec(record) {
        Ok(spec) => spec,
        Err(failure) => return globals.log.warning(&failure.to_string()),
    };
    let state = record.state(&spec, Status::Stopped).to_json();
    for hook in &spec.hooks.poststop {
        if let Err(error) = hooks::run_all("poststop", std::slice::from_ref(hook), &state) {
            globals.log.warning(&error.to_string());
        }
    }
}

fn end(container: &Container, record: &Record, process: &Alive) -> Result<(), Failure> {
    let _gone_already = sys::signal::send(process.pidfd.as_fd(), Signal::KILL.number());
    kill::thaw(record);
    let ended = poll(&mut [PollFd::new(&process.pidfd, PollFlags::IN)], Some(&PATIENCE));
    match ended {
        Ok(0) => Err(Failure::State { action: "end", id: container.id.clone(), status: "not dying" }),
        Ok(_) => Ok(()),
        Err(errno) => Err(Failure::system("wait for container", &container.id)(errno)),
    }
}
