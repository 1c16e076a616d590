//! `start`: the program of a created container.

use std::os::fd::AsFd as _;

use launch::gate;
use model::spec::Spec;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{Command, Outcome};
use crate::error::Failure;
use crate::globals::Globals;
use crate::options::{Given, OptionsEnd};
use crate::process::Alive;
use crate::state::{Container, Record, Status};
use crate::{agent, hooks};

/// How long what could not be started is waited for.
const PATIENCE: Timespec = Timespec { tv_sec: 10, tv_nsec: 0 };

pub(crate) const COMMAND: Command = Command {
    name: "start",
    arguments: "CONTAINER",
    about: "run the program of a created container",
    options: &[],
    end: OptionsEnd::Nowhere,
    examples: &["start web"],
    run,
};

fn run(globals: &Globals, given: &Given) -> Outcome {
    let container = Container::find(&globals.root, given.only_container()?)?;
    container.lock()?;
    let record = container.record()?;
    let status = container.status(record.as_ref())?;
    let Some(record) = record.filter(|_| status == Status::Created) else {
        return Err(Failure::State { action: "start", id: container.id, status: status.as_str() });
    };
    let spec = container.spec(&record)?;
    let program = spec.process.args.first().map_or("", String::as_str);
    let state = state_for_hooks(&record, &spec);
    let listener = agent::of(&spec, &record, (Status::Created, record.pid));
    let first = container.process(&record)?;
    let opened = gate::open(container.directory(), program, state.as_deref(), listener);
    if let (Err(_), Some(first)) = (&opened, first) {
        await_end(&first);
    }
    opened?;
    after(&container, &record, &spec)?;
    Ok(0)
}

/// What could not be started ends. containerd asks at once, and keeps its shim for ever if it has not ended
/// yet: it takes what was created for something that still waits.
fn await_end(first: &Alive) {
    // Interrupted or in vain, the reason why it was not started is what has to be told.
    let _the_reason_matters_more = poll(&mut [PollFd::new(&first.pidfd, PollFlags::IN)], Some(&PATIENCE));
}

/// What startContainer hooks read, if there are any.
pub(super) fn state_for_hooks(record: &Record, spec: &Spec) -> Option<Vec<u8>> {
    (!spec.hooks.start_container.is_empty()).then(|| record.state(spec, Status::Created).to_json())
}

/// The hooks of a container that has been started; one that fails ends it.
pub(super) fn after(container: &Container, record: &Record, spec: &Spec) -> Result<(), Failure> {
    if spec.hooks.poststart.is_empty() {
        return Ok(());
    }
    let state = record.state(spec, Status::Running).to_json();
    let done = hooks::run_all("poststart", &spec.hooks.poststart, &state);
    if done.is_err()
        && let Some(process) = container.process(record)?
    {
        let _gone_already = sys::signal::send(process.pidfd.as_fd(), 9);
    }
    Ok(done?)
}
