//! Debian's archive, by way of this machine's apt: the mirrors are the machine's, the suites are the lab's,
//! and the machine's own lists and sources stay as they are.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::place::{self, Place};
use crate::shell::{self, Outcome};

/// What signs the suites, whatever else the machine's apt believes.
const KEYS: &str = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]";

/// One suite of the archive.
pub(super) struct Archive {
    /// A line of sources.list(5).
    line: String,
    directory: PathBuf,
}

impl Archive {
    pub(super) fn new(place: &Place, suite: &str) -> Outcome<Self> {
        let line = format!("deb {KEYS} {} {suite} main\n", mirror()?);
        let directory = place.path(&format!("apt-{suite}"));
        for name in ["lists/partial", "cache/archives/partial"] {
            place::make(&directory.join(name))?;
        }
        let written = std::fs::write(directory.join("sources.list"), &line)
            .and_then(|()| std::fs::write(directory.join("apt.conf"), configuration(&directory)));
        written.map_err(|error| format!("cannot write to {}: {error}", directory.display()))?;
        let archive = Self { line, directory };
        shell::show(archive.apt("apt-get").args(["-qq", "update"]))?;
        Ok(archive)
    }

    /// For whoever has an apt of their own.
    pub(super) fn line(&self) -> &str {
        self.line.trim_end()
    }

    /// The package that a package which is nothing but a name for it depends on.
    pub(super) fn behind(&self, package: &str) -> Outcome<String> {
        let said = shell::capture(self.apt("apt-cache").args(["depends", package]))?;
        let mut depends = said.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
        let name = depends.find(|name| name.starts_with("linux-image-"));
        name.map(str::to_owned).ok_or_else(|| format!("`{package}` depends on no kernel: {said}"))
    }

    /// Downloads the package into the directory.
    pub(super) fn download(&self, package: &str, directory: &Path) -> Outcome<PathBuf> {
        shell::show(self.apt("apt-get").args(["-qq", "download", package]).current_dir(directory))?;
        let entries = std::fs::read_dir(directory)
            .map_err(|error| format!("cannot read {}: {error}", directory.display()))?;
        let mut files = entries.filter_map(|entry| Some(entry.ok()?.path()));
        files
            .find(|file| file.extension().is_some_and(|extension| extension == "deb"))
            .ok_or_else(|| format!("`{package}` was downloaded and is not there"))
    }

    fn apt(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("APT_CONFIG", self.directory.join("apt.conf"));
        command
    }
}

/// An apt of our own. Its user may not write where we work, so it stays who it is.
fn configuration(directory: &Path) -> String {
    let directory = directory.display();
    format!(
        "Dir::Etc::sourcelist \"{directory}/sources.list\";\n\
         Dir::Etc::sourceparts \"/dev/null\";\n\
         Dir::State::lists \"{directory}/lists\";\n\
         Dir::Cache \"{directory}/cache\";\n\
         APT::Sandbox::User \"root\";\n"
    )
}

/// Where this machine gets Debian from.
fn mirror() -> Outcome<String> {
    let known = || {
        let format = ["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Origin: Debian"];
        shell::capture(&mut shell::program("apt-get", format))
    };
    let mut said = known()?;
    if said.is_empty() {
        // A fresh machine knows who stands behind a source only after it has asked.
        shell::show(&mut shell::program("apt-get", ["update", "-qq"]))?;
        said = known()?;
    }
    let mut mirrors = said.lines().filter(|mirror| !mirror.contains("security"));
    let mirror = mirrors.next().map(|mirror| mirror.trim_end_matches('/').to_owned());
    mirror.ok_or_else(|| {
        "this machine's apt has no source of Debian's; the lab is made of its packages".to_owned()
    })
}
