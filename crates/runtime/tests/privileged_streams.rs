//! Streams, terminals and descriptors of a container's programs.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod harness;

use std::io::{IoSliceMut, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use harness::{Bundle, said};
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::pty::{OpenptFlags, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use serde_json::json;

/// Whoever listens at a console socket gets a descriptor, and a name beside it.
fn receive(listener: &UnixListener) -> (String, OwnedFd) {
    let (connection, _) = listener.accept().unwrap();
    let mut text = [0; 64];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut slices = [IoSliceMut::new(&mut text)];
    let length = recvmsg(&connection, &mut slices, &mut control, RecvFlags::CMSG_CLOEXEC).unwrap().bytes;
    let descriptor = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    (String::from_utf8_lossy(&text[..length]).into_owned(), descriptor.unwrap())
}

/// What is said on a terminal until nobody has it any more.
fn hear(master: OwnedFd) -> String {
    let mut text = Vec::new();
    // EIO is how a terminal says that it was the last.
    let _end = std::fs::File::from(master).read_to_end(&mut text);
    String::from_utf8(text).unwrap().replace("\r\n", "\n")
}

/// The runtime below a shell that has opened descriptors, with `setup` before it.
fn through_shell(bundle: &Bundle, setup: &str, words: &[&str]) -> Output {
    let runtime = bundle.command(words);
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{setup} exec \"$0\" \"$@\"")]).arg(runtime.get_program());
    command.args(runtime.get_args()).current_dir(bundle.path("bundle")).stdin(Stdio::null());
    bundle.output(command)
}

#[test]
fn privileged_the_engine_gets_the_terminal() {
    let bundle = Bundle::new(&["tty"], |spec| {
        spec["process"]["terminal"] = true.into();
        spec["process"]["consoleSize"] = json!({ "height": 33, "width": 44 });
    });
    let path = bundle.path("console");
    let (id, socket) = (bundle.id.as_str(), path.to_str().unwrap());
    let listener = UnixListener::bind(&path).unwrap();
    bundle.works(&["create", "--console-socket", socket, id]);
    let (name, master) = receive(&listener);
    assert_eq!(name, "/dev/ptmx");
    bundle.works(&["start", id]);
    assert_eq!(hear(master), "tty 33 44\n");
    bundle.works(&["delete", "--force", id]);
    bundle.works(&["run", "--detach", "--console-socket", socket, id]);
    assert_eq!(hear(receive(&listener).1), "tty 33 44\n");
    bundle.works(&["delete", "--force", id]);
    for (words, why) in [
        (vec!["create", id], "needs `--console-socket`"),
        (vec!["run", "--detach", id], "needs `--console-socket`"),
        (vec!["run", "--console-socket", socket, id], "is for a process that is left to itself"),
    ] {
        let refused = bundle.fails(&words);
        assert!(refused.contains(why), "{words:?}: {refused}");
        bundle.expect_nothing();
    }
    bundle.change(|spec| spec["process"]["terminal"] = false.into());
    let refused = bundle.fails(&["create", "--console-socket", socket, id]);
    assert!(refused.contains("is for a process with a terminal"), "{refused}");
}

#[test]
fn privileged_exec_has_a_terminal_and_a_process_descriptor_of_its_own() {
    let bundle = Bundle::new(&["sleep", "60"], |_| {});
    let id = bundle.running().id.as_str();
    let (console, process) = (bundle.path("console"), bundle.path("process"));
    let listeners = [&console, &process].map(|path| UnixListener::bind(path).unwrap());
    bundle.works(&[
        "exec",
        "--tty",
        "--detach",
        "--console-socket",
        console.to_str().unwrap(),
        "--pidfd-socket",
        process.to_str().unwrap(),
        id,
        "/bin/probe",
        "tty",
    ]);
    assert_eq!(hear(receive(&listeners[0]).1), "tty 0 0\n");
    let (name, pidfd) = receive(&listeners[1]);
    assert_eq!(name, "pidfd");
    let link = std::fs::read_link(Path::new("/proc/self/fd").join({
        use std::os::fd::AsRawFd as _;
        pidfd.as_raw_fd().to_string()
    }));
    assert!(link.unwrap().to_str().unwrap().contains("pidfd"));
}

