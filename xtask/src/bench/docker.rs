//! docker, with a daemon of its own.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::bench::measure::Contestant;
use crate::bench::scratch::Scratch;
use crate::shell::{self, Outcome};

/// How often a new daemon is asked whether it is ready, a quarter of a second apart.
const ATTEMPTS: usize = 120;

/// A daemon on a socket of its own, away from any that serves this machine; stopped when dropped.
pub(crate) struct Docker {
    daemon: Child,
    run: Scratch,
    version: String,
}

impl Docker {
    pub(crate) fn start(scratch: &Scratch) -> Outcome<Self> {
        let dockerd = shell::find("dockerd").ok_or("it is not installed (apt-get install docker.io)")?;
        let run = Scratch::short("docker")?;
        let log =
            std::fs::File::create(scratch.path().join("dockerd.log")).map_err(|error| error.to_string())?;
        let mut command = Command::new(dockerd);
        command.arg("--data-root").arg(scratch.directory("docker")?).arg("--exec-root").arg(run.path());
        command.arg("--pidfile").arg(run.path().join("pid")).arg("--host").arg(address(run.path()));
        command.args(["--bridge=none", "--iptables=false", "--ip6tables=false"]);
        let daemon = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        let daemon = daemon.map_err(|error| format!("cannot start dockerd: {error}"))?;
        let mut docker = Self { daemon, run, version: String::new() };
        docker.version = docker.ready()?;
        Ok(docker)
    }

    pub(crate) fn command(&self) -> Command {
        client(self.run.path())
    }

    /// Where its daemon listens, as `docker --host` takes it.
    pub(crate) fn host(&self) -> String {
        address(self.run.path())
    }

    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Runs /bin/true of the tarball, without a network.
    pub(crate) fn starter(&self, tarball: &Path) -> Outcome<Contestant> {
        shell::capture(self.command().arg("import").arg(tarball).arg("bench"))?;
        let run = self.run.path().to_path_buf();
        let command = move |_| {
            let mut command = client(&run);
            command.args(["run", "--rm", "--network", "none", "bench", "/bin/true"]);
            command
        };
        Ok(Contestant::new("docker", self.version.clone(), command))
    }

    /// Waits until the daemon answers, and says its version and how it stores layers.
    fn ready(&mut self) -> Outcome<String> {
        for _ in 0..ATTEMPTS {
            let asked =
                shell::capture(self.command().args(["info", "--format", "{{.ServerVersion}} {{.Driver}}"]));
            if let Ok(version) = asked {
                return Ok(version.trim().to_owned());
            }
            if let Ok(Some(status)) = self.daemon.try_wait() {
                return Err(format!("dockerd ended at once ({status})"));
            }
            std::thread::sleep(Duration::from_millis(250));
        }
        Err("dockerd did not answer for 30 s".to_owned())
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        // SIGTERM, so that it stops its containerd and unmounts what it mounted.
        let stopped = shell::capture(&mut shell::program("kill", [self.daemon.id().to_string()]));
        if let Err(error) = stopped.and_then(|_| self.daemon.wait().map_err(|error| error.to_string())) {
            eprintln!("dockerd may still run: {error}");
        }
    }
}

fn client(run: &Path) -> Command {
    let mut command = Command::new("docker");
    command.arg("--host").arg(address(run)).env_remove("DOCKER_CONTEXT");
    command
}

fn address(run: &Path) -> String {
    format!("unix://{}/docker.sock", run.display())
}
