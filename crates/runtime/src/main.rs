//! `coffer-runtime`: our launcher for everybody else's engine, with the command line of runc.
//!
//! The only crate that speaks the OCI runtime's command line. Invariants:
//! - It decides nothing but its floor: what an engine orders is carried out as it stands, or refused with
//!   an error that names it. Nothing is left out silently.
//! - No daemon and no keeper: between two commands a container is a directory of files and its processes.
//! - A command that is killed at any instant leaves what `delete --force` removes entirely.
//! - What is written down about a container is written before it can be needed: where its control group
//!   is before there is one, its first process before it may go on.
//! - No path of a container is opened by name on the host's side; `launch` does what is done inside.

mod error;
mod log;
mod options;
mod table;
mod globals;
mod json;
mod clock;
mod process;
mod bundle;
mod floor;
mod state;
mod owner;
mod shown;
mod hooks;
mod pidfile;
mod console;
mod streams;
mod guard;
mod home;
mod agent;
mod relay;
mod commands;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<std::ffi::OsString> = std::env::args_os().skip(1).collect();
    commands::dispatch(arguments)
}
