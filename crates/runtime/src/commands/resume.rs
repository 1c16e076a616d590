//! `resume`: a paused container goes on.

use super::{Command, Outcome};
use crate::error::Failure;
use crate::globals::Globals;
use crate::options::{Given, OptionsEnd};
use crate::state::{Container, Status};

pub(crate) const COMMAND: Command = Command {
    name: "resume",
    arguments: "CONTAINER",
    about: "let a paused container go on",
    options: &[],
    end: OptionsEnd::Nowhere,
    examples: &["resume web"],
    run,
};

fn run(globals: &Globals, given: &Given) -> Outcome {
    let container = Container::find(&globals.root, given.only_container()?)?;
    container.lock()?;
    let record = container.expect("resume", &[Status::Paused])?;
    match record.group() {
        Some(group) => group.thaw()?,
        None => return Err(Failure::NoGroup(container.id)),
    }
    Ok(0)
}
