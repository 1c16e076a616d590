//! Whole conversations with the runtime, as a person would see them. Standard output comes first, then
//! standard error, then the exit code unless it is 0.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

/// Runs every line that begins with `$ coffer-runtime` and compares what is said with what is written.
#[track_caller]
fn holds(script: &str) {
    let home = tempfile::tempdir().unwrap();
    let script = script.trim_matches('\n');
    let mut heard = String::new();
    for line in script.lines().filter_map(|line| line.strip_prefix("$ coffer-runtime")) {
        heard.push_str(&format!("$ coffer-runtime{line}\n"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_coffer-runtime"));
        command.arg("--root").arg(home.path().join("state")).current_dir(home.path());
        let output = command.args(line.split_whitespace()).output().unwrap();
        for stream in [&output.stdout, &output.stderr] {
            heard.push_str(&String::from_utf8_lossy(stream).replace(home.path().to_str().unwrap(), "HOME"));
        }
        if let Some(code) = output.status.code().filter(|code| *code != 0) {
            heard.push_str(&format!("exit {code}\n"));
        }
    }
    assert_eq!(heard.trim_end(), script.trim_end(), "\n--- heard:\n{heard}\n--- written:\n{script}");
}

#[test]
fn whoever_asks_is_told_how_it_is_used() {
    holds(
        "
$ coffer-runtime help kill
Send a signal to the container's first process (default: SIGTERM).

coffer-runtime kill [OPTIONS] CONTAINER [SIGNAL]

Options:
  -a, --all                              to every process of the container, also when the first has ended

Examples:
  coffer-runtime kill web KILL
  coffer-runtime kill --all web 9
$ coffer-runtime state --help
Print how a container stands, as JSON.

coffer-runtime state CONTAINER

Examples:
  coffer-runtime state web
$ coffer-runtime --version
coffer-runtime version 0.1.0
spec: 1.3.0
",
    );
}

#[test]
fn slips_are_named_and_lead_to_help() {
    holds(
        "
$ coffer-runtime frobnicate
coffer-runtime: there is no command `frobnicate`; `coffer-runtime help` shows how it is used
exit 1
$ coffer-runtime help frobnicate
coffer-runtime: there is no command `frobnicate`; `coffer-runtime help` shows how it is used
exit 1
$ coffer-runtime --frobnicate list
coffer-runtime: invalid option '--frobnicate'; `coffer-runtime help` shows how it is used
exit 1
$ coffer-runtime --floor low list
coffer-runtime: `--floor low`: it is none, baseline or restricted; `coffer-runtime help` shows how it is used
exit 1
$ coffer-runtime create
coffer-runtime: which container?; `coffer-runtime help create` shows how it is used
exit 1
$ coffer-runtime create a b
coffer-runtime: `b` is one argument too many; `coffer-runtime help create` shows how it is used
exit 1
$ coffer-runtime create --preserve-fds many a
coffer-runtime: cannot read the specification `HOME/config.json`: No such file or directory (os error 2)
exit 1
$ coffer-runtime create a/b
coffer-runtime: `a/b` is no name: letters, digits and `_+-.`, at most 255; `coffer-runtime help create` shows how it is used
exit 1
$ coffer-runtime exec
coffer-runtime: in which container?; `coffer-runtime help exec` shows how it is used
exit 1
$ coffer-runtime kill a NOTHING
coffer-runtime: container `a` does not exist
exit 1
$ coffer-runtime update --memory much a
coffer-runtime: container `a` does not exist
exit 1
$ coffer-runtime list --format yaml
coffer-runtime: `--format yaml`: it is table or json; `coffer-runtime help list` shows how it is used
exit 1
$ coffer-runtime completion tcsh
coffer-runtime: for which shell? bash, zsh or fish; `coffer-runtime help completion` shows how it is used
exit 1
",
    );
}

#[test]
fn what_is_not_there_does_not_exist() {
    holds(
        "
$ coffer-runtime list
ID  PID  STATUS  BUNDLE  CREATED  OWNER
$ coffer-runtime list --format json
[]
$ coffer-runtime state nobody
coffer-runtime: container `nobody` does not exist
exit 1
$ coffer-runtime start nobody
coffer-runtime: container `nobody` does not exist
exit 1
$ coffer-runtime exec nobody true
coffer-runtime: container `nobody` does not exist
exit 1
$ coffer-runtime ps nobody
coffer-runtime: container `nobody` does not exist
exit 1
$ coffer-runtime pause nobody
coffer-runtime: container `nobody` does not exist
exit 1
$ coffer-runtime events nobody
coffer-runtime: container `nobody` does not exist
exit 1
$ coffer-runtime delete nobody
coffer-runtime: container `nobody` does not exist
exit 1
$ coffer-runtime delete --force nobody
",
    );
}

#[test]
fn a_specification_is_written_once_and_judged() {
    holds(
        "
$ coffer-runtime spec
$ coffer-runtime spec
coffer-runtime: `./config.json` exists; remove it first
exit 1
$ coffer-runtime check
WEAKNESS          OF  REFUSED BY  WHAT IT IS                  WHAT TO DO
host-users            restricted  it has the host's user ids  give it a user namespace
root-user             restricted  it runs as the host's root  run it as another user
unlimited-memory      restricted  it may use all memory       set a limit on memory
$ coffer-runtime --floor baseline check --format json --bundle nowhere
coffer-runtime: cannot read the specification `HOME/nowhere/config.json`: No such file or directory (os error 2)
exit 1
",
    );
}
