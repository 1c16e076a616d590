//! buildah, with a store of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::bench::scratch::Scratch;
use crate::conformance::buildah::corpus::{Image, Project};
use crate::shell::{self, Outcome};

/// Docker's old ones, which say nothing of how an image starts.
const OLD: &[&str] = &["Hostname", "Domainname", "Image", "OnBuild", "ArgsEscaped"];

pub(super) struct Theirs {
    root: PathBuf,
    run: Scratch,
}

/// An image that lies open.
pub(super) struct Open<'a> {
    theirs: &'a Theirs,
    container: String,
    pub(super) root: PathBuf,
}

impl Theirs {
    pub(super) fn new(scratch: &Scratch) -> Outcome<Self> {
        Ok(Self { root: scratch.directory("theirs")?, run: Scratch::short("buildah")? })
    }

    fn command<const N: usize>(&self, words: [&str; N]) -> Command {
        let mut command = Command::new("buildah");
        command.arg("--root").arg(&self.root).arg("--runroot").arg(self.run.path()).args(words);
        command
    }

    pub(super) fn import(&self, archive: &Path, image: &Image) -> Outcome {
        let id = self.take_in(archive)?;
        let names: Vec<String> = image.names().collect();
        shell::capture(self.command(["tag", &id]).args(names)).map(drop)
    }

    /// The id of what an archive has.
    fn take_in(&self, archive: &Path) -> Outcome<String> {
        let source = format!("docker-archive:{}", archive.display());
        shell::capture(&mut self.command(["pull", "--quiet", &source])).map(|id| id.trim().to_owned())
    }

    pub(super) fn build(&self, project: &Project, corpus: &Path) -> Outcome {
        let mut build = self.command(["build", "--pull-never", "--format", "docker"]);
        shell::capture(super::of_project(&mut build, project, corpus))
            .map(drop)
            .map_err(|error| format!("  buildah does not build it:\n{error}\n"))
    }

    /// The image that we built, in buildah's store.
    pub(super) fn bring(&self, archive: &Path) -> Outcome<Open<'_>> {
        self.open(&self.take_in(archive)?)
    }

    pub(super) fn open(&self, image: &str) -> Outcome<Open<'_>> {
        let container = shell::capture(&mut self.command(["from", "--pull-never", image]))?;
        let container = container.trim().to_owned();
        let root = shell::capture(&mut self.command(["mount", &container]))?;
        Ok(Open { theirs: self, container, root: PathBuf::from(root.trim()) })
    }

    /// What was built is forgotten, and the bases stay.
    pub(super) fn forget(&self, project: &Project) -> Outcome {
        shell::capture(&mut self.command(["rmi", "--force", &super::tag(project)]))?;
        shell::capture(&mut self.command(["rmi", "--prune", "--force"])).map(drop)
    }
}

impl Open<'_> {
    fn inspect(&self) -> Outcome<Value> {
        let said = shell::capture(&mut self.theirs.command(["inspect", &self.container]))?;
        serde_json::from_str(&said).map_err(|error| format!("`buildah inspect`: {error}"))
    }

    /// The id of the image, the digest of its configuration.
    pub(super) fn image(&self) -> Outcome<String> {
        let id = self.inspect()?.pointer("/FromImageID").and_then(Value::as_str).map(str::to_owned);
        id.ok_or_else(|| format!("`buildah inspect {}` names no image", self.container))
    }

    /// How the image starts, as JSON with sorted names.
    pub(super) fn config(&self) -> Outcome<String> {
        let said = self.inspect()?;
        let mut config = said.pointer("/Docker/config").cloned().unwrap_or_default();
        if let Some(labels) = config.pointer_mut("/Labels").and_then(Value::as_object_mut) {
            labels.remove("io.buildah.version");
        }
        if let Some(config) = config.as_object_mut() {
            config.retain(|name, value| !OLD.contains(&name.as_str()) && !is_empty(value));
            // Where a program starts if nothing is said, too.
            if config.get("WorkingDir") == Some(&json!("/")) {
                config.remove("WorkingDir");
            }
        }
        Ok(config.to_string())
    }
}

/// Nothing said, however it was not said.
fn is_empty(value: &Value) -> bool {
    value.is_null() || [json!({}), json!([]), json!("")].contains(value)
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if let Err(error) = shell::capture(&mut self.theirs.command(["rm", &self.container])) {
            eprintln!("buildah left something behind: {error}");
        }
    }
}

impl Drop for Theirs {
    fn drop(&mut self) {
        if let Err(error) = shell::capture(&mut self.command(["rmi", "--all", "--force"])) {
            eprintln!("buildah left something behind: {error}");
        }
    }
}
