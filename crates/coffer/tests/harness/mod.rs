//! What the tests that attack the product share: images made to mislead, a canary on the host, what a
//! container leaves behind, terminals, and another runtime to prove the tests with.

// Each test file is a crate of its own and uses what it needs.
#![allow(dead_code, unused_imports, reason = "shared between test crates")]

mod image;
mod shell;
mod canary;
mod traces;
mod disk;
mod kernel;
mod runc;
mod terminal;
mod tokens;
mod user;

use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

pub(crate) use canary::{Canary, SECRET};
pub(crate) use disk::Disk;
pub(crate) use image::{Rootfs, probe};
pub(crate) use kernel::Controls;
pub(crate) use runc::Bundle;
pub(crate) use terminal::{Terminal, size_of};
pub(crate) use tokens::{PIN, Tokens};
pub(crate) use traces::{Traces, assert_no_rights, containers, entries};
pub(crate) use user::User;

use crate::conversation::Session;

/// How long anything may take on a machine that is busy with something else.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A session whose image `probe:1` is the probe, as `/bin/probe` and entry point of nothing.
pub(crate) fn session() -> Session {
    assert!(rustix::process::getuid().is_root(), "privileged tests run as root");
    let session = Session::new();
    Rootfs::with_probe().import(&session, "probe:1");
    session
}

/// Waits until it holds.
#[track_caller]
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Writes files of the session's working directory.
pub(crate) fn write(session: &Session, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = session.work().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// Splits a command line at its spaces.
pub(crate) fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

/// What a command printed that has to work.
#[track_caller]
pub(crate) fn works(session: &Session, line: &str) -> String {
    let output = session.coffer(words(line));
    assert!(output.status.success(), "{line}: {}", session.said(&output));
    text(&output)
}

/// `coffer` with these words, its streams closed, in the background.
pub(crate) fn start(session: &Session, line: &str) -> Child {
    let mut command = session.command(words(line));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Waits until the container of this name runs, and gives its process id on the host.
pub(crate) fn pid_of(session: &Session, name: &str) -> i32 {
    let mut pid = None;
    until("the container runs", || {
        let output = session.coffer(["inspect", name, "--format", "json"]);
        let data: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let inspected = data.get(0).unwrap_or(&data);
        pid = find(inspected, "pid").and_then(serde_json::Value::as_i64);
        pid.is_some()
    });
    i32::try_from(pid.unwrap()).unwrap()
}

/// The first field of that name, wherever it is.
pub(crate) fn find<'a>(data: &'a serde_json::Value, name: &str) -> Option<&'a serde_json::Value> {
    match data {
        serde_json::Value::Object(fields) => {
            fields.get(name).or_else(|| fields.values().find_map(|value| find(value, name)))
        }
        serde_json::Value::Array(items) => items.iter().find_map(|value| find(value, name)),
        _ => None,
    }
}

/// What it printed.
pub(crate) fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A command that has to work.
#[track_caller]
pub(crate) fn done(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    text(&output)
}
