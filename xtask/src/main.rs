//! The developer's commands: what is done here more than twice, done the same way each time.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command talks to its terminal")]

mod shell;
mod packages;
mod check;
mod readme;
mod suite;
mod demo;
mod bench;
mod leftovers;
mod server;
mod registry;
mod conformance;
mod soak;
mod fuzz;
mod vm;

use std::process::ExitCode;

use shell::Outcome;

/// One command: everything that `cargo xtask` knows about it.
struct Command {
    name: &'static str,
    arguments: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Outcome,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "check",
        arguments: "",
        about: "format, lints, documentation, architecture",
        run: check::run,
    },
    Command {
        name: "test",
        arguments: "[--quick]",
        about: "every test; --quick leaves out those that need root",
        run: suite::run,
    },
    Command { name: "demo", arguments: "", about: "builds coffer and runs `coffer demo`", run: demo::run },
    Command {
        name: "bench",
        arguments: bench::ARGUMENTS,
        about: "measures ours beside its peers",
        run: bench::run,
    },
    Command {
        name: "conformance",
        arguments: conformance::ARGUMENTS,
        about: "runs other people's test suites, and holds the lists of what passes",
        run: conformance::run,
    },
    Command {
        name: "soak",
        arguments: soak::ARGUMENTS,
        about: "thousands of starts, killed at random instants: none may hang, none may leave anything",
        run: soak::run,
    },
    Command {
        name: "fuzz",
        arguments: fuzz::ARGUMENTS,
        about: "lists the fuzz targets, or runs them: by cargo-fuzz, or with --minutes without",
        run: fuzz::run,
    },
    Command {
        name: "vm",
        arguments: vm::ARGUMENTS,
        about: "a shell, a command or privileged tests in a guest with another kernel: docs/lab.md",
        run: vm::run,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        print!("{}", usage());
        return ExitCode::SUCCESS;
    };
    match dispatch(name, rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(name: &str, rest: &[String]) -> Outcome {
    match COMMANDS.iter().find(|command| command.name == name) {
        Some(command) => (command.run)(rest),
        None if matches!(name, "help" | "--help" | "-h") => {
            print!("{}", usage());
            Ok(())
        }
        None => Err(format!("there is no command `{name}`\n{}", usage())),
    }
}

fn usage() -> String {
    let lines = COMMANDS.iter().map(|command| {
        let call = format!("{} {}", command.name, command.arguments);
        format!("  {}\n      {}\n", call.trim_end(), command.about)
    });
    format!("cargo xtask COMMAND\n{}", lines.collect::<String>())
}
