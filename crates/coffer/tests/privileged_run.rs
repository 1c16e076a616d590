//! Runs, verdicts and history. These need root, or a user with subordinate ids, and a real kernel.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;

use std::process::Stdio;

use conversation::{Session, rootfs};

fn session() -> Session {
    let session = Session::new();
    rootfs(&session.work().join("small.tar"));
    assert!(session.coffer(["image", "import", "rootfs:small.tar", "small:1"]).status.success());
    session
}

#[test]
fn privileged_a_program_s_output_and_exit_code_are_its_own() {
    session().holds(
        "
$ coffer run --rm small:1 /probe echo hello
hello
$ coffer run --rm small:1 /probe exit 42
exit 42
$ coffer run --rm small:1 /nothing
coffer: `/nothing` is not in the container [E-launch-not-found]
  HINT
exit 127
"
        .replace("  HINT\n", &hint())
        .as_str(),
    );
}

/// The next step is launch's to word; here it only has to be there.
fn hint() -> String {
    let session = session();
    let said = session.said(&session.coffer(["run", "--rm", "small:1", "/nothing"]));
    let hint = said.lines().nth(1).unwrap();
    assert!(hint.starts_with("  "), "{said}");
    format!("{hint}\n")
}

#[test]
fn privileged_variables_and_input_reach_the_program() {
    let session = session();
    std::fs::write(session.work().join("vars"), "# remark\nA=1\nB=2\n").unwrap();
    let words = ["run", "--rm", "-e", "B=3", "--env-file", "vars", "small:1", "/probe", "env"];
    let output = session.coffer(words);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.lines().any(|line| line == "A=1") && text.lines().any(|line| line == "B=3"), "{text}");
    assert!(!text.lines().any(|line| line.starts_with("COFFER_ROOT")), "{text}");
}

#[test]
fn privileged_a_refusal_says_what_and_why_and_is_recorded() {
    let session = session();
    let output = session.coffer(["run", "--rm", "--privileged", "small:1", "/probe", "true"]);
    let said = session.said(&output);
    assert!(said.starts_with("coffer: refused: "), "{said}");
    assert!(said.lines().count() <= 9, "{said}");
    assert!(
        said.contains("\n  recorded ledger entry ") && said.contains("[E-policy-refused]\nexit 125\n"),
        "{said}"
    );
    let data = session.coffer(["--format", "json", "run", "--privileged", "small:1", "/probe", "true"]);
    let data: serde_json::Value = serde_json::from_slice(&data.stderr).unwrap();
    assert_eq!(data["error"]["code"], "E-policy-refused");
    assert_eq!(data["error"]["refused"]["level"], "baseline");
    let refusals = session.coffer(["ledger", "show", "--filter", "kind=refusal", "--format", "json"]);
    let refusals: serde_json::Value = serde_json::from_slice(&refusals.stdout).unwrap();
    assert_eq!(refusals.as_array().unwrap().len(), 2);
}

#[test]
fn privileged_a_container_that_ended_is_kept_until_it_is_removed() {
    session().holds(
        "
$ coffer run --name web small:1 /probe true
$ coffer run --name web small:1 /probe true
coffer: the name `web` is in use by container ID [E-state-name-in-use]
  remove that container with `coffer rm web`, or take another name
exit 125
$ coffer ps -q
$ coffer ps -aq
ID
$ coffer rm web
web
$ coffer rm web
coffer: there is no container `web` [E-state-unknown]
  `coffer ps -a` lists the containers
exit 1
",
    );
}

