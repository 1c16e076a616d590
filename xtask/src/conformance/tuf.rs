//! The suite of theupdateframework/tuf-conformance: pytest, a repository on this machine that misbehaves in every way
//! that the specification knows, and a client that is run against it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::bench::scratch::Scratch;
use crate::conformance::Settings;
use crate::conformance::lists::{self, List};
use crate::shell::{self, Outcome};

const NAME: &str = "tuf";

const SUITE: &str = "theupdateframework/tuf-conformance";

/// The suite tells a client the time by preloading libfaketime, which a static program does not notice: this one of the
/// same name tells it in the environment.
const FAKETIME: &str = "#!/bin/sh\nTUF_CLIENT_NOW=$1\nexport TUF_CLIENT_NOW\nshift\nexec \"$@\"\n";

/// `crates/trust/examples/tuf_client.rs`.
pub(crate) fn client() -> Outcome<PathBuf> {
    shell::build_example("coffer-trust", "tuf_client")
}

pub(crate) fn run(settings: &Settings) -> Outcome {
    let checkout = settings.path.display();
    let python = settings.path.join("venv/bin/python");
    if !python.is_file() {
        return Err(format!(
            "the suite is not installed: python3 -m venv {checkout}/venv && {checkout}/venv/bin/pip install {checkout}"
        ));
    }
    let scratch = Scratch::new(NAME)?;
    let path = faketime(&scratch)?;
    let report = scratch.path().join("report.json");
    let mut command =
        shell::program(python, ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--json-report"]);
    command
        .arg(format!("--json-report-file={}", report.display()))
        .current_dir(&settings.path)
        .env("PATH", path);
    command.arg("--entrypoint").arg(&settings.program).arg("tuf_conformance").args(&settings.options);
    if let Some(only) = &settings.only {
        return shell::show(command.args(["-k", only]));
    }
    // A test that fails is a verdict, and not an error of the program.
    let failed = shell::show(&mut command).err();
    let found = verdicts(&report).map_err(|error| failed.unwrap_or(error))?;
    let who = lists::judged(&settings.program);
    lists::settle(settings, NAME, SUITE, if who == "tuf_client" { "ours" } else { &who }, &found)
}

/// A `$PATH` whose first directory has our `faketime`.
fn faketime(scratch: &Scratch) -> Outcome<std::ffi::OsString> {
    let file = scratch.directory("bin")?.join("faketime");
    let written = std::fs::write(&file, FAKETIME)
        .and_then(|()| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)));
    written.map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    let rest = std::env::var_os("PATH").unwrap_or_default();
    let own = file.parent().map(Path::to_path_buf);
    std::env::join_paths(own.into_iter().chain(std::env::split_paths(&rest)))
        .map_err(|error| format!("$PATH cannot be extended: {error}"))
}

/// What pytest-json-report says of every test.
fn verdicts(report: &Path) -> Outcome<List> {
    let text = std::fs::read(report).map_err(|error| format!("{}: {error}", report.display()))?;
    let report: serde_json::Value =
        serde_json::from_slice(&text).map_err(|error| format!("the suite's report: {error}"))?;
    let tests = report.get("tests").and_then(serde_json::Value::as_array);
    let tests = tests.filter(|tests| !tests.is_empty()).ok_or("the suite ran no test")?;
    let text = |test: &serde_json::Value, field: &str| Some(test.get(field)?.as_str()?.to_owned());
    let verdict = |test| Some((name(&text(test, "nodeid")?), word(&text(test, "outcome")?)));
    tests
        .iter()
        .map(|test| verdict(test).ok_or_else(|| "the suite's report has no verdict".to_owned()))
        .collect()
}

/// `tuf_conformance/test_basic.py::test_unsigned_metadata[root]` without its file, as one word.
fn name(node: &str) -> String {
    node.rsplit_once("::").map_or(node, |(_, test)| test).replace(' ', "-")
}

fn word(outcome: &str) -> String {
    match outcome {
        "passed" => "pass".to_owned(),
        "failed" | "error" => "fail".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_read_from_the_report() {
        let scratch = Scratch::new("tuf-report").unwrap();
        let report = scratch.path().join("report.json");
        let tests = serde_json::json!({"tests": [
            {"nodeid": "t/test_basic.py::test_unsigned[root a]", "outcome": "passed"},
            {"nodeid": "t/test_basic.py::test_other", "outcome": "failed"},
        ]});
        std::fs::write(&report, tests.to_string()).unwrap();
        let expected = [("test_other", "fail"), ("test_unsigned[root-a]", "pass")];
        let expected = expected.map(|(name, verdict)| (name.to_owned(), verdict.to_owned()));
        assert_eq!(verdicts(&report).unwrap(), List::from(expected));
        std::fs::write(&report, r#"{"tests": []}"#).unwrap();
        assert_eq!(verdicts(&report).unwrap_err(), "the suite ran no test");
    }

    #[test]
    fn nothing_on_file_fails() {
        let list = lists::load(&lists::directory(NAME).join("ours.txt")).unwrap();
        assert_eq!(lists::failed(&list), Vec::<String>::new());
        assert_eq!(list["test_cached_role_is_verified_against_current_delegator"], "pass");
        assert!(list.len() > 100);
    }
}
