//! Commands that are killed, disks that are full, files that are damaged, and many at once: what was there
//! stays, nothing is left half done, and the next command works or says what is wrong.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use std::collections::BTreeSet;
use std::process::{Child, Stdio};
use std::time::Duration;

use conversation::Session;
use harness::{Rootfs, Traces, containers, entries, session, start, text, until, works};

/// A different instant for each attempt, spread over `span`, in no order.
fn instants(span: Duration) -> impl Iterator<Item = Duration> {
    const ATTEMPTS: u32 = 24;
    // 7 and 24 have no factor in common, so that every step comes once.
    (0..ATTEMPTS).map(move |attempt| span * (attempt * 7 % ATTEMPTS) / ATTEMPTS)
}

fn kill_after(mut child: Child, instant: Duration) {
    std::thread::sleep(instant);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// How long it takes when nobody kills it, on this machine, now.
fn span(session: &Session, line: &str) -> Duration {
    let begun = std::time::Instant::now();
    assert!(start(session, line).wait().unwrap().success(), "{line}");
    begun.elapsed()
}

/// The state is whole: what is listed is there and nothing else once the files behind removed containers
/// are gone, history verifies, and no name or range belongs to a container that does not exist.
#[track_caller]
fn is_whole(session: &Session) {
    works(session, "ledger verify");
    works(session, "image verify");
    works(session, "ps -a");
    let listed: BTreeSet<String> = works(session, "ps -aq --no-trunc")
        .lines()
        .filter(|line| line.len() == 64)
        .map(str::to_owned)
        .collect();
    until("only listed containers have files", || {
        works(session, "ps -a");
        entries(&session.root().join("containers")) == listed
    });
    let names = session.root().join("names");
    for name in entries(&names) {
        // A name that belongs to nobody is not found.
        works(session, &format!("inspect {name}"));
    }
    let ranges = entries(&session.root().join("ranges")).len();
    assert!(ranges <= listed.len(), "{ranges} ranges of ids for {} containers", listed.len());
}

#[test]
fn privileged_a_run_that_removes_itself_may_be_killed_at_any_instant() {
    let session = session();
    let mut traces = Traces::of(&session);
    let line = "run --rm --name twice probe:1 /bin/probe true";
    let span = span(&session, line);
    for instant in instants(span * 5 / 4) {
        kill_after(start(&session, line), instant);
        traces.note();
        is_whole(&session);
        assert_eq!(works(&session, "ps -aq"), "", "after {instant:?}");
    }
    traces.are_gone();
    works(&session, line);
}

#[test]
fn privileged_a_run_that_stays_may_be_killed_at_any_instant() {
    let session = session();
    let mut traces = Traces::of(&session);
    let span = span(&session, "run probe:1 /bin/probe true");
    for instant in instants(span * 5 / 4) {
        kill_after(start(&session, "run probe:1 /bin/probe sleep 0.02"), instant);
        traces.note();
        is_whole(&session);
    }
    works(&session, "container prune");
    is_whole(&session);
    traces.are_gone();
    assert_eq!(containers(&session).len(), 0);
}

#[test]
fn privileged_a_container_does_not_outlive_a_command_that_is_killed() {
    let session = session();
    let mut traces = Traces::of(&session);
    for options in ["--rm ", ""] {
        let line = format!("run {options}--name web probe:1 /bin/probe spawn 3");
        let child = start(&session, &line);
        let pid = harness::pid_of(&session, "web");
        kill_after(child, Duration::ZERO);
        until("the container's end", || !std::path::Path::new(&format!("/proc/{pid}")).exists());
        traces.note();
        is_whole(&session);
        session.coffer(["rm", "-f", "web"]);
    }
    traces.are_gone();
}

#[test]
fn privileged_an_import_may_be_killed_at_any_instant() {
    let session = session();
    let bytes: Vec<u8> = (0..4_000_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
    let big = Rootfs::with_probe().file("big", 0o644, &bytes).bytes();
    std::fs::write(session.work().join("big.tar"), big).unwrap();
    let line = "image import -q rootfs:big.tar big:1";
    let span = span(&session, line);
    for instant in instants(span * 5 / 4) {
        works(&session, "image rm big:1");
        kill_after(start(&session, line), instant);
        is_whole(&session);
        works(&session, "run --rm probe:1 /bin/probe true");
        works(&session, line);
    }
    works(&session, "run --rm big:1 /bin/probe true");
    works(&session, "image rm big:1");
    works(&session, "image prune");
    is_whole(&session);
    assert_eq!(entries(&session.root().join("images/images/blobs/sha256")).len(), blobs_of_one_image());
}

/// Manifest, configuration and one layer.
fn blobs_of_one_image() -> usize {
    3
}

#[test]
fn privileged_of_two_runs_with_one_name_exactly_one_wins() {
    let session = session();
    for round in 0..8 {
        let line = format!("run --rm --name web{round} probe:1 /bin/probe sleep 0.4");
        let mut pair = [start(&session, &line), start(&session, &line)];
        let mut codes: Vec<_> = pair.iter_mut().map(|child| child.wait().unwrap().code()).collect();
        codes.sort_unstable();
        assert_eq!(codes, [Some(0), Some(125)], "round {round}");
    }
    is_whole(&session);
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_ten_runs_at_once_all_work_and_are_all_recorded() {
    let session = session();
    let run = |number: usize| {
        let word = format!("number-{number}");
        let mut command = session.command(["run", "--rm", "probe:1", "/bin/probe", "echo", &word]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let children: Vec<Child> = (0..10).map(run).collect();
    for (number, child) in children.into_iter().enumerate() {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{number}: {}", session.said(&output));
        assert_eq!(text(&output), format!("number-{number}\n"));
    }
    let shown = works(&session, "ledger show --format json");
    for (kind, count) in [("permit", 10), ("start", 10), ("exit", 10)] {
        assert_eq!(shown.matches(&format!("\"kind\": \"{kind}\"")).count(), count, "{kind}");
    }
    is_whole(&session);
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_two_imports_of_one_image_at_once_both_succeed() {
    let session = session();
    let big = Rootfs::with_probe().file("big", 0o644, &vec![7; 3_000_000]).bytes();
    std::fs::write(session.work().join("big.tar"), big).unwrap();
    let line = "image import -q rootfs:big.tar big:1";
    let mut pair = [
        start(&session, line),
        start(&session, line),
        start(&session, "image import -q rootfs:big.tar big:2"),
    ];
    assert!(pair.iter_mut().all(|child| child.wait().unwrap().success()));
    is_whole(&session);
    works(&session, "run --rm big:2 /bin/probe true");
}
