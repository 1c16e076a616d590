//! Dockerfiles of other people's projects, built by ours and by buildah: both trees must be the same, entry by entry,
//! and both images must start in the same way.
//!
//! The checkout has `images/NAME.tar`, docker-archives to build on, and `projects/NAME/Dockerfile` with its context.
//! `projects/NAME/differs` may list paths, one a line, that may differ (a `*` at the end is all that begins so), and
//! `projects/NAME/runs` a command whose output in the image of ours is printed.

mod tree;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::scratch::Scratch;
use crate::conformance::Settings;
use crate::packages::{self, Need};
use crate::shell::{self, Outcome};

/// Who builds beside us.
const NEEDS: &[Need] = &[Need { program: "buildah", package: "buildah" }];

/// What differs between two builds by the same builder, too.
const ALWAYS: &[&str] = &[
    "etc/hostname",
    "etc/hosts",
    "etc/resolv.conf",
    "etc/ld.so.cache",
    "var/cache/ldconfig/aux-cache",
    "var/cache/debconf/*",
    "var/cache/fontconfig/*",
    "var/lib/systemd/*",
    "var/lib/dpkg/status-old",
    "var/log/*",
    "proc",
    "sys",
    "dev",
    "run",
];

pub(crate) fn run(settings: &Settings) -> Outcome {
    packages::ensure(NEEDS)?;
    let scratch = Scratch::new("buildah-trees")?;
    let (ours, theirs) = (Ours::new(settings, &scratch)?, Theirs::new(&scratch)?);
    for image in sorted(&settings.path.join("images"))? {
        ours.import(&image)?;
        theirs.import(&image)?;
    }
    let (mut same, mut wrong) = (0, 0);
    for project in sorted(&settings.path.join("projects"))? {
        let name = shell::name(&project);
        if settings.only.as_ref().is_some_and(|only| *only != name) {
            continue;
        }
        match one(&project, &name, &ours, &theirs) {
            Ok(said) => {
                same += 1;
                println!("same    {name}  {said}");
            }
            Err(error) => {
                wrong += 1;
                println!("differs {name}\n{error}");
            }
        }
    }
    println!("{same} the same, {wrong} not");
    if wrong == 0 { Ok(()) } else { Err("see above".to_owned()) }
}

/// What the image of ours says when it runs.
fn one(project: &Path, name: &str, ours: &Ours, theirs: &Theirs) -> Outcome<String> {
    let archive = ours.build(project, name)?;
    theirs.build(project, name)?;
    // Theirs first: our archive has the same name in it, and takes it over in buildah's store.
    let right = theirs.open(&format!("localhost/{name}"))?;
    let left = theirs.open(&theirs.bring(&archive, name)?)?;
    let may_differ = patterns(project)?;
    let mut differences = tree::compare(&left.root, &right.root, &may_differ)?;
    let (left_config, right_config) = (theirs.config(&left)?, theirs.config(&right)?);
    if left_config != right_config {
        differences
            .push(format!("the images start otherwise:\n  ours   {left_config}\n  theirs {right_config}"));
    }
    if !differences.is_empty() {
        return Err(differences.into_iter().take(30).map(|line| format!("  {line}\n")).collect());
    }
    ours.say(project, name)
}

fn patterns(project: &Path) -> Outcome<Vec<String>> {
    let own = fs::read_to_string(project.join("differs")).unwrap_or_default();
    let own = own.lines().filter(|line| !line.is_empty()).map(str::to_owned);
    Ok(ALWAYS.iter().map(|pattern| (*pattern).to_owned()).chain(own).collect())
}

/// Ours, with a store of its own.
struct Ours {
    program: PathBuf,
    root: PathBuf,
    /// Images on their way to buildah.
    archives: PathBuf,
}

impl Ours {
    fn new(settings: &Settings, scratch: &Scratch) -> Outcome<Self> {
        Ok(Self {
            program: settings.program.clone(),
            root: scratch.path().join("ours"),
            archives: scratch.directory("archives")?,
        })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env("COFFER_ROOT", &self.root);
        command
    }

    fn import(&self, image: &Path) -> Outcome {
        let source = format!("docker-archive:{}", image.display());
        let name = base(image);
        shell::capture(self.command().args(["image", "import", "-q", &source, &name])).map(drop)
    }

