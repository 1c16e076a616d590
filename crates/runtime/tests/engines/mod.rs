//! What the tests under other people's engines share: the probe, images with nothing else in them, and
//! engines that keep to directories and control groups of their own and leave nothing behind.

// Each test file is a crate of its own and uses what it needs.
#![allow(dead_code, unused_imports, clippy::indexing_slicing, reason = "shared between test crates")]

mod probe;
mod scratch;
mod image;
mod docker;
mod podman;
mod containerd;
mod shared;
mod bundle;

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

pub(crate) use bundle::Bundle;
pub(crate) use containerd::Containerd;
pub(crate) use docker::Docker;
pub(crate) use image::Image;
pub(crate) use podman::Podman;
pub(crate) use probe::probe;
pub(crate) use scratch::Scratch;
pub(crate) use shared::Shared;

/// The program under test.
pub(crate) const RUNTIME: &str = env!("CARGO_BIN_EXE_coffer-runtime");

/// How long anything may take on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(60);

/// A command whose streams are not ours and which is ended when it hangs.
pub(crate) fn bounded(program: &str) -> Command {
    let mut command = Command::new("timeout");
    command.arg("--kill-after=5").arg(PATIENCE.as_secs().to_string()).arg(program).stdin(Stdio::null());
    command
}

/// Both streams of what a command said.
pub(crate) fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|stream| String::from_utf8_lossy(stream).into_owned()).concat()
}

/// What a command printed that has to work.
#[track_caller]
pub(crate) fn done(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?} ({}): {}", output.status, said(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Waits until it holds.
#[track_caller]
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Splits a command line at its spaces.
pub(crate) fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// Where a controller shows a limit of the container that asks: `memory`, `limit_in_bytes` of version 1,
/// `max` of version 2.
pub(crate) fn limit_file(controller: &str, first: &str, second: &str) -> String {
    if std::path::Path::new("/sys/fs/cgroup/cgroup.controllers").exists() {
        format!("/sys/fs/cgroup/{controller}.{second}")
    } else {
        format!("/sys/fs/cgroup/{controller}/{controller}.{first}")
    }
}

/// Types a command at a terminal of 33 rows and 77 columns, and gives its code and what the screen shows.
///
/// A client may be gone before its engine has passed on what a program said right before its end, whatever
/// the runtime: a command that shows nothing is typed again.
pub(crate) fn at_terminal(command: &Command) -> (i32, String) {
    let mut attempts = (1..5).map(|_| typed(command));
    attempts.find(|(_, screen)| !screen.trim().is_empty()).unwrap_or_else(|| typed(command))
}

fn typed(command: &Command) -> (i32, String) {
    let quoted = |word: &std::ffi::OsStr| format!("'{}'", word.to_string_lossy());
    let line: Vec<String> =
        std::iter::once(command.get_program()).chain(command.get_args()).map(quoted).collect();
    let mut script = bounded("script");
    let typed = format!("stty rows 33 cols 77; exec {}", line.join(" "));
    script.args(["--quiet", "--return", "--command", &typed, "/dev/null"]);
    script.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = script.output().unwrap();
    (output.status.code().unwrap_or(-1), said(&output))
}
