//! A registry of ours, and other people's clients, each with a place of its own.

mod containerd;
mod daemons;

use std::io::Write as _;
use std::process::{Command, Stdio};

use tempfile::TempDir;

pub(crate) use daemons::{Containerd, Docker};

use crate::conversation::Session;
use crate::harness::done;
use crate::served::Served;

const USER: &str = "tester";
const PASSWORD: &str = "not a secret 7";

/// `coffer registry serve` with one user, who may do everything, and whom `coffer` itself knows.
pub(crate) struct Registry {
    // Ends before its directory goes.
    served: Served,
    session: Session,
}

impl Registry {
    pub(crate) fn start() -> Self {
        let session = Session::new();
        told(&session, &["registry", "user", "add", USER, "--admin", "--password-stdin"]);
        let served = Served::new(&session, &[]);
        let registry = Self { served, session };
        told(&registry.session, &["login", "--username", USER, "--password-stdin", registry.address()]);
        registry
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    pub(crate) fn address(&self) -> &str {
        self.served.host()
    }

    pub(crate) fn user(&self) -> (&'static str, &'static str) {
        (USER, PASSWORD)
    }

    /// As tools want them on their command line.
    pub(crate) fn credentials(&self) -> String {
        format!("{USER}:{PASSWORD}")
    }
}

/// A command that reads the password.
#[track_caller]
fn told(session: &Session, words: &[&str]) {
    let mut command = session.command(words.iter().copied());
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", session.said(&output));
}

/// `skopeo VERB`, which trusts everybody.
pub(crate) fn skopeo(verb: &str) -> Command {
    let mut command = Command::new("skopeo");
    command.args(["--insecure-policy", verb]);
    command
}

/// podman, with everything it writes in directories of its own.
pub(crate) struct Podman(TempDir);

impl Podman {
    pub(crate) fn new() -> Self {
        Self(tempfile::Builder::new().prefix("coffer-pm-").tempdir_in("/tmp").unwrap())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("podman");
        command.arg("--root").arg(self.0.path().join("data")).arg("--runroot").arg(self.0.path().join("run"));
        command.args(["--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--events-backend", "none"]);
        command.args(arguments);
        command
    }

    /// What it printed; it has to work.
    #[track_caller]
    pub(crate) fn works(&self, arguments: &[&str]) -> String {
        done(&mut self.command(arguments))
    }
}
