//! Limits as the kernel's own files say they are, exit codes, and signals.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use std::process::{Child, Stdio};

use conversation::Session;
use harness::{Controls, Rootfs, Traces, pid_of, session, start, text, until, words};
use rustix::process::{Pid, Signal, kill_process};

/// Starts `/bin/probe WORDS` in the background as container `limited`, and gives its control groups.
fn controls(session: &Session, options: &str) -> (Child, Controls) {
    let child = start(session, &format!("run --rm --name limited {options} probe:1 /bin/probe sleep 600"));
    let pid = pid_of(session, "limited");
    (child, Controls::of(pid))
}

fn end(session: &Session, mut child: Child) {
    assert!(session.coffer(["rm", "-f", "limited"]).status.success());
    assert_eq!(child.wait().unwrap().code(), Some(137));
}

#[test]
fn privileged_limits_that_are_asked_for_are_those_of_the_kernel() {
    let session = session();
    let options = "--pids-limit 77 --memory 96m --cpus 0.5 --cpu-shares 512 --memory-reservation 48m";
    let (child, controls) = controls(&session, options);
    assert_eq!(controls.read("pids", "pids.max", "pids.max"), "77");
    let bytes = (96 << 20).to_string();
    assert_eq!(controls.read("memory", "memory.limit_in_bytes", "memory.max"), bytes);
    let soft = (48 << 20).to_string();
    assert_eq!(controls.read("memory", "memory.soft_limit_in_bytes", "memory.low"), soft);
    let quota = controls.read("cpu", "cpu.cfs_quota_us", "cpu.max");
    let (quota, period) = match quota.split_once(' ') {
        Some((quota, period)) => (quota.to_owned(), period.to_owned()),
        None => (quota, controls.read("cpu", "cpu.cfs_period_us", "cpu.max")),
    };
    let (quota, period): (u64, u64) = (quota.parse().unwrap(), period.parse().unwrap());
    assert_eq!(quota * 2, period);
    assert_ne!(controls.read("cpu", "cpu.shares", "cpu.weight"), "1024");
    end(&session, child);
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_a_container_for_which_nothing_is_asked_is_limited_all_the_same() {
    let session = session();
    let (child, controls) = controls(&session, "--hostname plain");
    assert_eq!(controls.read("pids", "pids.max", "pids.max"), "1024");
    let limit: u64 = controls.read("memory", "memory.limit_in_bytes", "memory.max").parse().unwrap();
    let info = std::fs::read_to_string("/proc/meminfo").unwrap();
    let total: u64 = info.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(limit <= total * 1024, "{limit} bytes are more than the host has");
    end(&session, child);
}

#[test]
fn privileged_unlimited_has_to_be_said() {
    let session = session();
    let (child, controls) = controls(&session, "--pids-limit -1");
    assert_eq!(controls.read("pids", "pids.max", "pids.max"), "max");
    end(&session, child);
}

#[test]
fn privileged_limits_are_in_force_before_the_first_instruction() {
    let session = session();
    let output = session.coffer(words("run --rm --pids-limit 5 probe:1 /bin/probe spawn 20"));
    let said = session.said(&output);
    assert!(said.starts_with("spawned 4: EAGAIN"), "pid 1 and four more: {said}");
    let output =
        session.coffer(words("run --rm --ulimit nofile=64:64 probe:1 /bin/probe cat /proc/self/limits"));
    let limits = text(&output);
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert_eq!(line.split_whitespace().skip(3).take(2).collect::<Vec<_>>(), ["64", "64"], "{line}");
}

#[test]
fn privileged_exit_codes_are_docker_s() {
    let session = session();
    Rootfs::with_probe()
        .file("bin/data", 0o755, b"neither a program nor a script")
        .file("bin/plain", 0o644, &harness::probe())
        .file("bin/orphan", 0o755, b"#!/bin/missing\n")
        .import(&session, "odd:1");
    for (line, code) in [
        ("run --rm odd:1 /bin/probe exit 0", 0),
        ("run --rm odd:1 /bin/probe exit 7", 7),
        ("run --rm odd:1 /bin/probe exit 255", 255),
        ("run --rm odd:1 /bin/plain", 126),
        ("run --rm odd:1 /bin/data", 126),
        ("run --rm odd:1 /bin", 126),
        ("run --rm odd:1 /bin/missing", 127),
        ("run --rm odd:1 missing", 127),
        ("run --rm odd:1 /bin/orphan", 127),
        ("run --rm odd:2 /bin/probe", 125),
        ("run --rm --nonsense odd:1 /bin/probe", 125),
        ("run --rm --privileged odd:1 /bin/probe", 125),
        ("run --rm --name no/name odd:1 /bin/probe", 125),
        ("run --rm -u nobody-here odd:1 /bin/probe", 125),
    ] {
        let output = session.coffer(words(line));
        assert_eq!(output.status.code(), Some(code), "{line}: {}", session.said(&output));
    }
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_a_signal_reaches_the_program_and_its_death_by_one_is_told() {
    let session = session();
    let signals = [Signal::HUP, Signal::INT, Signal::QUIT, Signal::USR1, Signal::USR2, Signal::TERM];
    for (signal, name) in
        signals.into_iter().zip(["SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGTERM"])
    {
        let mut command = session.command(words("run --rm probe:1 /bin/probe signal-wait"));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
        assert_eq!(lines.next().unwrap().unwrap(), "ready");
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(lines.next().unwrap().unwrap(), name);
        assert_eq!(child.wait().unwrap().code(), Some(0), "{name}");
    }
    let mut child = start(&session, "run --rm --name killed probe:1 /bin/probe sleep 600");
    let pid = pid_of(&session, "killed");
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(128 + 9));
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_a_program_that_hears_no_signal_is_ended_by_the_third_request() {
    let session = session();
    let mut child = start(&session, "run --rm --name deaf probe:1 /bin/probe sleep 600");
    pid_of(&session, "deaf");
    for _ in 0..2 {
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(100));
        assert_eq!(child.try_wait().unwrap(), None, "the first process of a namespace ignores it");
    }
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(137));
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_everything_that_a_container_started_ends_with_its_first_process() {
    let session = session();
    let mut child = start(&session, "run --rm --name family probe:1 /bin/probe spawn 10");
    let pid = pid_of(&session, "family");
    let members = || Controls::of(pid).read("pids", "pids.current", "pids.current");
    until("its children", || members() == "11");
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(137));
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_a_limit_that_this_host_cannot_have_is_an_error_and_leaves_no_control_group() {
    let session = session();
    let output = session.coffer(words("run --rm --cpuset-cpus 4095 probe:1 /bin/probe true"));
    assert_eq!(output.status.code(), Some(125), "{}", session.said(&output));
    assert!(session.said(&output).contains("[E-launch-host]"), "{}", session.said(&output));
    Traces::of(&session).are_gone();
}
