//! A registry of ours, and other people's clients, each with a place of its own.

mod daemons;

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

pub(crate) use daemons::{Containerd, Docker};

use crate::conversation::Session;
use crate::harness::{done, start, until};

const USER: &str = "tester";
const PASSWORD: &str = "not a secret 7";

/// `coffer registry serve` with one user, who may do everything, and whom `coffer` itself knows.
pub(crate) struct Registry {
    session: Session,
    server: Child,
    port: u16,
}

impl Registry {
    pub(crate) fn start() -> Self {
        let session = Session::new();
        let port = free_port();
        told(&session, &["registry", "user", "add", USER, "--admin", "--password-stdin"]);
        let server = start(&session, &format!("registry serve --listen 127.0.0.1:{port}"));
        let registry = Self { session, server, port };
        until("the registry listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        told(&registry.session, &["login", "--username", USER, "--password-stdin", &registry.address()]);
        registry
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn user(&self) -> (&'static str, &'static str) {
        (USER, PASSWORD)
    }

    /// As tools want them on their command line.
    pub(crate) fn credentials(&self) -> String {
        format!("{USER}:{PASSWORD}")
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _it_may_have_ended = self.server.kill();
        let _reaped = self.server.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
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

/// Where oras is, if it is anywhere.
pub(crate) fn oras() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join("oras")).find(|file| file.is_file())
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