    fn build(&self, project: &Path, name: &str) -> Outcome<PathBuf> {
        let archive = self.archives.join(format!("{name}.tar"));
        let output = format!("type=docker,dest={}", archive.display());
        let mut build = self.command();
        build.args([
            "build",
            "--pull=never",
            "--progress",
            "plain",
            "-t",
            &format!("localhost/{name}"),
            "-o",
            &output,
        ]);
        shell::capture(build.arg(project)).map_err(|error| format!("  ours does not build it:\n{error}"))?;
        Ok(archive)
    }

    fn say(&self, project: &Path, name: &str) -> Outcome<String> {
        let Ok(words) = fs::read_to_string(project.join("runs")) else { return Ok(String::new()) };
        let mut run = self.command();
        run.args(["run", "--rm", &format!("localhost/{name}")]).args(words.split_whitespace());
        let said = shell::capture(&mut run).map_err(|error| format!("  it does not run: {error}"))?;
        Ok(said.lines().next().unwrap_or_default().to_owned())
    }
}

/// buildah, with a store of its own.
struct Theirs {
    root: PathBuf,
    run: Scratch,
}

/// An image that lies open.
struct Open<'a> {
    theirs: &'a Theirs,
    container: String,
    root: PathBuf,
}

impl Theirs {
    fn new(scratch: &Scratch) -> Outcome<Self> {
        Ok(Self { root: scratch.directory("theirs")?, run: Scratch::short("buildah")? })
    }

    fn command(&self) -> Command {
        let mut command = Command::new("buildah");
        command.arg("--root").arg(&self.root).arg("--runroot").arg(self.run.path());
        command
    }

    fn import(&self, image: &Path) -> Outcome {
        self.take_in(image, &base(image))
    }

    fn take_in(&self, archive: &Path, name: &str) -> Outcome {
        let source = format!("docker-archive:{}", archive.display());
        let id = shell::capture(self.command().args(["pull", "--quiet", &source]))?;
        shell::capture(self.command().args(["tag", id.trim(), name])).map(drop)
    }

    fn build(&self, project: &Path, name: &str) -> Outcome {
        let mut build = self.command();
        build.args(["build", "--pull-never", "--format", "docker", "-t", &format!("localhost/{name}")]);
        shell::capture(build.arg(project))
            .map(drop)
            .map_err(|error| format!("  buildah does not build it:\n{error}"))
    }

    /// The image that we built, in buildah's store.
    fn bring(&self, archive: &Path, name: &str) -> Outcome<String> {
        let name = format!("localhost/ours-{name}");
        self.take_in(archive, &name)?;
        Ok(name)
    }

    fn open(&self, image: &str) -> Outcome<Open<'_>> {
        let container =
            shell::capture(self.command().args(["from", "--pull-never", image]))?.trim().to_owned();
        let root = shell::capture(self.command().args(["mount", &container]))?;
        Ok(Open { theirs: self, container, root: PathBuf::from(root.trim()) })
    }

    /// How the image starts, as JSON with sorted names.
    fn config(&self, open: &Open<'_>) -> Outcome<String> {
        let said = shell::capture(self.command().args(["inspect", &open.container]))?;
        let said: serde_json::Value = serde_json::from_str(&said).map_err(|error| error.to_string())?;
        let mut config = said.pointer("/Docker/config").cloned().unwrap_or_default();
        if let Some(config) = config.as_object_mut() {
            config.retain(|_, value| !value.is_null());
            // Docker's old ones, which say nothing of how it starts.
            for name in ["Hostname", "Domainname", "Image", "OnBuild", "ArgsEscaped"] {
                config.remove(name);
            }
            if let Some(labels) = config.get_mut("Labels").and_then(serde_json::Value::as_object_mut) {
                labels.remove("io.buildah.version");
            }
            config.retain(|_, value| *value != serde_json::json!({}) && *value != serde_json::json!(""));
        }
        Ok(config.to_string())
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if let Err(error) = shell::capture(self.theirs.command().args(["rm", &self.container])) {
            eprintln!("buildah left something behind: {error}");
        }
    }
}

impl Drop for Theirs {
    fn drop(&mut self) {
        if let Err(error) = shell::capture(self.command().args(["rmi", "--all", "--force"])) {
            eprintln!("buildah left something behind: {error}");
        }
    }
}

/// `docker.io/library/debian:latest` of `debian.tar`.
fn base(image: &Path) -> String {
    format!("docker.io/library/{}:latest", shell::name(image).trim_end_matches(".tar"))
}

fn sorted(directory: &Path) -> Outcome<Vec<PathBuf>> {
    let failed = |error: std::io::Error| format!("{}: {error}", directory.display());
    let entries = fs::read_dir(directory).map_err(failed)?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>().map_err(failed)?;
    paths.sort();
    Ok(paths)
}
