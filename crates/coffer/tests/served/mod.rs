//! `coffer registry serve` on a port that was free.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::conversation::Session;

/// A registry that serves; ended with the test.
pub(crate) struct Served {
    pub(crate) child: Child,
    /// What it said when it was ready.
    pub(crate) told: Value,
}

impl Served {
    pub(crate) fn new(session: &Session, options: &[&str]) -> Self {
        Self::started(&mut Self::command(session, options))
    }

    pub(crate) fn command(session: &Session, options: &[&str]) -> Command {
        let words = ["registry", "serve", "--format", "json", "--listen", "127.0.0.1:0"];
        session.command(words.into_iter().chain(options.iter().copied()))
    }

    /// Waits until it listens.
    pub(crate) fn started(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, told: serde_json::from_str(&line).unwrap() }
    }

    pub(crate) fn url(&self) -> &str {
        self.told.get("url").and_then(Value::as_str).unwrap()
    }

    /// `HOST:PORT`.
    pub(crate) fn host(&self) -> &str {
        self.url().split_once("://").unwrap().1
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _it_may_have_ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
