//! A person in front of a terminal, from the first prompt to the last, as the screen shows it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use std::path::Path;
use std::process::Command;

use conversation::Session;
use harness::{Terminal, session, until};

/// A shell with job control, in which `coffer` is the program of this build.
fn shell(session: &Session) -> Command {
    let programs = Path::new(env!("CARGO_BIN_EXE_coffer")).parent().unwrap();
    let mut shell = Command::new("bash");
    shell.args(["--norc", "--noprofile", "--noediting", "-i"]).current_dir(session.work()).env_clear();
    shell.env("PATH", format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", programs.display()));
    shell.env("COFFER_ROOT", session.root()).env("PS1", "$ ").env("TERM", "dumb").env("HOME", session.work());
    shell
}

/// Types, and waits until the screen ends so.
fn types(terminal: &Terminal, keys: &str, ends: &str) {
    terminal.types(keys.as_bytes());
    until(&format!("{ends:?} after {keys:?}: {:?}", terminal.screen()), || {
        terminal.screen().replace('\r', "").ends_with(ends)
    });
}

#[test]
fn privileged_a_session_at_a_terminal() {
    let session = session();
    let terminal = Terminal::new(24, 80);
    let mut shell = terminal.start(&shell(&session));
    until("a prompt", || terminal.screen().ends_with("$ "));
    types(&terminal, "coffer run -it --name box probe:1 /bin/probe signal-wait 3\n", "ready\n");
    types(&terminal, "\x03", "SIGINT\n");
    types(&terminal, "\x10\x11", "$ ");
    types(&terminal, "coffer exec -it box /bin/probe tty\n", "tty 24 80\n$ ");
    terminal.resize(30, 100);
    types(&terminal, "coffer exec -it box /bin/probe tty\n", "tty 30 100\n$ ");
    // Its terminal has another size now.
    types(&terminal, "coffer attach box\n", "SIGWINCH\n");
    types(&terminal, "\x03", "SIGINT\n$ ");
    types(&terminal, "echo $?\n", "0\n$ ");
    types(&terminal, "coffer run --rm probe:1 /bin/probe signal-wait 2\n", "ready\n");
    types(&terminal, "\x1a", "signal-wait 2\n$ ");
    types(&terminal, "fg\n", "SIGCONT\n");
    types(&terminal, "\x03", "SIGINT\n$ ");
    types(&terminal, "echo $?\n", "0\n$ ");
    types(&terminal, "exit\n", "exit\nexit\n");
    assert!(shell.wait().unwrap().code().is_some());
    let screen = terminal.screen().replace('\r', "");
    let begin = screen.find("$ ").unwrap();
    assert_eq!(screen.get(begin..).unwrap().trim_end(), SCREEN.trim_end(), "{screen}");
}

const SCREEN: &str = "$ coffer run -it --name box probe:1 /bin/probe signal-wait 3
ready
^CSIGINT
$ coffer exec -it box /bin/probe tty
tty 24 80
$ coffer exec -it box /bin/probe tty
tty 30 100
$ coffer attach box
SIGWINCH
^CSIGINT
$ echo $?
0
$ coffer run --rm probe:1 /bin/probe signal-wait 2
ready
^Z
[1]+  Stopped                 coffer run --rm probe:1 /bin/probe signal-wait 2
$ fg
coffer run --rm probe:1 /bin/probe signal-wait 2
SIGCONT
^CSIGINT
$ echo $?
0
$ exit
exit";
