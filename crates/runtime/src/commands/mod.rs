//! The commands, and how a command line becomes one of them.

mod create;
mod start;
mod run;
mod exec;
mod state;
mod list;
mod ps;
mod kill;
mod pause;
mod resume;
mod update;
mod events;
mod delete;
mod spec;
mod check;
mod features;
mod completion;
mod man;
mod usage;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use crate::error::Failure;
use crate::globals::{self, Globals};
use crate::log::Log;
use crate::options::{Given, Opt, OptionsEnd};

/// One command: everything that is known about it.
pub(crate) struct Command {
    pub(crate) name: &'static str,
    pub(crate) arguments: &'static str,
    pub(crate) about: &'static str,
    pub(crate) options: &'static [Opt],
    pub(crate) end: OptionsEnd,
    pub(crate) examples: &'static [&'static str],
    pub(crate) run: fn(&Globals, &Given) -> Outcome,
}

/// What a command ends with.
pub(crate) type Outcome = Result<u8, Failure>;

/// In the order in which people meet them.
const COMMANDS: &[Command] = &[
    spec::COMMAND,
    check::COMMAND,
    run::COMMAND,
    create::COMMAND,
    start::COMMAND,
    exec::COMMAND,
    state::COMMAND,
    list::COMMAND,
    ps::COMMAND,
    events::COMMAND,
    update::COMMAND,
    pause::COMMAND,
    resume::COMMAND,
    kill::COMMAND,
    delete::COMMAND,
    features::COMMAND,
    completion::COMMAND,
    man::COMMAND,
];

/// Carries out the command line.
pub(crate) fn dispatch(arguments: Vec<OsString>) -> ExitCode {
    let (globals, name, rest) = globals::split(arguments);
    let mut log = Log::default();
    match carry_out(globals, name, rest, &mut log) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            log.error(&failure.to_string());
            ExitCode::from(failure.code())
        }
    }
}

fn carry_out(globals: Vec<OsString>, name: Option<String>, rest: Vec<OsString>, log: &mut Log) -> Outcome {
    let (given, help) = Given::parse("", globals::OPTIONS, OptionsEnd::Nowhere, globals)?;
    if given.is_on("version") {
        return print(&version());
    }
    let Some(name) = name.filter(|_| !help) else { return print(&usage::of_all()) };
    if name == "help" {
        return help_on(rest);
    }
    // An engine learns from the log what went wrong, whatever it is.
    log.file = given.value("log").map(Into::into);
    let globals = Globals::new(&given)?;
    log.format = globals.log.format;
    log.threshold = globals.log.threshold;
    let command = find(&name)?;
    let (given, help) = Given::parse(command.name, command.options, command.end, rest)?;
    if help { print(&usage::of(command)) } else { (command.run)(&globals, &given) }
}

fn find(name: &str) -> Result<&'static Command, Failure> {
    let command = COMMANDS.iter().find(|command| command.name == name);
    command.ok_or_else(|| Failure::Usage(format!("there is no command `{name}`"), ""))
}

fn help_on(rest: Vec<OsString>) -> Outcome {
    match rest.first().and_then(|word| word.to_str()) {
        Some(name) => print(&usage::of(find(name)?)),
        None => print(&usage::of_all()),
    }
}

/// Writes an answer.
pub(crate) fn print(text: &str) -> Outcome {
    let written = std::io::stdout().write_all(text.as_bytes());
    match written {
        // Whoever stopped reading has read enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(0),
        other => other.map(|()| 0).map_err(Failure::io("write", "standard output")),
    }
}

fn version() -> String {
    format!("coffer-runtime version {}\nspec: {}\n", env!("CARGO_PKG_VERSION"), crate::state::OCI_VERSION)
}

/// What is left of a container that could not be made is less important than why.
pub(crate) fn clean_up(log: &Log, undone: Result<(), Failure>) {
    if let Err(failure) = undone {
        log.warning(&failure.to_string());
    }
}
