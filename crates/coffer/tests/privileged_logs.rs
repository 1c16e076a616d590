//! What containers in the background printed, and what else can be asked of their upkeep.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use std::process::Stdio;

use conversation::Session;
use harness::{done, session, text, until, words};

/// Starts a container in the background, which has to work.
#[track_caller]
fn run_behind(session: &Session, line: &str) {
    done(&mut session.command(words(&format!("run -d {line}"))));
}

#[track_caller]
fn ended(session: &Session, name: &str) {
    done(&mut session.command(["wait", name]));
}

#[test]
fn privileged_a_log_is_read_whole_in_part_and_as_data() {
    let session = session();
    session.holds(
        "
$ coffer run -d --name talk probe:1 /bin/probe echo 'hello  world'
ID
$ coffer wait talk
0
$ coffer logs talk
hello  world
$ coffer logs --tail 1 talk
hello  world
$ coffer logs -n 0 talk
$ coffer logs --until 2026-01-01 talk
$ coffer logs --since 1h talk
hello  world
$ coffer container logs -f talk
hello  world
$ coffer run -d --name wrong probe:1 /bin/probe cat /nothing
ID
$ coffer wait wrong
1
$ coffer logs wrong
coffer-probe: /nothing: ENOENT
",
    );
    let output = session.coffer(["logs", "-t", "talk"]);
    let line = text(&output);
    let (time, rest) = line.split_at(30);
    assert!(time.ends_with('Z') && rest == " hello  world\n", "{line}");
    assert!(session.coffer(["logs", "wrong"]).stdout.is_empty(), "errors go to standard error");
    let data: serde_json::Value =
        serde_json::from_slice(&session.coffer(["logs", "--format", "json", "talk"]).stdout).unwrap();
    assert_eq!((&data["log"], &data["stream"]), (&"hello  world\n".into(), &"stdout".into()));
    assert_eq!(data["time"].as_str(), Some(time));
}

#[test]
fn privileged_where_there_is_no_log_it_is_said_why() {
    session().holds(
        "
$ coffer logs nobody
coffer: there is no container `nobody` [E-state-unknown]
  `coffer ps -a` lists the containers
exit 1
$ coffer run --name front probe:1 /bin/probe echo here
here
$ coffer logs front
coffer: front has no log: what it prints goes to where `coffer run` was started [E-logs-elsewhere]
  start it in the background, `coffer run -d`, to have its output kept
exit 1
$ coffer run -d --name quiet --log-driver none probe:1 /bin/probe echo nothing
ID
$ coffer logs quiet
coffer: what quiet prints is not kept: it was started with `--log-driver none` [E-logs-none]
  start the next one without `--log-driver none`
exit 1
$ coffer logs --since yesterday front
coffer: `yesterday` does not work for `--since`: it is no instant [E-cli-value]
  right would be: TIME, 2026-11-25, seconds since 1970 such as 1795628940.5, or 10m for ten minutes ago
exit 2
$ coffer logs --tail some front
coffer: `some` does not work for `--tail`: it is no number of lines [E-cli-value]
  right would be: a number such as 20, or all
exit 2
",
    );
}

