//! Runs as the only program inside a container, reports what it can and cannot see and do, and attempts
//! escapes: the payload of `coffer demo` and of the tests that attack a container.
//!
//! Invariants:
//! - An attack that succeeds does no harm: it changes nothing that outlives its own process, and
//!   cleans up what it dropped.
//! - Static, small, no argument parser and no JSON library: it is the whole image.
//! - Values of the environment are never printed by `report` or `attack`.

mod json;
mod outcome;
mod report;
mod attacks;
mod attack;
mod tools;
mod unrest;
mod network;
mod spy;

use std::env;
use std::io::{self, Write as _};
use std::process::ExitCode;

const USAGE: &str = "usage: coffer-probe COMMAND
  report [--json]                what this container looks like from inside
  attack NAME|all|--list [--json] [--marker PATH] [--connect IP:PORT] [--socket NAME] [--count N] [--bytes N]
                                 exit code 0 stopped, 1 succeeded, 2 usage, 3 not applicable
  true | false | exit N | sleep SECONDS | echo TEXT... | env | id | tty
  link TARGET PATH | fifo PATH | bind FROM TO | spy SECONDS | overwrite SECONDS
  cat PATH... | write PATH [TEXT...] | flood BYTES | signal-wait [COUNT] | spawn N
  burn | tick | hold BYTES | fill PATH BYTES
  swap DIRECTORY LINK TARGET | breathe PATH | remove PATH...
  listen PORT | serve PORT [udp] | connect PORT [IP] | exchange PORT IP BYTES [COUNT|udp]
";

/// What the command line got wrong, for people.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It was called wrongly.
    Usage(String),
    /// It was called rightly, and this happened.
    Io(String, io::Error),
}

impl Failure {
    /// For `map_err`: what was being done, and to what.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Io(doing.into(), error)
    }
}

/// The exit code, or why there is none.
pub(crate) type Ended = Result<u8, Failure>;

fn main() -> ExitCode {
    let arguments: Vec<String> =
        env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned()).collect();
    match dispatch(&arguments) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => complain(&failure),
    }
}

fn complain(failure: &Failure) -> ExitCode {
    let (message, code) = match failure {
        Failure::Usage(message) => (format!("coffer-probe: {message}\n{USAGE}"), 2),
        Failure::Io(doing, error) => (format!("coffer-probe: {doing}: {}\n", outcome::error_name(error)), 1),
    };
    // Nobody to tell if standard error is closed.
    let _told = io::stderr().write_all(message.as_bytes());
    ExitCode::from(code)
}

fn dispatch(arguments: &[String]) -> Ended {
    let Some((command, rest)) = arguments.split_first() else {
        return report(&[]);
    };
    match command.as_str() {
        "report" => report(rest),
        "attack" => attack::attack(rest),
        "landed" => attack::landed(rest),
        "listen" => network::listen(rest),
        "serve" => network::serve(rest),
        "connect" => network::connect(rest),
        "exchange" => network::exchange(rest),
        "help" | "--help" => print(USAGE),
        tool => tools::run(tool, rest),
    }
}

fn report(arguments: &[String]) -> Ended {
    let report = report::collect();
    match arguments {
        [] => print(&report.lines(0)),
        [format] if format == "--json" => print(&format!("{report}\n")),
        _ => Err(Failure::Usage("report takes no argument but --json".to_owned())),
    }
}

/// Writes to standard output; the exit code of a command that only prints.
pub(crate) fn print(text: &str) -> Ended {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::io("standard output"))?;
    Ok(0)
}
