//! Builds that are killed, interrupted, on full disks, or many at once: nothing is left half done, and the next build
//! works.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use conversation::Session;
use harness::{Disk, Rootfs, Traces, done, entries, session, start, text, until, works};
use rustix::process::{Pid, Signal, kill_process};

/// A session with the image `base:1`, which has a shell, and these files.
fn shelled(files: &[(&str, &str)]) -> Session {
    let session = session();
    Rootfs::with_shell().import(&session, "base:1");
    write(&session, files);
    session
}

fn write(session: &Session, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = session.work().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// The store and history are whole, no container is there, and nobody's work lies about.
#[track_caller]
fn is_whole(session: &Session) {
    works(session, "ledger verify");
    works(session, "image verify");
    assert_eq!(works(session, "ps -aq"), "");
    works(session, "image prune");
    until("what was removed is gone", || {
        works(session, "ps -aq");
        entries(&session.root().join("containers")).is_empty()
    });
    assert_eq!(entries(&session.root().join("ranges")), BTreeSet::new(), "ranges of ids");
    assert_eq!(entries(&session.root().join("images/tmp")), BTreeSet::new(), "work of the dead");
}

fn ask(child: &Child, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap(), signal).unwrap();
}

/// Waits for the end, which has to come soon.
#[track_caller]
fn ends(mut child: Child, after: &str) -> std::process::ExitStatus {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        let late = begun.elapsed() > harness::PATIENCE;
        if late {
            child.kill().unwrap();
        }
        assert!(!late, "it went on after {after}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

const EVERYTHING: &str = "\
FROM base:1 AS one
RUN echo 1 > /one && mkdir -p /a/b && echo 2 > /a/b/c
COPY data /data
FROM base:1
COPY --from=one /a /a
COPY --from=one /data /data
WORKDIR /made/here
RUN --mount=type=cache,target=/cache --mount=target=/context cat /context/data/* > all; echo x >> /cache/x
";

#[test]
fn privileged_a_build_may_be_killed_at_any_instant() {
    const ATTEMPTS: u32 = 24;
    let session = shelled(&[("Dockerfile", EVERYTHING), ("data/a", "a\n"), ("data/b", "b\n")]);
    let mut traces = Traces::of(&session);
    let line = "build -q --no-cache -t app:1 -o type=oci,dest=app.tar .";
    let begun = Instant::now();
    assert!(start(&session, line).wait().unwrap().success());
    let span = begun.elapsed() * 5 / 4;
    for attempt in 0..ATTEMPTS {
        let mut child = start(&session, line);
        // 7 and 24 have no factor in common, so that every instant comes once.
        std::thread::sleep(span * (attempt * 7 % ATTEMPTS) / ATTEMPTS);
        child.kill().unwrap();
        child.wait().unwrap();
        traces.note();
        works(&session, "build -q -t app:1 .");
        is_whole(&session);
    }
    assert_eq!(works(&session, "run --rm app:1 /bin/cat /made/here/all /a/b/c"), "a\nb\n2\n");
    traces.are_gone();
}

#[test]
fn privileged_a_step_that_is_killed_is_named() {
    let session = shelled(&[("Dockerfile", "FROM base:1\nRUN true\nRUN echo going; sleep 1001\n")]);
    let mut build = session.command(["build", "-t", "app:1", "--progress", "plain", "."]);
    let build = build.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = build.id().to_string();
    let children = || text(&Command::new("pgrep").args(["-P", &pid]).output().unwrap());
    until("the step runs", || {
        let sleeps = Command::new("pgrep").args(["-f", "^sleep 1001$"]).output().unwrap();
        !sleeps.stdout.is_empty()
    });
    let worker: i32 = children().trim().parse().unwrap();
    kill_process(Pid::from_raw(worker).unwrap(), Signal::KILL).unwrap();
    let output = build.wait_with_output().unwrap();
    let said = session.said(&output);
    assert!(said.contains("3 | RUN echo going; sleep 1001"), "{said}");
    assert!(said.contains("ended from outside") && said.contains("[E-build-lost]"), "{said}");
    is_whole(&session);
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_what_a_quiet_build_printed_last_is_told_if_it_fails() {
    let session = shelled(&[("Dockerfile", "FROM base:1\nRUN echo fine\nRUN echo going wrong; exit 3\n")]);
    let output = session.coffer(["build", "-q", "."]);
    let said = session.said(&output);
    assert!(said.contains("    going wrong\n") && !said.contains("    fine"), "{said}");
}

#[test]
fn privileged_more_layers_than_an_image_has_are_refused_before_they_are_made() {
    let steps: String = (0..520).map(|n| format!("COPY Dockerfile /{n}\n")).collect();
    let session = shelled(&[("Dockerfile", &format!("FROM base:1\n{steps}"))]);
    let output = session.coffer(["build", "-q", "."]);
    let said = session.said(&output);
    assert!(said.contains("more than 499 layers [E-build-limit]"), "{said}");
    let steps: String = (0..498).map(|n| format!("COPY Dockerfile /{n}\n")).collect();
    write(&session, &[("Dockerfile", &format!("FROM base:1\n{steps}"))]);
    works(&session, "build -q -t app:1 .");
    works(&session, "run --rm app:1 /bin/ls /497");
}

#[test]
fn privileged_whoever_waits_for_a_context_can_be_interrupted() {
    let session = shelled(&[]);
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let mut build = session.heeding(["build", "-t", "app:1", "-"]);
        let mut build =
            build.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut input = build.stdin.take().unwrap();
        input.write_all(b"FROM base:1\n").unwrap();
        std::thread::sleep(Duration::from_millis(200));
        ask(&build, signal);
        let status = ends(build, "a signal");
        assert_eq!(status.signal(), Some(signal.as_raw()));
    }
    write(&session, &[("Dockerfile", "FROM base:1\n")]);
    works(&session, "build -q -t app:1 .");
    is_whole(&session);
}

#[test]
fn privileged_a_copy_that_is_interrupted_ends_at_once() {
    let session = shelled(&[("Dockerfile", "FROM base:1\nCOPY . /all\n")]);
    fs::File::create(session.work().join("large")).unwrap().set_len(20 << 30).unwrap();
    let mut build = session.heeding(["build", "-t", "app:1", "."]);
    let build = build.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    ask(&build, Signal::INT);
    let status = ends(build, "a signal while a large file was read");
    assert!(status.signal() == Some(2) || status.code() == Some(130), "{status}");
    is_whole(&session);
}

#[test]
fn privileged_what_a_build_was_told_to_ignore_it_ignores() {
    let session = shelled(&[("Dockerfile", "FROM base:1\nRUN sleep 1\n")]);
    let coffer = session.command(["build", "-q", "-t", "app:1", "."]);
    let mut nohup = Command::new("nohup");
    nohup.arg(coffer.get_program()).args(coffer.get_args()).current_dir(session.work()).env_clear();
    nohup.envs(coffer.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let build = nohup.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    ask(&build, Signal::HUP);
    assert!(ends(build, "its end").success());
}

#[test]
fn privileged_a_build_on_a_full_disk_leaves_nothing_and_works_when_there_is_room() {
    let large = "x".repeat(1 << 20);
    let session = Session::new();
    fs::create_dir(session.root()).unwrap();
    done(Command::new("mount").args(["-t", "tmpfs", "-o", "size=24m,mode=700", "tmpfs"]).arg(session.root()));
    let _mounted = Mounted(&session);
    Rootfs::with_shell().import(&session, "base:1");
    let file = "FROM base:1\nCOPY large /large\nRUN cat /large /large > /twice\n";
    write(&session, &[("Dockerfile", file), ("large", &large)]);
    let line = ["build", "-q", "--no-cache", "-t", "app:1", "."];
    let mut failures = 0;
    for free in [0, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 2 << 20, 3 << 20, 5 << 20, 7 << 20, 9 << 20] {
        let ballast = fill(&session, free);
        let output = session.coffer(line);
        let said = session.said(&output);
        if !output.status.success() {
            failures += 1;
            assert_eq!(output.status.code(), Some(1), "{free} bytes free: {said}");
            assert!(
                ["E-build-step", "-space]", "E-state-full"].iter().any(|code| said.contains(code)),
                "{said}"
            );
            let space = said.to_lowercase();
            assert!(space.contains("no space") || space.contains("full"), "{free} bytes free: {said}");
            assert!(!session.coffer(["image", "inspect", "app:1"]).status.success(), "{free} bytes free");
        }
        fs::remove_file(ballast).unwrap();
        works(&session, "build cache prune");
        is_whole(&session);
        session.coffer(["image", "rm", "app:1"]);
        works(&session, "image prune");
    }
    assert!(failures >= 5, "the disk was not full");
    works(&session, "build -q -t app:1 .");
    Traces::of(&session).are_gone();
}

struct Mounted<'a>(&'a Session);

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _gone_with_the_machine = Command::new("umount").arg("--lazy").arg(self.0.root()).status();
    }
}

/// Leaves so many bytes free; the file can be removed again.
fn fill(session: &Session, free: u64) -> std::path::PathBuf {
    let path = session.root().join("ballast");
    let stat = rustix::fs::statvfs(session.root()).unwrap();
    let size = (stat.f_bavail * stat.f_bsize).saturating_sub(free);
    let file = fs::File::create(&path).unwrap();
    rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, size).unwrap();
    path
}

#[test]
fn privileged_a_result_that_does_not_fit_is_not_there_by_half() {
    let session = shelled(&[("Dockerfile", "FROM base:1\nCOPY large /large\n")]);
    let noise: Vec<u8> = (0..3_000_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
    fs::write(session.work().join("large"), noise).unwrap();
    let disk = Disk::new(4);
    let place = disk.path();
    for form in ["tar", "oci", "docker"] {
        let output = format!("type={form},dest={}/out", place.display());
        let output = session.coffer(["build", "-q", "-t", "app:1", "-o", &output, "."]);
        let said = session.said(&output);
        assert_eq!(output.status.code(), Some(1), "{form}: {said}");
        assert!(said.to_lowercase().contains("no space left"), "{form}: {said}");
        assert!(!place.join("out").exists(), "{form}");
        assert!(entries(&place).iter().all(|name| name == "lost+found"), "{form}: {:?}", entries(&place));
    }
    works(&session, "run --rm app:1 /bin/ls /large");
    let ids = format!("build -q -t app:1 --iidfile {0}/id --metadata-file {0}/meta .", place.display());
    works(&session, &ids);
    fs::write(place.join("ballast"), vec![1; 3_500_000]).unwrap_err();
    let before = fs::read(place.join("id")).unwrap();
    session.coffer(harness::words(&ids));
    assert_eq!(fs::read(place.join("id")).unwrap(), before, "a file that was whole is whole");
}

#[test]
fn privileged_what_is_no_file_is_written_to_and_not_replaced() {
    let session = shelled(&[("Dockerfile", "FROM base:1\n")]);
    let null = session.work().join("null");
    done(Command::new("mknod").arg(&null).args(["c", "1", "3"]));
    works(&session, "build -q -o type=tar,dest=null --iidfile null --metadata-file null .");
    works(&session, "image save base:1 -o null");
    assert!(fs::metadata(&null).unwrap().file_type().is_char_device());
}

#[test]
fn privileged_many_builds_at_once_beside_somebody_who_prunes() {
    const BUILDS: usize = 8;
    let session = shelled(&[("data/a", "a\n"), ("data/b", "b\n")]);
    for number in 0..BUILDS {
        // Every second one is the same as the one before.
        let file = EVERYTHING.replace("echo 2", &format!("echo {}", number / 2));
        write(&session, &[(&format!("Dockerfile.{number}"), &file)]);
    }
    let build = |number: usize| {
        let (file, name) = (format!("Dockerfile.{number}"), format!("app:{number}"));
        let mut command = session.command(["build", "-q", "-f", &file, "-t", &name, "."]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    for _round in 0..3 {
        let mut builds: Vec<Child> = (0..BUILDS).map(build).collect();
        while builds.iter_mut().any(|build| build.try_wait().unwrap().is_none()) {
            works(&session, "build cache prune");
            works(&session, "image prune");
        }
        for (number, build) in builds.into_iter().enumerate() {
            let output = build.wait_with_output().unwrap();
            assert!(output.status.success(), "{number}: {}", session.said(&output));
            let seen = works(&session, &format!("run --rm app:{number} /bin/cat /made/here/all /a/b/c"));
            assert_eq!(seen, format!("a\nb\n{}\n", number / 2));
        }
    }
    is_whole(&session);
    Traces::of(&session).are_gone();
}
