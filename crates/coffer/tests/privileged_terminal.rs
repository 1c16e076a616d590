//! `-it` with a person in front of it: size, keys, modes, leaving.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use std::path::Path;
use std::process::{Child, ExitStatus};

use conversation::Session;
use harness::{Terminal, Traces, pid_of, session, size_of, text, until, words};
use rustix::process::{Pid, Signal, kill_process};

fn type_in(session: &Session, terminal: &Terminal, line: &str) -> Child {
    terminal.start(&session.command(words(line)))
}

/// Waits, but not for ever: a terminal that is not given back would hang the test.
#[track_caller]
fn ends(child: &mut Child) -> ExitStatus {
    let mut status = None;
    until("the command's end", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    status.unwrap()
}

#[test]
fn privileged_the_container_s_terminal_has_the_size_of_ours_and_follows_it() {
    let (session, terminal) = (session(), Terminal::new(33, 101));
    let mut child = type_in(&session, &terminal, "run --rm -it probe:1 /bin/probe tty");
    assert_eq!(ends(&mut child).code(), Some(0), "{}", terminal.screen());
    terminal.shows("tty 33 101");
    let mut child =
        type_in(&session, &terminal, "run --rm -it --name sized probe:1 /bin/probe signal-wait 1");
    let pid = pid_of(&session, "sized");
    terminal.shows("ready");
    assert_eq!(size_of(pid), Some((33, 101)));
    terminal.resize(50, 132);
    terminal.shows("SIGWINCH");
    assert_eq!(ends(&mut child).code(), Some(0));
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_a_new_size_is_the_container_s_at_once() {
    let (session, terminal) = (session(), Terminal::new(24, 80));
    let mut child = type_in(&session, &terminal, "run --rm -it --name sized probe:1 /bin/probe sleep 600");
    let pid = pid_of(&session, "sized");
    for size in [(25, 81), (200, 400), (1, 1)] {
        terminal.resize(size.0, size.1);
        until("the new size", || size_of(pid) == Some(size));
    }
    assert!(session.coffer(["rm", "-f", "sized"]).status.success());
    assert_eq!(ends(&mut child).code(), Some(137));
    assert!(terminal.is_cooked());
}

#[test]
fn privileged_keys_are_the_container_s_while_it_runs_and_ours_afterwards() {
    let (session, terminal) = (session(), Terminal::new(24, 80));
    assert!(terminal.is_cooked());
    let mut child = type_in(&session, &terminal, "run --rm -it --name raw probe:1 /bin/probe sleep 600");
    pid_of(&session, "raw");
    until("raw mode", || !terminal.is_cooked());
    // Ctrl-c is for the container's terminal, whose first process ends by it only if it asks for that.
    terminal.types(b"\x03");
    assert_eq!(child.try_wait().unwrap(), None);
    assert!(session.coffer(["rm", "-f", "raw"]).status.success());
    assert_eq!(ends(&mut child).code(), Some(137));
    assert!(terminal.is_cooked());
}

#[test]
fn privileged_interrupt_keys_reach_a_program_that_listens() {
    let (session, terminal) = (session(), Terminal::new(24, 80));
    let mut child = type_in(&session, &terminal, "run --rm -it probe:1 /bin/probe signal-wait 1");
    terminal.shows("ready");
    terminal.types(b"\x03");
    terminal.shows("SIGINT");
    assert_eq!(ends(&mut child).code(), Some(0));
    assert!(terminal.is_cooked());
}

#[test]
fn privileged_the_terminal_is_given_back_after_every_end() {
    let (session, terminal) = (session(), Terminal::new(24, 80));
    for (program, code) in [("/bin/probe exit 3", 3), ("/bin/missing", 127), ("/bin", 126)] {
        let mut child = type_in(&session, &terminal, &format!("run --rm -it probe:1 {program}"));
        assert_eq!(ends(&mut child).code(), Some(code), "{}", terminal.screen());
        assert!(terminal.is_cooked(), "{program}");
    }
    let mut child = type_in(&session, &terminal, "run --rm -it --name ended probe:1 /bin/probe sleep 600");
    let pid = pid_of(&session, "ended");
    until("raw mode", || !terminal.is_cooked());
    // Several of the same kind that wait together count once.
    until("the command's end", || {
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(50));
        child.try_wait().unwrap().is_some()
    });
    assert_eq!(ends(&mut child).code(), Some(137));
    assert!(terminal.is_cooked());
    until("the container's end", || !Path::new(&format!("/proc/{pid}")).exists());
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_the_detach_keys_leave_the_container_running_until_it_is_removed() {
    let (session, terminal) = (session(), Terminal::new(24, 80));
    let mut child = type_in(&session, &terminal, "run --rm -it --name left probe:1 /bin/probe sleep 600");
    let pid = pid_of(&session, "left");
    until("raw mode", || !terminal.is_cooked());
    terminal.types(b"\x10\x11");
    assert_eq!(ends(&mut child).code(), Some(0));
    assert!(terminal.is_cooked());
    drop(terminal);
    let running = session.coffer(words("ps -q -f name=left"));
    assert!(!running.stdout.is_empty() && Path::new(&format!("/proc/{pid}")).exists());
    assert!(text(&session.coffer(["explain", "left"])).contains("seccomp"));
    let output = session.coffer(["rm", "-f", "left"]);
    assert!(output.status.success(), "{}", session.said(&output));
    assert_eq!(text(&session.coffer(words("ps -aq"))), "");
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_a_terminal_that_hangs_up_does_not_leave_the_container_behind_unnoticed() {
    let (session, terminal) = (session(), Terminal::new(24, 80));
    let mut child = type_in(&session, &terminal, "run --rm -it --name gone probe:1 /bin/probe signal-wait 1");
    terminal.shows("ready");
    kill_process(Pid::from_child(&child), Signal::HUP).unwrap();
    terminal.shows("SIGHUP");
    assert_eq!(ends(&mut child).code(), Some(0));
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_what_a_container_types_into_its_terminal_stays_there() {
    let (session, terminal) = (session(), Terminal::new(24, 200));
    let line = "run --rm -it probe:1 /bin/probe attack tiocsti";
    let mut child = type_in(&session, &terminal, line);
    assert_eq!(ends(&mut child).code(), Some(0), "{}", terminal.screen());
    terminal.shows("stopped");
}

#[test]
fn privileged_keys_without_a_terminal_are_an_error_before_anything_is_made() {
    let session = session();
    let output = session.coffer(words("run --rm -it probe:1 /bin/probe true"));
    assert!(session.said(&output).contains("[E-run-no-terminal]"), "{}", session.said(&output));
    assert_eq!(output.status.code(), Some(125));
}
