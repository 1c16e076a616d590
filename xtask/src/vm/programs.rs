//! Test programs: built here, run inside. The guest sees them, and what they were built beside, where they
//! are.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::job::{self, Job};
use crate::shell::{self, Outcome};

/// One test program.
pub(super) struct Program {
    /// `PACKAGE/TEST`.
    name: String,
    file: PathBuf,
    /// The package's directory, where cargo would run it.
    home: PathBuf,
}

impl Program {
    /// Runs the tests that the filters name; none is an error before anything is booted. Tests that only the
    /// lab runs are marked as ignored everywhere else.
    pub(super) fn job(&self, filters: &[String]) -> Outcome<Job> {
        let mut list = shell::program(&self.file, filters);
        let listed = shell::capture(list.args(["--list", "--format", "terse", "--include-ignored"]))?;
        if listed.is_empty() {
            return Err(format!("`{}` has no test that is named so: {}", self.name, filters.join(" ")));
        }
        let mut words = vec![self.file.display().to_string(), "--include-ignored".to_owned()];
        words.extend(filters.iter().cloned());
        let title = format!("== {} ==", self.name);
        let title = job::line(&["echo".to_owned(), title]);
        Ok(Job { script: format!("{title}\n{}{}\n", job::within(&self.home), job::line(&words)) })
    }
}

/// Builds `PACKAGE/TEST`; `PACKAGE/lib` has a library's unit tests. As part of the workspace, so that what
/// `cargo xtask test` has built is not built again with other features.
pub(super) fn build(name: &str) -> Outcome<Program> {
    let (package, test) = name
        .split_once('/')
        .ok_or_else(|| format!("`{name}` is not PACKAGE/TEST, or PACKAGE/lib for unit tests"))?;
    let mut command = shell::cargo(["test", "--no-run"]);
    match test {
        "lib" => command.args(["--package", package, "--lib"]),
        test => command.args(["--workspace", "--test", test]),
    };
    println!("$ {}", shell::line(&command));
    let output = command.arg("--message-format=json-render-diagnostics").stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("cannot run cargo: {error}"))?;
    if !output.status.success() {
        return Err(format!("`{name}` does not build"));
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let found = messages.lines().find_map(|message| program(message, package));
    let (file, home) = found.ok_or_else(|| format!("`{package}` has no tests `{test}`"))?;
    Ok(Program { name: name.to_owned(), file, home })
}

/// The test program that a message of cargo's is about, and its package's directory.
fn program(message: &str, package: &str) -> Option<(PathBuf, PathBuf)> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    let tests = message.pointer("/profile/test")?.as_bool()?;
    let file = PathBuf::from(message.get("executable")?.as_str()?);
    let home = Path::new(message.get("manifest_path")?.as_str()?).parent()?.to_path_buf();
    // `path+file:///.../crates/coffer#0.1.0`, or `...#name@0.1.0` where the directory has another name.
    let id = message.get("package_id")?.as_str()?;
    let named = id.contains(&format!("#{package}@")) || id.contains(&format!("/{package}#"));
    (tests && named).then_some((file, home))
}
