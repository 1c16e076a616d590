//! `run`: create and start in one, and the end too unless it is detached.

use launch::LaunchError;

use super::{Command, Outcome, clean_up, create, delete, start};
use crate::globals::Globals;
use crate::options::{Given, Opt, OptionsEnd, switch};
use crate::state::{Container, Record};
use crate::{pidfile, relay, streams};

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
    let id = given.only_container()?;
    let request = create::Request::read(globals, given, id)?;
    let container = request.reserve(globals)?;
    match started(globals, given, &request, &container) {
        Ok((running, record)) if given.is_on("detach") => {
            running.let_go();
            start::after(&container, &record, &request.spec)?;
            Ok(0)
        }
        Ok((running, record)) => {
            start::after(&container, &record, &request.spec)?;
            let ended = relay::until_the_end(running);
            if !given.is_on("keep") {
                clean_up(&globals.log, delete::take_away(globals, container, Some(record)));
            }
            ended
        }
        Err(failure) => {
            request.abandon(globals, container);
            Err(failure)
        }
    }
}

fn started(
    globals: &Globals,
    given: &Given,
    request: &create::Request,
    container: &Container,
) -> Result<(launch::Running, Record), crate::error::Failure> {
    let (prepared, record) = request.prepare(globals, given, container, None)?;
    if given.is_on("detach") || given.value("console-socket").is_some() {
        streams::hand_over_terminal(prepared.terminal(), given)?;
    }
    create::hand_over_pidfd(&prepared, given)?;
    pidfile::write(given.value("pid-file"), prepared.pid())?;
    let state = start::state_for_hooks(&record, &request.spec);
    let running = prepared.release_with(state.as_deref(), |_| Err(LaunchError::Died))?;
    Ok((running, record))
}