#[test]
fn privileged_descriptors_come_along_where_they_are_said_and_only_those() {
    let bundle = Bundle::new(&["cat", "/proc/self/fd/4"], |_| {});
    let id = bundle.id.as_str();
    let files = [3, 4, 5].map(|number| bundle.path(&format!("file-{number}")));
    for (path, text) in files.iter().zip(["three", "four", "five"]) {
        std::fs::write(path, text).unwrap();
    }
    let [three, four, five] = files.map(|path| path.display().to_string());
    let open = format!("exec 3<{three} 4<{four} 5<{five};");
    let heard = |setup: &str, words: &[&str]| {
        let output = through_shell(&bundle, setup, words);
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(heard(&open, &["run", "--preserve-fds", "2", id]), "four");
    assert_eq!(heard(&open, &["run", "--preserve-fds", "1", id]), "");
    let refused = through_shell(&bundle, &format!("exec 3<{three};"), &["run", "--preserve-fds", "2", id]);
    assert!(
        said(&refused).contains("descriptor 4 is to be passed on, and is not open"),
        "{}",
        said(&refused)
    );
    // Those of systemd come first, and their number is told.
    let activated = format!("{open} LISTEN_FDS=1 LISTEN_PID=$$; export LISTEN_FDS LISTEN_PID;");
    assert_eq!(heard(&activated, &["run", "--preserve-fds", "1", id]), "four");
    bundle.change(|spec| spec["process"]["args"] = json!(["/bin/probe", "env"]));
    let env = heard(&activated, &["run", id]);
    assert!(env.contains("LISTEN_FDS=1\n") && env.contains("LISTEN_PID=1\n"), "{env}");
    let another_s = format!("{open} LISTEN_FDS=1 LISTEN_PID=1; export LISTEN_FDS LISTEN_PID;");
    assert!(!heard(&another_s, &["run", id]).contains("LISTEN"));
    bundle.change(|spec| spec["process"]["args"] = json!(["/bin/probe", "sleep", "60"]));
    bundle.works(&["run", "--detach", id]);
    let words = ["exec", "--preserve-fds", "3", id, "/bin/probe", "cat", "/proc/self/fd/5"];
    assert_eq!(heard(&open, &words), "five");
}

/// `run` or `exec` with a terminal in the foreground, and pipes or files of ours.
fn in_terminal(program: &[&str]) -> Bundle {
    Bundle::new(program, |spec| spec["process"]["terminal"] = true.into())
}

#[test]
fn privileged_what_a_program_says_last_is_not_lost() {
    let bundle = in_terminal(&["flood", "640000"]);
    // A carriage return for each line.
    assert_eq!(bundle.works(&["run", &bundle.id]).len(), 650_000);
    bundle.change(|spec| spec["process"]["args"] = json!(["/bin/probe", "echo", "short"]));
    for _ in 0..10 {
        assert_eq!(bundle.works(&["run", &bundle.id]), "short\r\n");
    }
    bundle.change(|spec| spec["process"]["args"] = json!(["/bin/probe", "sleep", "60"]));
    bundle.change(|spec| spec["process"]["terminal"] = false.into());
    let id = bundle.running().id.as_str();
    assert_eq!(bundle.works(&["exec", "--tty", id, "/bin/probe", "flood", "640000"]).len(), 650_000);
}

#[test]
fn privileged_the_end_of_our_input_is_the_end_of_the_program_s() {
    let bundle = in_terminal(&["cat", "/dev/stdin"]);
    for (sent, heard) in [("one\ntwo\n", "one\ntwo\n"), ("torn", "torn"), ("", "")] {
        let mut command = bundle.command(&["run", &bundle.id]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(sent.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        // The terminal echoes what is typed, and the program says it again.
        let said = String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n");
        let echo = if sent.is_empty() { String::new() } else { sent.to_owned() };
        assert_eq!(said.replace("^D", "").replace('\u{8}', ""), format!("{echo}{heard}"), "{sent:?}");
    }
}

#[test]
fn privileged_neither_direction_waits_for_the_other() {
    // A program that reads nothing, and whoever types does not stop.
    let bundle = in_terminal(&["sleep", "1"]);
    let mut child =
        bundle.command(&["run", &bundle.id]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let typist = std::thread::spawn(move || {
        let _gone = stdin.write_all(&b"x\n".repeat(500_000));
    });
    assert!(child.wait().unwrap().success());
    typist.join().unwrap();
    // Nobody listens, and the program is not held up.
    bundle.change(|spec| spec["process"]["args"] = json!(["/bin/probe", "flood", "1000000"]));
    let mut child = bundle.command(&["run", &bundle.id]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn privileged_a_terminal_of_ours_is_as_it_was_afterwards() {
    let bundle = in_terminal(&["tty"]);
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let slave = openat(CWD, name, flags, Mode::empty()).unwrap();
    let size = Winsize { ws_row: 21, ws_col: 43, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&slave, size).unwrap();
    let settings = || format!("{:?}", rustix::termios::tcgetattr(&slave).unwrap());
    let before = settings();
    let stream = || Stdio::from(slave.as_fd().try_clone_to_owned().unwrap());
    let mut command = bundle.command(&["run", &bundle.id]);
    let mut child = command.stdin(stream()).stdout(stream()).spawn().unwrap();
    assert!(child.wait().unwrap().success());
    drop(command);
    assert_eq!(settings(), before);
    drop(slave);
    assert_eq!(hear(master), "tty 21 43\n");
}
