use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::process::{Child, Command, ExitStatus};

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::*;

fn pipe() -> (OwnedFd, OwnedFd) {
    pipe_with(PipeFlags::CLOEXEC).unwrap()
}

fn me() -> (u32, u32) {
    (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw())
}

fn relay_until_the_end(relay: &mut Relay, child: &mut Child) -> ExitStatus {
    let pid = Pid::from_child(child);
    let pidfd = pidfd_open(pid, PidfdFlags::empty()).unwrap();
    let signal = |number| {
        let _ = pidfd_send_signal(&pidfd, Signal::from_named_raw(number).unwrap());
    };
    relay.run(&Subject { pidfd: pidfd.as_fd(), signal: &signal }).unwrap();
    child.wait().unwrap()
}

fn start(script: &str, ends: Ends) -> Child {
    let mut command = Command::new("/bin/sh");
    let stdin = ends.stdin.unwrap_or_else(null);
    command.args(["-c", script]).stdin(stdin).stdout(ends.stdout).stderr(ends.stderr);
    command.spawn().unwrap()
}

/// Runs the script with our three streams.
fn run(script: &str, input: Input, stdin: OwnedFd, stdout: OwnedFd, stderr: OwnedFd) -> ExitStatus {
    let foreground = Foreground { stdin, stdout, stderr, detach: Detach::Unavailable };
    let (ends, mut relay) = pipes(foreground, input, me(), Signals::block().unwrap()).unwrap();
    let mut child = start(script, ends);
    let status = relay_until_the_end(&mut relay, &mut child);
    relay.drain().unwrap();
    status
}

fn null() -> OwnedFd {
    std::fs::File::open("/dev/null").unwrap().into()
}

fn text(fd: OwnedFd) -> String {
    let mut text = String::new();
    std::fs::File::from(fd).read_to_string(&mut text).unwrap();
    text
}

#[test]
fn three_streams_are_kept_apart_and_the_end_of_input_arrives() {
    let ((stdin, feed), (output, stdout), (errors, stderr)) = (pipe(), pipe(), pipe());
    std::fs::File::from(feed).write_all(b"typed").unwrap();
    let status = run("cat; echo wrong >&2; exit 7", Input::Ours, stdin, stdout, stderr);
    assert_eq!((status.code(), text(output).as_str(), text(errors).as_str()), (Some(7), "typed", "wrong\n"));
}

#[test]
fn without_i_the_container_reads_nothing_of_ours() {
    let ((stdin, feed), (output, stdout)) = (pipe(), pipe());
    rustix::io::write(&feed, b"mine").unwrap();
    run("cat", Input::Empty, stdin.try_clone().unwrap(), stdout, null());
    assert_eq!(text(output), "");
    let mut left = [0; 4];
    assert_eq!(rustix::io::read(&stdin, &mut left[..]).unwrap(), 4);
}

#[test]
fn an_end_is_seen_although_nobody_reads_and_nothing_is_lost() {
    let (output, stdout) = pipe();
    // Ours takes one page, so that most of it waits in the container's pipe.
    rustix::pipe::fcntl_setpipe_size(&stdout, 4096).unwrap();
    let foreground = Foreground { stdin: null(), stdout, stderr: null(), detach: Detach::Unavailable };
    let (ends, mut relay) = pipes(foreground, Input::Empty, me(), Signals::block().unwrap()).unwrap();
    let mut child = start("head -c 30000 /dev/zero", ends);
    assert!(relay_until_the_end(&mut relay, &mut child).success());
    let reader = std::thread::spawn(move || text(output).len());
    relay.drain().unwrap();
    drop(relay);
    assert_eq!(reader.join().unwrap(), 30_000);
}

#[test]
fn a_reader_that_left_is_told_to_the_writer() {
    let (output, stdout) = pipe();
    drop(output);
    let status = run("while echo x; do :; done 2>/dev/null; exit 3", Input::Empty, null(), stdout, null());
    assert!(!status.success());
}

#[test]
fn the_container_s_own_user_can_open_its_output_anew() {
    let (output, stdout) = pipe();
    run("echo again > /dev/stdout", Input::Empty, null(), stdout, null());
    assert_eq!(text(output), "again\n");
}

fn pty() -> (OwnedFd, OwnedFd) {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    let name = ptsname(&controller, Vec::new()).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    (controller, rustix::fs::open(&name, flags, Mode::empty()).unwrap())
}

/// A relay between a terminal of ours, whose keyboard is the first value, and a container's.
fn terminal_run(script: &str, typed: &[u8], detach: Detach) -> (String, ExitStatus) {
    let ((keyboard, ours), (theirs, end)) = (pty(), pty());
    let size = Winsize { ws_row: 31, ws_col: 77, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&ours, size).unwrap();
    let clone = |fd: &OwnedFd| fd.try_clone().unwrap();
    let foreground = Foreground { stdin: clone(&ours), stdout: clone(&ours), stderr: clone(&ours), detach };
    let signals = Signals::block().unwrap();
    let source = clone(&theirs);
    let mut relay = Relay::terminal(foreground, Input::Ours, theirs.as_fd(), source, signals).unwrap();
    let ends = Ends { stdin: Some(clone(&end)), stdout: clone(&end), stderr: end };
    let mut child = start(script, ends);
    rustix::io::write(&keyboard, typed).unwrap();
    let status = relay_until_the_end(&mut relay, &mut child);
    relay.drain().unwrap();
    drop((relay, ours));
    let mut shown = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(length @ 1..) = rustix::io::read(&keyboard, &mut piece[..]) {
        shown.extend_from_slice(&piece[..length]);
    }
    (String::from_utf8(shown).unwrap(), status)
}

#[test]
fn keys_size_and_output_pass_through_two_terminals() {
    let (shown, status) =
        terminal_run("stty size; read x; echo got $x; exit 5", b"hi\r", Detach::Unavailable);
    assert!(shown.contains("31 77") && shown.contains("got hi"), "{shown:?}");
    assert_eq!(status.code(), Some(5));
}

#[test]
fn a_run_with_keys_needs_a_terminal() {
    let (stdin, _feed) = pipe();
    let foreground = Foreground { stdin, stdout: null(), stderr: null(), detach: Detach::Unavailable };
    let request = RunRequest { tty: true, interactive: true, ..RunRequest::default() };
    assert!(matches!(foreground.check_terminal(&request), Err(ForegroundError::NoTerminal)));
    foreground.check_terminal(&RunRequest { interactive: false, ..request.clone() }).unwrap();
    foreground.check_terminal(&RunRequest { tty: false, ..request }).unwrap();
}
