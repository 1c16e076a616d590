//! Docker Engine and containerd, each with a daemon of its own.

use std::fs::File;
use std::io::Write as _;
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::Registry;
use super::containerd::containerd;
use crate::harness::{done, until};

/// A daemon and its directory; asked to end when dropped.
struct Daemon {
    process: Child,
    directory: TempDir,
}

impl Daemon {
    /// Short names, because sockets in them have a longest one.
    fn directory() -> TempDir {
        tempfile::Builder::new().prefix("coffer-cl-").tempdir_in("/tmp").unwrap()
    }

    fn start(mut command: Command, directory: TempDir) -> Self {
        let log = File::create(directory.path().join("log")).unwrap();
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        Self { process, directory }
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    /// Waits until it answers.
    fn answers(&mut self, asked: impl Fn(&Self) -> Command) {
        until("the daemon answers", || {
            let log = std::fs::read_to_string(self.path("log")).unwrap();
            assert!(self.process.try_wait().unwrap().is_none(), "it has ended: {log}");
            asked(self).output().unwrap().status.success()
        });
    }
}

impl Drop for Daemon {
    /// Politely, so that it takes its children along and unmounts what it mounted.
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw) {
            let _it_may_have_ended = kill_process(pid, Signal::TERM);
        }
        let _reaped = self.process.wait();
    }
}

/// dockerd, away from any that serves this machine.
pub(crate) struct Docker(Daemon);

impl Docker {
    pub(crate) fn start() -> Self {
        let directory = Daemon::directory();
        let path = |name: &str| directory.path().join(name).display().to_string();
        let mut command = Command::new("dockerd");
        command.args(["--config-file", &path("none.json"), "--data-root", &path("data")]);
        command.args(["--exec-root", &path("exec"), "--pidfile", &path("pid")]);
        command.args(["--host", &format!("unix://{}", path("sock")), "--storage-driver", "vfs"]);
        command.args(["--bridge=none", "--iptables=false", "--ip6tables=false"]);
        std::fs::write(path("none.json"), "{}").unwrap();
        let mut docker = Self(Daemon::start(command, directory));
        docker.0.answers(|daemon| command_of(daemon, &["version"]));
        docker
    }

    /// Its client keeps the password below its own directory.
    pub(crate) fn login(&self, registry: &Registry) {
        let (user, password) = registry.user();
        let mut command = command_of(&self.0, &["login", "-u", user, "--password-stdin", registry.address()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
    }

    pub(crate) fn says(&self, arguments: &[&str]) -> Output {
        command_of(&self.0, arguments).output().unwrap()
    }

    /// What it printed; it has to work.
    #[track_caller]
    pub(crate) fn works(&self, arguments: &[&str]) -> String {
        done(&mut command_of(&self.0, arguments))
    }
}

fn command_of(daemon: &Daemon, arguments: &[&str]) -> Command {
    // Debian's own, beside which there may be another.
    let mut command = Command::new("/usr/bin/docker");
    command.args(["--host", &format!("unix://{}", daemon.path("sock"))]).args(arguments);
    command.env("DOCKER_CONFIG", daemon.path("client")).env_remove("DOCKER_CONTEXT");
    command
}

/// containerd, and its own client.
pub(crate) struct Containerd(Daemon);

impl Containerd {
    pub(crate) fn start() -> Self {
        let directory = Daemon::directory();
        let command = containerd(directory.path());
        let mut containerd = Self(Daemon::start(command, directory));
        containerd.0.answers(|daemon| ctr(daemon, &["version"]));
        containerd
    }

    /// What it printed; it has to work.
    #[track_caller]
    pub(crate) fn works(&self, arguments: &[&str]) -> String {
        done(&mut ctr(&self.0, arguments))
    }
}

fn ctr(daemon: &Daemon, arguments: &[&str]) -> Command {
    let mut command = Command::new("ctr");
    command.arg("--address").arg(daemon.path("sock")).args(arguments);
    command
}