#[test]
fn privileged_a_running_container_is_listed_explained_and_killed() {
    let session = session();
    let mut run = session
        .command(["run", "--name", "web", "small:1", "/probe", "sleep", "100"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let listed = || !session.coffer(["ps", "-q", "-f", "status=running"]).stdout.is_empty();
    assert!((0..200).any(|_| listed() || {
        std::thread::sleep(std::time::Duration::from_millis(20));
        false
    }));
    let explained = session.said(&session.coffer(["explain", "web"]));
    for part in ["web", "namespaces", "capabilities", "seccomp", "filesystem", "limits"] {
        assert!(explained.contains(part), "{part}: {explained}");
    }
    let refused = session.said(&session.coffer(["rm", "web"]));
    assert!(refused.contains("[E-state-running]"), "{refused}");
    assert!(session.coffer(["rm", "-f", "web"]).status.success());
    assert_eq!(run.wait().unwrap().code(), Some(137));
    session.holds("$ coffer ps -aq\n");
}

#[test]
fn privileged_an_assessment_s_exit_code_is_its_answer() {
    let session = session();
    let output = session.coffer(["assess", "small:1", "--tenants", "several", "--exposure", "internet"]);
    assert!(matches!(output.status.code(), Some(3 | 4)), "{}", session.said(&output));
    let output = session.coffer(["assess", "small:1", "--privileged", "--format", "json"]);
    let data: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(data["outcome"], "no-go");
    assert_eq!(data["exit_code"], 4);
    assert_eq!(output.status.code(), Some(4));
}

#[test]
fn privileged_history_is_proven_and_tampering_is_named() {
    let session = session();
    assert!(session.coffer(["run", "--rm", "small:1", "/probe", "true"]).status.success());
    assert!(session.said(&session.coffer(["ledger", "verify"])).starts_with("✓ verified  "));
    let kept = session.coffer(["ledger", "checkpoint"]).stdout;
    std::fs::write(session.work().join("kept.txt"), kept).unwrap();
    assert!(session.coffer(["run", "--rm", "small:1", "/probe", "true"]).status.success());
    assert!(session.coffer(["ledger", "verify", "--checkpoint", "kept.txt"]).status.success());
    let tail = session.root().join("ledger/tail");
    let mut bytes = std::fs::read(&tail).unwrap();
    let place = bytes.windows(6).position(|window| window == b"permit").unwrap();
    bytes[place] = b'P';
    std::fs::write(&tail, bytes).unwrap();
    let output = session.coffer(["ledger", "verify"]);
    assert!(session.said(&output).contains("[E-ledger-damaged]"), "{}", session.said(&output));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn privileged_the_demo_is_short_and_every_wall_stands() {
    let session = Session::new();
    let begun = std::time::Instant::now();
    let output = session.coffer(["demo"]);
    let said = session.said(&output);
    assert!(output.status.success(), "{said}");
    // A quiet machine takes a quarter of a second; this is for one that has much else to do.
    assert!(begun.elapsed() < std::time::Duration::from_secs(20), "it took {:?}", begun.elapsed());
    assert!(said.lines().count() <= 25 && said.lines().all(|line| line.chars().count() <= 100), "{said}");
    assert_eq!(said.matches("✓ in force").count(), 4, "{said}");
    assert_eq!(said.matches("✓ stopped").count(), 3, "{said}");
    assert!(said.contains("✗ refused") && said.contains("✓ verified"), "{said}");
    assert!(!session.root().exists(), "the demo left something behind");
}

#[test]
fn privileged_an_interrupted_demo_leaves_nothing_behind() {
    let session = Session::new();
    let temporary = session.work();
    let is_empty = || std::fs::read_dir(&temporary).unwrap().next().is_none();
    let mut command = session.heeding(["demo"]);
    let mut demo = command.env("TMPDIR", &temporary).stdout(Stdio::null()).spawn().unwrap();
    while is_empty() {
        assert!(demo.try_wait().unwrap().is_none(), "it ended without having begun");
    }
    let demo_process = rustix::process::Pid::from_child(&demo);
    rustix::process::kill_process(demo_process, rustix::process::Signal::INT).unwrap();
    // Within a container the signal is the container's, and the demo goes on to its end.
    let status = demo.wait().unwrap();
    assert!(matches!(status.code(), Some(0 | 130)), "{status}");
    assert!(is_empty(), "the demo left something behind");
}

#[test]
fn privileged_every_field_of_the_data_is_documented() {
    let session = session();
    assert!(session.coffer(["run", "--name", "web", "small:1", "/probe", "true"]).status.success());
    let help = String::from_utf8(session.coffer(["help", "json"]).stdout).unwrap();
    let documented: Vec<&str> = help.split(|c: char| !c.is_ascii_lowercase() && c != '_').collect();
    for command in [
        "image ls",
        "image inspect small:1",
        "image history small:1",
        "image verify",
        "image prune",
        "assess small:1",
        "ps -a",
        "inspect web",
        "explain web",
        "ledger show",
        "ledger verify",
        "ledger checkpoint",
        "system check",
        "demo",
        "version",
    ] {
        let words: Vec<&str> = ["--format", "json"].into_iter().chain(command.split(' ')).collect();
        let data: serde_json::Value = serde_json::from_slice(&session.coffer(words).stdout).unwrap();
        let objects = data.as_array().cloned().unwrap_or_else(|| vec![data.clone()]);
        assert!(!objects.is_empty(), "{command}");
        for field in objects.iter().flat_map(|object| object.as_object().unwrap().keys()) {
            assert!(documented.contains(&field.as_str()), "{command}: {field}");
        }
    }
}
