//! Ours, with a store of its own.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::bench::scratch::Scratch;
use crate::conformance::buildah::corpus::{Image, Project};
use crate::server::free_port;
use crate::shell::{self, Outcome};

/// How often a server is asked, a tenth of a second apart.
const ATTEMPTS: usize = 100;

/// The container that is tried.
const CONTAINER: &str = "trial";

pub(super) struct Ours {
    program: PathBuf,
    root: PathBuf,
    /// Images on their way to buildah.
    archives: PathBuf,
}

impl Ours {
    pub(super) fn new(program: &Path, scratch: &Scratch) -> Outcome<Self> {
        Ok(Self {
            program: program.to_owned(),
            root: scratch.path().join("ours"),
            archives: scratch.directory("archives")?,
        })
    }

    fn command<const N: usize>(&self, words: [&str; N]) -> Command {
        let mut command = Command::new(&self.program);
        command.env("COFFER_ROOT", &self.root).args(words);
        command
    }

    pub(super) fn import(&self, archive: &Path, image: &Image) -> Outcome {
        let source = format!("docker-archive:{}", archive.display());
        shell::capture(&mut self.command(["image", "import", "-q", &source, &image.name]))?;
        image.names().try_for_each(|name| {
            shell::capture(&mut self.command(["image", "tag", &image.name, &name])).map(drop)
        })
    }

    /// The archive of what was built.
    pub(super) fn build(&self, project: &Project, corpus: &Path) -> Outcome<PathBuf> {
        let archive = self.archives.join(format!("{}.tar", project.name));
        let output = format!("type=docker,dest={}", archive.display());
        let mut build = self.command(["build", "--pull=never", "--progress", "plain", "-o", &output]);
        shell::capture(super::of_project(&mut build, project, corpus))
            .map_err(|error| format!("  ours does not build it:\n{error}\n"))?;
        Ok(archive)
    }

    /// Runs the result, and looks for what it has to say.
    pub(super) fn try_out(&self, project: &Project) -> Outcome {
        if project.no_program {
            return Ok(());
        }
        let said = match project.answers.as_deref().and_then(|answers| answers.split_once('/')) {
            Some((port, path)) => self.ask(project, port, path)?,
            None => self.run(project, &["--rm"])?,
        };
        if said.contains(&project.says) {
            return Ok(());
        }
        Err(format!("  it does not say `{}`, but: {said}\n", project.says))
    }

    /// What it prints, on either stream.
    fn run(&self, project: &Project, options: &[&str]) -> Outcome<String> {
        let mut run = self.command(["run"]);
        run.args(options).args(&project.options).arg(super::tag(project)).args(&project.runs);
        let output = run.output().map_err(|error| format!("cannot run `{}`: {error}", shell::line(&run)))?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        if output.status.success() { Ok(said) } else { Err(format!("  it does not run: {said}\n")) }
    }

    /// What a server answers.
    fn ask(&self, project: &Project, port: &str, path: &str) -> Outcome<String> {
        let here = free_port()?;
        self.run(project, &["--detach", "--name", CONTAINER, "--publish", &format!("{here}:{port}")])?;
        let mut answer = request(here, path);
        for _ in 1..ATTEMPTS {
            if answer.is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
            answer = request(here, path);
        }
        let logs = shell::capture(&mut self.command(["logs", CONTAINER])).unwrap_or_default();
        shell::capture(&mut self.command(["rm", "--force", CONTAINER]))?;
        answer.map_err(|error| format!("  it does not answer: {error}\n{logs}"))
    }

    pub(super) fn forget(&self, project: &Project) -> Outcome {
        shell::capture(&mut self.command(["image", "rm", &super::tag(project)])).map(drop)
    }
}

fn request(port: u16, path: &str) -> Outcome<String> {
    let failed = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(failed)?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).map_err(failed)?;
    write!(stream, "GET /{path} HTTP/1.0\r\nHost: localhost\r\n\r\n").map_err(failed)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(failed)?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    if answer.starts_with("HTTP/1") { Ok(answer) } else { Err(format!("`{answer}` is no answer")) }
}
