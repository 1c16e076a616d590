//! The binary: argv, terminal, exit codes.
//!
//! Invariants:
//! - Nothing is decided here: requests are parsed, handed to `engine`, and its answers are rendered.
//! - One file ([`errors`]) translates errors for people; no other writes what an error says.
//! - Text of images and containers reaches the terminal only through [`render::text`], which takes
//!   control characters out.
//! - Only the command that was typed is built: a start is 10 ms in all.

mod apparmor;
mod args;
mod cli;
mod commands;
mod completions;
mod context;
mod demo;
mod desk;
mod errors;
mod help;
mod idmap;
mod notify;
mod progress;
mod prompt;
mod registries;
mod render;
mod screen;
mod session;
mod site;
mod units;
mod value;

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(cli::run(std::env::args_os().collect()))
}
