//! `diff`, `commit` and `export`: what a container has changed, and nothing that is not its own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use std::collections::BTreeMap;
use std::process::Command;

use conversation::Session;
use harness::{Rootfs, Traces, done, pid_of, session, start, until};

/// A container `web` that has removed and replaced things, and has ended.
fn changed(session: &Session) {
    Rootfs::with_probe()
        .directory("etc", 0o755)
        .file("etc/gone", 0o644, b"1")
        .file("etc/kept", 0o644, b"2")
        .directory("etc/old", 0o755)
        .file("etc/old/a", 0o644, b"3")
        .file("etc/old/b", 0o644, b"4")
        .directory("data", 0o755)
        .import(session, "base:1");
    let work = session.work();
    std::fs::create_dir_all(work.join("old")).unwrap();
    std::fs::write(work.join("old/a"), "new").unwrap();
    std::fs::write(work.join("file"), "added").unwrap();
    let run = "run --name web -v vol:/srv/deep/data base:1 /bin/probe remove /etc/gone /etc/old";
    assert!(session.command(harness::words(run)).status().unwrap().success());
    for (from, to) in [("old", "web:/etc/old"), ("file", "web:/file"), ("file", "web:/srv/deep/data/file")] {
        let output = session.coffer(["cp", from, to]);
        assert!(output.status.success(), "{}", session.said(&output));
    }
}

const DIFF: &str = "
$ coffer diff web
C /etc
D /etc/gone
C /etc/old
A /etc/old/a
D /etc/old/b
A /file
$ coffer diff nobody
coffer: there is no container `nobody` [E-state-unknown]
  `coffer ps -a` lists the containers
exit 1
";

#[test]
fn privileged_changes_are_listed_and_mounts_are_not() {
    let session = session();
    changed(&session);
    session.holds(DIFF);
    let output = session.coffer(["diff", "web", "--format", "json"]);
    let changes: Vec<BTreeMap<String, String>> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(changes.len(), 6);
    assert!(changes.iter().any(|change| change["path"] == "/etc/gone" && change["kind"] == "deleted"));
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_an_image_of_a_container_has_what_it_has_changed_and_starts_as_said() {
    let session = session();
    changed(&session);
    let committed = session.coffer([
        "commit",
        "-a",
        "somebody",
        "-m",
        "with a file",
        "-c",
        r#"CMD ["/bin/probe", "cat", "/file", "/etc/old/a"]"#,
        "-c",
        "ENV A=1 B=2",
        "web",
        "web:patched",
    ]);
    let said = session.said(&committed);
    assert_eq!(said, "DIGEST\n", "{said}");
    session.holds(
        "
$ coffer run --rm web:patched
addednew
$ coffer run --rm web:patched /bin/probe cat /etc/gone
coffer-probe: /etc/gone: ENOENT
exit 1
$ coffer run --rm web:patched /bin/probe cat /etc/old/b
coffer-probe: /etc/old/b: ENOENT
exit 1
$ coffer run --rm web:patched /bin/probe cat /etc/kept
2
$ coffer image verify
✓ verified every byte of the store is what it was
",
    );
    let history = session.said(&session.coffer(["image", "history", "web:patched"]));
    assert!(history.contains("with a file"), "{history}");
    let refused = session.said(&session.coffer(["commit", "-c", "ONBUILD RUN x", "web"]));
    assert!(refused.contains("[E-cli-value]"), "{refused}");
    let log = session.said(&session.coffer(["ledger", "show", "--format", "json"]));
    assert!(log.contains("\"commit\""), "{log}");
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_a_container_stands_still_while_it_is_committed_and_runs_on_afterwards() {
    let session = session();
    let child = start(&session, "run --name web probe:1 /bin/probe breathe /growing");
    pid_of(&session, "web");
    until("it has begun", || session.said(&session.coffer(["diff", "web"])).contains("/growing"));
    let committed = session.coffer(["commit", "web", "grown:1"]);
    assert!(committed.status.success(), "{}", session.said(&committed));
    let committed = session.coffer(["commit", "--pause=false", "web", "grown:2"]);
    assert!(committed.status.success(), "{}", session.said(&committed));
    let listed = session.said(&session.coffer(["ps"]));
    assert!(listed.contains("up ") && !listed.contains("paused"), "{listed}");
    let size = || std::fs::metadata(session.work().join("one")).unwrap().len();
    let sizes: std::collections::BTreeSet<u64> = (0..20)
        .map(|_| {
            assert!(session.coffer(["cp", "web:/growing", "one"]).status.success());
            size()
        })
        .collect();
    assert!(sizes.len() > 1, "it does not run on");
    assert!(session.coffer(["rm", "-f", "web"]).status.success());
    let mut child = child;
    child.wait().unwrap();
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_an_export_is_the_root_without_what_is_mounted_on_it() {
    let session = session();
    changed(&session);
    let output = session.coffer(["export", "web", "-o", "web.tar"]);
    assert!(output.status.success(), "{}", session.said(&output));
    let listed = done(Command::new("tar").arg("-tf").arg(session.work().join("web.tar")));
    let has = |name: &str| listed.lines().any(|line| line == name);
    assert!(has("file") && has("etc/old/a") && has("bin/probe"), "{listed}");
    assert!(!has("etc/gone") && !has("srv/deep/data/file"), "{listed}");
    let again = session.coffer(["image", "import", "-q", "rootfs:web.tar", "again:1"]);
    assert!(again.status.success(), "{}", session.said(&again));
    session.holds(
        "
$ coffer run --rm again:1 /bin/probe cat /file
added
",
    );
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_a_name_that_hides_something_in_an_image_gets_into_none() {
    let session = session();
    std::fs::write(session.work().join(".wh.bin"), "").unwrap();
    assert!(
        session.command(harness::words("run --name web probe:1 /bin/probe true")).status().unwrap().success()
    );
    assert!(session.coffer(["cp", ".wh.bin", "web:/.wh.bin"]).status.success());
    let refused = session.said(&session.coffer(["commit", "web", "hidden:1"]));
    assert!(refused.contains("`.wh.bin`") && refused.contains("[E-store-path]"), "{refused}");
    assert!(!session.coffer(["image", "inspect", "hidden:1"]).status.success());
    Traces::of(&session).are_gone();
}
