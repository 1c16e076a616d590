//! An ordinary user of this host: no name, no subordinate ids, nothing but a directory.

use std::process::{Child, Command, Output, Stdio};

use super::{Rootfs, done, find, until};
use crate::conversation::Session;

/// A session whose commands are a user's, with a copy of `coffer` that they may execute.
pub(crate) struct User {
    session: Session,
    id: String,
}

impl User {
    /// With the image `probe:1`. Tests that run beside each other are different users.
    pub(crate) fn new(id: u32) -> Self {
        assert!(rustix::process::getuid().is_root(), "privileged tests run as root");
        let session = Session::new();
        std::fs::copy(env!("CARGO_BIN_EXE_coffer"), session.work().join("coffer")).unwrap();
        std::fs::write(session.work().join("rootfs.tar"), Rootfs::with_probe().bytes()).unwrap();
        let owner = format!("{id}:{id}");
        done(Command::new("chown").args(["-R", &owner]).arg(session.work().parent().unwrap()));
        let user = Self { session, id: id.to_string() };
        user.does("image import -q rootfs:rootfs.tar probe:1");
        user
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// The user's program and its arguments are still to come.
    pub(crate) fn as_user(&self) -> Command {
        let mut command = Command::new("setpriv");
        command.args([&format!("--reuid={}", self.id), &format!("--regid={}", self.id), "--clear-groups"]);
        command.current_dir(self.session.work()).env_clear().env("COFFER_ROOT", self.session.root());
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").stdin(Stdio::null());
        command
    }

    /// `coffer` with these words, ready to start.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = self.as_user();
        command.arg(self.session.work().join("coffer")).args(line.split(' '));
        command
    }

    pub(crate) fn coffer(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    /// A command that has to work.
    #[track_caller]
    pub(crate) fn does(&self, line: &str) -> String {
        done(&mut self.command(line))
    }

    /// A command in the background.
    pub(crate) fn starts(&self, line: &str) -> Child {
        let mut command = self.command(line);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Waits until the container of this name runs, and gives its process id on the host.
    #[track_caller]
    pub(crate) fn pid_of(&self, name: &str) -> i32 {
        let mut pid = None;
        until("the container runs", || {
            let output = self.coffer(&format!("inspect {name}"));
            let data: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
            pid = data.get(0).and_then(|container| find(container, "pid")?.as_i64());
            pid.is_some()
        });
        i32::try_from(pid.unwrap()).unwrap()
    }
}