#[test]
fn privileged_upkeep_that_cannot_be_is_refused() {
    session().holds(
        "
$ coffer run -d --rm --restart always probe:1 /bin/probe true
coffer: `--restart` and `--rm` exclude each other [E-cli-usage]
  leave one of them out: what is removed at its end cannot be started again
exit 125
$ coffer run --log-driver none probe:1 /bin/probe true
coffer: `--log-driver` is for containers in the background [E-cli-usage]
  add `-d`: a monitor looks after it then; `coffer attach` shows what it prints
exit 125
$ coffer run -d --log-driver syslog probe:1 /bin/probe true
coffer: `syslog` does not work for `--log-driver`: there is no such driver [E-cli-value]
  right would be: json-file, journald or none
exit 125
$ coffer run -d --log-opt max-size=10 probe:1 /bin/probe true
coffer: `--log-opt max-size=10` cannot be: it is at least 1k [E-policy-request]
  give another value, or leave out `--log-opt`
exit 125
$ coffer run -d --log-opt labels=a probe:1 /bin/probe true
coffer: `labels=a` does not work for `--log-opt`: there is no option `labels` [E-cli-value]
  right would be: max-size=10m, max-file=3, or both with a comma between
exit 125
$ coffer run -d --health-interval 5s probe:1 /bin/probe true
coffer: `--health-interval 5000ms` cannot be: there is no health check: `--health-cmd` gives one [E-policy-request]
  give another value, or leave out `--health-interval`
exit 125
$ coffer run -d --health-interval 5 probe:1 /bin/probe true
coffer: `5` does not work for `--health-interval`: `5` has no unit [E-cli-value]
  right would be: numbers with ns, us, ms, s, m or h, such as 30s, 1m30s or 500ms
exit 125
$ coffer run -d --no-healthcheck --health-cmd true probe:1 /bin/probe true
coffer: `--no-healthcheck` and `--health-cmd` exclude each other [E-cli-usage]
  see coffer run --help
exit 125
$ coffer run -d --stop-signal TERMINATE probe:1 /bin/probe true
coffer: `TERMINATE` does not work for `--stop-signal`: it is no signal [E-cli-value]
  right would be: TERM, SIGTERM, RTMIN+3 or a number from 1 to 64
exit 125
$ coffer ps -aq
",
    );
}

#[test]
fn privileged_every_byte_is_kept_up_to_the_bound() {
    let session = session();
    run_behind(&session, "--name whole --log-opt max-size=20m probe:1 /bin/probe flood 5000000");
    run_behind(
        &session,
        "--name bounded --log-opt max-size=100k,max-file=3 probe:1 /bin/probe flood 5000000",
    );
    ended(&session, "whole");
    ended(&session, "bounded");
    let line = "x".repeat(63) + "\n";
    let whole = text(&session.coffer(["logs", "whole"]));
    assert_eq!((whole.len(), whole.lines().count()), (5_000_000, 78_125));
    assert!(whole.starts_with(&line) && whole.ends_with(&line));
    let bounded = text(&session.coffer(["logs", "bounded"]));
    let lines = bounded.lines().count();
    assert!((1000..2300).contains(&lines) && bounded == line.repeat(lines), "{lines}");
    assert_eq!(text(&session.coffer(["logs", "--tail", "1500", "whole"])), line.repeat(1500));
}

#[test]
fn privileged_a_log_is_followed_to_the_container_s_end() {
    let session = session();
    run_behind(&session, "--name bell probe:1 /bin/probe signal-wait 3");
    let follower = session.command(["logs", "-f", "bell"]).stdout(Stdio::piped()).spawn().unwrap();
    for signal in ["HUP", "USR1", "WINCH"] {
        let seen = text(&session.coffer(["logs", "bell"])).lines().count();
        done(&mut session.command(["kill", "-s", signal, "bell"]));
        until("the signal is in the log", || text(&session.coffer(["logs", "bell"])).lines().count() > seen);
    }
    let output = follower.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(text(&output), "ready\nSIGHUP\nSIGUSR1\nSIGWINCH\n");
}

#[test]
fn privileged_a_log_is_followed_over_restarts() {
    let session = session();
    run_behind(&session, "--name again --restart on-failure:2 probe:1 /bin/probe cat /nothing");
    let followed = session.coffer(["logs", "-f", "again"]);
    let said = String::from_utf8(followed.stderr).unwrap();
    assert_eq!(said, "coffer-probe: /nothing: ENOENT\n".repeat(3));
}

#[test]
fn privileged_a_log_says_nothing_that_a_terminal_obeys() {
    let session = session();
    let words =
        ["run", "-d", "--name", "sly", "probe:1", "/bin/probe", "echo", "\x1b[31mred\x1b[m\x1b]0;x\x07"];
    done(&mut session.command(words));
    ended(&session, "sly");
    assert_eq!(
        text(&session.coffer(["logs", "sly"])),
        "\x1b[31mred\x1b[m\x1b]0;x\x07\n",
        "a pipe gets the bytes"
    );
    let terminal = harness::Terminal::new(24, 80);
    let mut shown = terminal.start(&session.command(["logs", "sly"]));
    terminal.shows("\x1b[31mred\x1b[m\\u{1b}]0;x\\u{7}");
    assert!(shown.wait().unwrap().success());
}
