//! The engines of `bench life`, each as a command line.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::docker::Docker;
use crate::bench::podman::Podman;
use crate::bench::scratch::Scratch;
use crate::bench::start;
use crate::shell::{self, Outcome};

/// An engine with its image `bench` imported.
pub(super) struct Engine {
    pub(super) name: String,
    pub(super) version: String,
    /// What is typed before each command.
    line: String,
    /// What `run` needs on this machine, and what its log needs to hold 100 MB.
    options: &'static str,
    state: PathBuf,
}

impl Engine {
    pub(super) fn coffer(scratch: &Scratch, tarball: &Path) -> Outcome<Self> {
        let program = shell::build("coffer", "release")?;
        let engine = Self {
            name: "coffer".to_owned(),
            version: start::version(&program)?,
            line: program.display().to_string(),
            options: "--log-opt max-size=200m",
            state: scratch.path().join("coffer"),
        };
        shell::capture(engine.command(&["image", "import", "--tag", "bench"]).arg(tarball))?;
        Ok(engine)
    }

    pub(super) fn podman(podman: &Podman, tarball: &Path) -> Outcome<Self> {
        shell::capture(podman.command().arg("import").arg(tarball).arg("bench"))?;
        Ok(Self {
            name: "podman".to_owned(),
            version: podman.version()?,
            line: line(&podman.command()),
            // Its defaults are more than a root without CAP_SYS_RESOURCE can grant.
            options: "--network none --log-driver k8s-file --ulimit nofile=1024:1024 --ulimit nproc=1024:1024",
            state: PathBuf::new(),
        })
    }

    pub(super) fn docker(docker: &Docker, tarball: &Path) -> Outcome<Self> {
        shell::capture(docker.command().arg("import").arg(tarball).arg("bench"))?;
        Ok(Self {
            name: "docker".to_owned(),
            version: docker.version().to_owned(),
            line: line(&docker.command()),
            options: "--network none",
            state: PathBuf::new(),
        })
    }

    /// The containers that the tasks work on: one that waits, and one that has printed 100 MB.
    pub(super) fn prepare(&self, lines: &str) -> Outcome {
        let script = format!(
            "$E run -d --name standing $O bench /bin/worker && $E run -d --name talker $O bench /bin/worker {lines}"
        );
        shell::capture(&mut self.shell(&script)())?;
        // The last of it is on its way for a moment.
        let complete = format!("test $($E logs talker | wc -l) -eq {lines}");
        for _ in 0..600 {
            if shell::capture(&mut self.shell(&complete)()).is_ok() {
                return Ok(());
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        Err(format!("{} lost lines of its log", self.name))
    }

    /// A shell in which `$E` is the engine and `$O` the options of `run`.
    pub(super) fn shell(&self, script: &str) -> Box<dyn Fn() -> Command> {
        let (line, options, state) = (self.line.clone(), self.options, self.state.clone());
        let script = script.to_owned();
        Box::new(move || {
            let mut command = Command::new("sh");
            command.args(["-c", &script]).env("E", &line).env("O", options);
            command.env("COFFER_ROOT", &state).env_remove("DOCKER_CONTEXT");
            command
        })
    }

    /// The engine itself with these words.
    pub(super) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.line);
        command.args(words).env("COFFER_ROOT", &self.state);
        command
    }
}

/// Nothing of it may run when its disk is taken away.
impl Drop for Engine {
    fn drop(&mut self) {
        if let Err(error) = shell::capture(&mut self.shell("$E rm -f $($E ps -aq)")()) {
            eprintln!("{} left something behind: {error}", self.name);
        }
    }
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
