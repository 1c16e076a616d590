//! podman, with a store of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::measure::Contestant;
use crate::bench::scratch::Scratch;
use crate::shell::{self, Outcome};

/// podman with everything it writes in directories of its own; clears up when dropped.
pub(crate) struct Podman {
    home: PathBuf,
    run: Scratch,
}

impl Podman {
    pub(crate) fn new(scratch: &Scratch) -> Outcome<Self> {
        shell::find("podman").ok_or("it is not installed (apt-get install podman)")?;
        Ok(Self { home: scratch.directory("podman")?, run: Scratch::short("podman")? })
    }

    /// podman with no systemd to ask.
    pub(crate) fn command(&self) -> Command {
        command(&self.home, self.run.path())
    }

    pub(crate) fn version(&self) -> Outcome<String> {
        let text = shell::capture(&mut shell::program("podman", ["--version"]))?;
        Ok(text.split_whitespace().last().unwrap_or("unknown").to_owned())
    }

    /// Runs /bin/true of the tarball, without a network.
    pub(crate) fn starter(&self, tarball: &Path) -> Outcome<Contestant> {
        shell::capture(self.command().arg("import").arg(tarball).arg("bench"))?;
        let (home, run) = (self.home.clone(), self.run.path().to_path_buf());
        let starter = move |_| {
            let mut command = command(&home, &run);
            command.args(["run", "--rm", "--network", "none"]);
            // Its defaults are more than a root without CAP_SYS_RESOURCE can grant.
            command.args(["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]);
            command.args(["localhost/bench", "/bin/true"]);
            command
        };
        Ok(Contestant::new("podman", self.version()?, starter))
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

fn command(home: &Path, run: &Path) -> Command {
    let mut command = Command::new("podman");
    command.arg("--root").arg(home).arg("--runroot").arg(run);
    command.args(["--cgroup-manager", "cgroupfs", "--events-backend", "none"]);
    command
}
