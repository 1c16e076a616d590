//! `state`: how a container stands, as the specification has it and a little more.

use super::{Command, Outcome, print};
use crate::globals::Globals;
use crate::json;
use crate::options::{Given, OptionsEnd};
use crate::shown::Shown;
use crate::state::Container;

pub(crate) const COMMAND: Command = Command {
    name: "state",
    arguments: "CONTAINER",
    about: "print how a container stands, as JSON",
    options: &[],
    end: OptionsEnd::Nowhere,
    examples: &["state web"],
    run,
};

fn run(globals: &Globals, given: &Given) -> Outcome {
    let container = Container::find(&globals.root, given.only_container()?)?;
    print(&json::pretty(&Shown::look(&container)?))
}
