//! Builds that are given up: by a step that fails beside others, and by whoever waits for them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use conversation::Session;
use harness::{Rootfs, Traces, entries, session, until, works, write};

fn scene(file: &str) -> Session {
    let session = session();
    Rootfs::with_shell().import(&session, "base:1");
    write(&session, &[("Dockerfile", file)]);
    session
}

/// Nothing of the build is there, before anybody else looks after it.
#[track_caller]
fn is_left_clean(session: &Session) {
    for directory in ["containers", "names", "ranges", "images/tmp"] {
        let left = entries(&session.root().join(directory));
        assert!(left.is_empty(), "{directory}: {left:?}");
    }
    Traces::of(session).are_gone();
}

/// What the cache `said` holds.
fn said(session: &Session) -> String {
    let file = "FROM base:1\nRUN --mount=type=cache,id=said,target=/c cat /c/* > /said\n";
    write(session, &[("Dockerfile", file)]);
    works(session, "build -q -t said:1 .");
    works(session, "run --rm said:1 /bin/cat /said")
}

/// Two steps that run at once: one says goodbye, as whoever has a cache open should, and one fails.
const BESIDE: &str = "\
FROM base:1 AS polite
RUN --mount=type=cache,id=said,target=/c trap 'echo bye > /c/bye; exit 0' TERM; echo begun > /c/begun; while true; do sleep 1; done
FROM base:1 AS fails
RUN --mount=type=cache,id=said,target=/c while ! test -e /c/begun; do sleep 1; done; exit 3
FROM base:1
COPY --from=polite /bin/sh /one
COPY --from=fails /bin/sh /two
";

#[test]
fn privileged_a_step_that_fails_lets_the_others_end_in_peace() {
    let session = scene(BESIDE);
    let output = session.coffer(["build", "."]);
    let heard = session.said(&output);
    assert!(output.status.code() == Some(1) && heard.contains("exit code 3"), "{heard}");
    is_left_clean(&session);
    assert_eq!(said(&session), "begun\nbye\n");
}

fn begun(session: &Session) -> Child {
    let mut command = session.heeding(["build", "--progress", "plain", "."]);
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Asks it to end, as a terminal does.
fn interrupt(build: Child) {
    let pid = rustix::process::Pid::from_child(&build);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = build.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
}

#[test]
fn privileged_an_interrupted_build_lets_its_steps_end_in_peace() {
    let polite: String = BESIDE.split_inclusive('\n').take(2).collect();
    let session = scene(&polite);
    let build = begun(&session);
    let caches = session.root().join("caches");
    let begins = || entries(&caches).iter().any(|id| caches.join(id).join("0/begun").exists());
    until("the step runs", begins);
    interrupt(build);
    is_left_clean(&session);
    assert_eq!(said(&session), "begun\nbye\n");
}

#[test]
fn privileged_a_step_that_does_not_listen_is_killed() {
    let deaf = BESIDE.replace("trap 'echo bye > /c/bye; exit 0' TERM", "trap '' TERM");
    let session = scene(&deaf);
    let output = session.coffer(["build", "."]);
    let heard = session.said(&output);
    assert!(output.status.code() == Some(1) && heard.contains("exit code 3"), "{heard}");
    is_left_clean(&session);
    assert_eq!(said(&session), "begun\n");
}

#[test]
fn privileged_a_file_that_is_missing_is_shown_where_it_is_asked_for() {
    let session = scene("FROM base:1\nRUN true\nCOPY missing /a\n");
    let output = session.coffer(["build", "."]);
    let heard = session.said(&output);
    assert!(output.status.code() == Some(1) && heard.contains(">    3 | COPY missing /a"), "{heard}");
    assert!(heard.contains("`missing` is not in the context"), "{heard}");
}

/// A context so large that only whoever is interrupted can be done in time.
#[test]
fn privileged_whoever_reads_a_large_context_can_be_interrupted() {
    let session = scene("FROM base:1\nCOPY large /large\n");
    fs::File::create(session.work().join("large")).unwrap().set_len(60 << 30).unwrap();
    let begin = Instant::now();
    let build = begun(&session);
    let is_large = |fd: fs::DirEntry| fs::read_link(fd.path()).is_ok_and(|path| path.ends_with("large"));
    let descriptors = format!("/proc/{}/fd", build.id());
    let reads = || fs::read_dir(&descriptors).is_ok_and(|fds| fds.flatten().any(is_large));
    until("the context is read", reads);
    interrupt(build);
    assert!(begin.elapsed() < Duration::from_secs(25), "{:?}", begin.elapsed());
    for directory in ["containers", "images/tmp"] {
        assert!(entries(&session.root().join(directory)).is_empty(), "{directory}");
    }
}
