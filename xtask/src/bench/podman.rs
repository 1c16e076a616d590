//! podman, with a store of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::measure::Contestant;
use crate::bench::scratch::Scratch;
use crate::shell::{self, Outcome};

/// podman with everything it writes under one directory; clears up when dropped.
pub(crate) struct Podman {
    home: PathBuf,
}

impl Podman {
    pub(crate) fn new(scratch: &Scratch, name: &str) -> Outcome<Self> {
        shell::find("podman").ok_or("it is not installed (apt-get install podman)")?;
        Ok(Self { home: scratch.directory(name)? })
    }

    /// podman with no systemd to ask.
    pub(crate) fn command(&self) -> Command {
        command(&self.home)
    }

    pub(crate) fn version(&self) -> Outcome<String> {
        let text = shell::capture(&mut shell::program("podman", ["--version"]))?;
        Ok(text.split_whitespace().last().unwrap_or("unknown").to_owned())
    }

    /// Runs /bin/true of the tarball, without a network.
    pub(crate) fn starter(&self, tarball: &Path) -> Outcome<Contestant> {
        shell::capture(self.command().arg("import").arg(tarball).arg("bench"))?;
        let home = self.home.clone();
        let run = Box::new(move |_| {
            let mut command = command(&home);
            command.args(["run", "--rm", "--network", "none", "localhost/bench", "/bin/true"]);
            command
        });
        Ok(Contestant { name: "podman".to_owned(), version: self.version()?, command: run })
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        // Unmounts the layers that podman keeps mounted, which could not be deleted otherwise.
        if let Err(error) = shell::capture(self.command().args(["system", "reset", "--force"])) {
            eprintln!("podman left something behind: {error}");
        }
    }
}

fn command(home: &Path) -> Command {
    let mut command = Command::new("podman");
    command.arg("--root").arg(home.join("root")).arg("--runroot").arg(home.join("run"));
    command.args(["--cgroup-manager", "cgroupfs", "--events-backend", "none"]);
    command
}
