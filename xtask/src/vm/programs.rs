//! Test programs: built here, run inside. The guest sees them, and what they were built beside, where they are.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::job::{self, Job};
use crate::shell::{self, Outcome};

/// One test program.
pub(super) struct Program {
    file: PathBuf,
    /// The package's directory, where cargo would run it.
    home: PathBuf,
}

impl Program {
    /// Tests that only the lab runs are marked as ignored everywhere else.
    pub(super) fn job(&self, filters: &[String]) -> Job {
        let mut words = vec![self.file.display().to_string(), "--include-ignored".to_owned()];
        words.extend(filters.iter().cloned());
        Job { script: format!("{}{}\n", job::within(&self.home), job::line(&words)) }
    }
}

/// Builds `PACKAGE/TEST`; `PACKAGE/lib` has a library's unit tests.
pub(super) fn build(name: &str) -> Outcome<Program> {
    let (package, test) = name
        .split_once('/')
        .ok_or_else(|| format!("`{name}` is not PACKAGE/TEST, or PACKAGE/lib for unit tests"))?;
    let mut command = shell::cargo(["test", "--no-run", "--package", package]);
    match test {
        "lib" => command.arg("--lib"),
        test => command.args(["--test", test]),
    };
    println!("$ {}", shell::line(&command));
    let output = command.arg("--message-format=json-render-diagnostics").stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("cannot run cargo: {error}"))?;
    if !output.status.success() {
        return Err(format!("`{name}` does not build"));
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    messages.lines().find_map(program).ok_or_else(|| format!("`{name}` has no tests"))
}

/// The test program that a message of cargo's is about.
fn program(message: &str) -> Option<Program> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    let tests = message.pointer("/profile/test")?.as_bool()?;
    let file = PathBuf::from(message.get("executable")?.as_str()?);
    let home = Path::new(message.get("manifest_path")?.as_str()?).parent()?.to_path_buf();
    tests.then_some(Program { file, home })
}
