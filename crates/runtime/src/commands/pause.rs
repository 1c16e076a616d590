//! `pause`: no process of the container gets any processor time until `resume`.

use super::{Command, Outcome};
use crate::error::Failure;
use crate::globals::Globals;
use crate::options::{Given, OptionsEnd};
use crate::state::{Container, Status};

pub(crate) const COMMAND: Command = Command {
    name: "pause",
    arguments: "CONTAINER",
    about: "freeze every process of a container",
    options: &[],
    end: OptionsEnd::Nowhere,
    examples: &["pause web"],
    run,
};

fn run(globals: &Globals, given: &Given) -> Outcome {
    let container = Container::find(&globals.root, given.only_container()?)?;
    container.lock()?;
    let record = container.expect("pause", &[Status::Running, Status::Created])?;
    match record.group() {
        Some(group) => group.freeze()?,
        None => return Err(Failure::NoGroup(container.id)),
    }
    Ok(0)
}
