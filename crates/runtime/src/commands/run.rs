//! `run`: create and start in one, and the end too unless it is detached.

use launch::Running;
use model::commission::Commission;

use super::{Command, Outcome, clean_up, create, delete, start};
use crate::error::Failure;
use crate::globals::Globals;
use crate::options::{Given, Opt, OptionsEnd, switch};
use crate::relay::{self, Signals};
use crate::state::{Container, Status};
use crate::streams::Keeper;
use crate::{agent, pidfile};

pub(crate) const COMMAND: Command = Command {
    name: "run",
    arguments: "CONTAINER",
    about: "create a container, start it, wait for its end and delete it",
    options: OPTIONS,
    end: OptionsEnd::Nowhere,
    examples: &["run --bundle /run/bundles/web web", "run --detach --pid-file /run/web.pid web"],
    run,
};

const OPTIONS: &[Opt] = &[
    create::BUNDLE,
    create::CONSOLE_SOCKET,
    create::PIDFD_SOCKET,
    create::PID_FILE,
    create::NO_PIVOT,
    create::NO_NEW_KEYRING,
    create::PRESERVE_FDS,
    switch("detach", Some('d'), "leave it to itself once it runs"),
    switch("keep", None, "do not delete it when it has ended"),
    NO_SUBREAPER,
];

pub(super) const NO_SUBREAPER: Opt = switch(
    "no-subreaper",
    None,
    "as runc; orphans of a container are its first process's here, so it changes nothing",
);

fn run(globals: &Globals, given: &Given) -> Outcome {
    let keeper = Keeper::of(given);
    let request = create::Request::read(globals, given, keeper)?;
    let commission = request.admit(globals)?;
    let signals = (keeper == Keeper::Us).then(Signals::take).transpose()?;
    let container = request.reserve(globals)?;
    let running = match started(globals, given, &request, commission, &container) {
        Ok(running) => running,
        Err(failure) => {
            create::abandon(globals, container);
            return Err(failure);
        }
    };
    let Some(signals) = signals else {
        running.let_go();
        return Ok(0);
    };
    let ended = relay::until_the_end(running, &signals);
    if !given.is_on("keep") {
        let record = container.record();
        clean_up(&globals.log, record.and_then(|record| delete::take_away(globals, container, record)));
    }
    ended
}

/// Up to the last thing that a start has to do; whatever fails ends the container.
fn started(
    globals: &Globals,
    given: &Given,
    request: &create::Request<'_>,
    commission: Commission,
    container: &Container,
) -> Result<Running, Failure> {
    let (prepared, record) = request.prepare(globals, commission, container, None)?;
    let state = start::state_for_hooks(&record, &request.spec);
    let listener = agent::of(&request.spec, &record, (Status::Created, record.pid));
    let running = prepared.release_with(state.as_deref(), listener)?;
    start::after(container, &record, &request.spec)?;
    pidfile::write(given.value("pid-file"), record.pid)?;
    Ok(running)
}
