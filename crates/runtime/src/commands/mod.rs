//! The commands, and how a command line becomes one of them.

mod create;
mod start;
mod run;
mod exec;
mod state;
mod kill;
mod delete;

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

const COMMANDS: &[Command] = &[
    create::COMMAND,
    start::COMMAND,
    run::COMMAND,
    exec::COMMAND,
    state::COMMAND,
    kill::COMMAND,
    delete::COMMAND,
];

/// Carries out the command line.
pub(crate) fn dispatch(arguments: Vec<OsString>) -> ExitCode {
    let (globals, name, rest) = globals::split(arguments);
    let mut log = Log::default();
    match carry_out(globals, name, rest, &mut log) {
        Ok(code) => ExitCode::from(code),
        Err(Failure::Ended(code)) => ExitCode::from(code),
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
    let Some(name) = name.filter(|_| !help) else { return print(&usage()) };
    if name == "help" {
        return print(&usage());
    }
    let globals = Globals::new(&given)?;
    // From here on an engine learns from the log what went wrong.
    log.file.clone_from(&globals.log.file);
    log.format = globals.log.format;
    let command = COMMANDS.iter().find(|command| command.name == name);
    let command = command.ok_or_else(|| Failure::Usage(format!("there is no command `{name}`"), ""))?;
    let (given, help) = Given::parse(command.name, command.options, command.end, rest)?;
    if help { print(&command.help()) } else { (command.run)(&globals, &given) }
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

fn usage() -> String {
    let commands = COMMANDS.iter().map(|command| format!("  {:10} {}\n", command.name, command.about));
    format!(
        "An OCI runtime for containerd, CRI-O, Docker and Podman, with the command line of runc.\n\n\
         coffer-runtime [GLOBAL OPTIONS] COMMAND [OPTIONS] ARGUMENTS\n\nCommands:\n{}\nGlobal options:\n{}\n\
         `coffer-runtime COMMAND --help` says more about one of them.\n",
        commands.collect::<String>(),
        options(globals::OPTIONS)
    )
}

fn options(options: &[Opt]) -> String {
    let line = |option: &Opt| {
        let short = option.short.map_or_else(|| "    ".to_owned(), |short| format!("-{short}, "));
        let value = option.value.map_or_else(String::new, |value| format!(" {value}"));
        format!("  {short}{:34} {}\n", format!("--{}{value}", option.long), option.about)
    };
    options.iter().map(line).collect()
}

impl Command {
    fn help(&self) -> String {
        let mut text = format!("{}\n\ncoffer-runtime {} {}\n", self.about, self.name, self.arguments);
        if !self.options.is_empty() {
            text.push_str(&format!("\nOptions:\n{}", options(self.options)));
        }
        if !self.examples.is_empty() {
            text.push_str("\nExamples:\n");
            text.extend(self.examples.iter().map(|example| format!("  coffer-runtime {example}\n")));
        }
        text
    }
}

/// What is left of a container that could not be made is less important than why.
pub(crate) fn clean_up(log: &Log, undone: Result<(), Failure>) {
    if let Err(failure) = undone {
        log.warning(&failure.to_string());
    }
}
