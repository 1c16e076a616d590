//! Containers in the background: their whole life as a person types it, and what their monitors do while
//! nobody looks.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use std::time::{Duration, Instant};

use conversation::Session;
use harness::{PATIENCE, Terminal, Traces, find, session, until, words, works};
use serde_json::Value;

fn inspected(session: &Session, name: &str) -> Value {
    let output = session.coffer(["inspect", name]);
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

fn field(session: &Session, name: &str, field: &str) -> Value {
    find(&inspected(session, name), field).cloned().unwrap_or_default()
}

fn comes_to(session: &Session, name: &str, status: &str) {
    until(&format!("{name} is {status}"), || field(session, name, "status") == status);
}

#[test]
fn privileged_a_container_lives_in_the_background() {
    let session = session();
    let mut traces = Traces::of(&session);
    session.holds(
        "
$ coffer run -d --name web probe:1 /bin/probe signal-wait
ID
$ coffer start web
coffer: container `web` runs already [E-state-running-already]
  `coffer restart web` ends it and starts it again
exit 125
$ coffer rm web
coffer: container ID is running [E-state-running]
  end it first, or remove it all the same: `coffer rm -f ID`
exit 1
$ coffer rename web site
$ coffer stop site
site
$ coffer wait site
0
$ coffer logs site
ready
SIGTERM
$ coffer start site
site
$ coffer restart site
site
$ coffer kill -s KILL site
site
$ coffer wait site
137
$ coffer kill site
coffer: container `site` does not run [E-state-not-running]
  start it with `coffer start site`
exit 1
$ coffer rm site
site
$ coffer stop site
coffer: there is no container `site` [E-state-unknown]
  `coffer ps -a` lists the containers
exit 1
",
    );
    traces.are_gone();
}

#[test]
fn privileged_a_container_is_made_first_and_started_later() {
    let session = session();
    session.holds(
        "
$ coffer create --name job probe:1 /bin/probe echo done
ID
$ coffer ps -aq --filter status=created
ID
$ coffer start -a job
done
$ coffer start job nobody
job
coffer: there is no container `nobody` [E-state-unknown]
  `coffer ps -a` lists the containers
exit 125
$ coffer wait job
0
$ coffer create --name job probe:1 /bin/probe true
coffer: the name `job` is in use by container ID [E-state-name-in-use]
  remove that container with `coffer rm job`, or take another name
exit 125
$ coffer run --restart always probe:1 /bin/probe true
coffer: `--restart` is for containers in the background [E-cli-usage]
  add `-d`: a monitor looks after it then; `coffer attach` shows what it prints
exit 125
$ coffer rm job
job
",
    );
}

#[test]
fn privileged_what_it_wrote_is_there_after_a_restart() {
    let session = session();
    works(&session, "run -d --name web probe:1 /bin/probe signal-wait");
    works(&session, "exec web /bin/probe write /kept something");
    works(&session, "restart web");
    assert_eq!(works(&session, "exec web /bin/probe cat /kept"), "something\n");
    works(&session, "stop web");
    works(&session, "start web");
    assert_eq!(works(&session, "exec web /bin/probe cat /kept"), "something\n");
    works(&session, "rm -f web");
}

#[test]
fn privileged_a_container_that_fails_is_started_again_so_often() {
    let session = session();
    works(&session, "run -d --name job --restart on-failure:2 probe:1 /bin/probe exit 3");
    comes_to(&session, "job", "exited");
    assert_eq!(field(&session, "job", "restarts"), 2);
    assert_eq!(field(&session, "job", "exit_code"), 3);
    let restarts = works(&session, "ledger show --filter kind=restart --format json");
    assert_eq!(serde_json::from_str::<Vec<Value>>(&restarts).unwrap().len(), 2);
    // Each start had a permit of its own.
    let permits = works(&session, "ledger show --filter kind=permit --format json");
    assert_eq!(serde_json::from_str::<Vec<Value>>(&permits).unwrap().len(), 3);
}

#[test]
fn privileged_a_container_that_is_to_run_always_stops_when_it_is_told_to() {
    let session = session();
    let mut traces = Traces::of(&session);
    works(&session, "run -d --name loop --restart always probe:1 /bin/probe exit 1");
    comes_to(&session, "loop", "restarting");
    let begun = Instant::now();
    works(&session, "stop loop");
    assert!(begun.elapsed() < PATIENCE);
    assert_eq!(field(&session, "loop", "status"), "exited");
    works(&session, "rm loop");
    traces.are_gone();
}

#[test]
fn privileged_health_is_asked_for_and_acted_on() {
    let session = session();
    let check = "--health-interval 200ms --health-retries 2 --health-cmd";
    let line = format!("run -d --name well {check} ID probe:1 /bin/probe sleep 100");
    let line: Vec<&str> =
        words(&line).into_iter().map(|w| if w == "ID" { "/bin/probe true" } else { w }).collect();
    assert!(session.coffer(line).status.success());
    // The probe's image has no shell, so that the check cannot be executed.
    until("it is unhealthy", || field(&session, "well", "health") == "unhealthy");
    let health = works(&session, "ledger show --filter kind=health --format json");
    assert_eq!(serde_json::from_str::<Vec<Value>>(&health).unwrap().len(), 1);
    assert_eq!(works(&session, "ps -q --filter health=unhealthy").lines().count(), 1);
    works(&session, "rm -f well");
}

#[test]
fn privileged_an_unhealthy_container_is_restarted_if_that_is_asked_for() {
    let session = session();
    let mut line =
        words("run -d --name ill --health-interval 200ms --health-retries 1 --health-on-failure restart");
    line.extend(["--health-cmd", "/bin/probe false", "probe:1", "/bin/probe", "signal-wait"]);
    assert!(session.coffer(line).status.success());
    let first = field(&session, "ill", "pid");
    until("it has another first process", || {
        let now = field(&session, "ill", "pid");
        now.is_i64() && now != first
    });
    works(&session, "rm -f ill");
}

#[test]
fn privileged_a_container_that_does_not_listen_is_killed() {
    let session = session();
    // It hears SIGTERM and goes on.
    works(&session, "run -d --name deaf probe:1 /bin/probe signal-wait 5");
    until("it listens", || works(&session, "logs deaf").contains("ready"));
    let begun = Instant::now();
    works(&session, "stop -t 1 deaf");
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(field(&session, "deaf", "exit_code"), 137);
    assert!(works(&session, "logs deaf").contains("SIGTERM"));
    // It has no handler: the signal would never arrive, and nobody waits for that.
    works(&session, "run -d --name sleeper probe:1 /bin/probe sleep 100");
    let begun = Instant::now();
    works(&session, "stop -t 600 sleeper");
    assert!(begun.elapsed() < PATIENCE);
}

#[test]
fn privileged_whoever_attaches_sees_output_and_gets_the_exit_code() {
    let session = session();
    works(&session, "run -d --name web probe:1 /bin/probe signal-wait 2");
    until("it listens", || works(&session, "logs web").contains("ready"));
    let mut attach = session.command(["attach", "web"]);
    attach.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::piped());
    let mut attach = attach.spawn().unwrap();
    until("somebody is attached", || {
        // Two of them end it, which its log may tell later.
        session.coffer(words("kill -s HUP web"));
        works(&session, "logs web").lines().count() > 2
    });
    let status = attach.wait().unwrap();
    assert_eq!(status.code(), Some(0));
    session.holds(
        "
$ coffer attach web
coffer: container `web` does not run [E-state-not-running]
  start it with `coffer start web`
exit 1
",
    );
}

#[test]
fn privileged_a_terminal_is_left_and_found_again() {
    let session = session();
    let terminal = Terminal::new(24, 80);
    let run = session.command(words("run -it --name box probe:1 /bin/probe signal-wait 2"));
    let mut run = terminal.start(&run);
    terminal.shows("ready");
    terminal.types(b"\x10\x11");
    assert_eq!(run.wait().unwrap().code(), Some(0));
    assert!(terminal.is_cooked());
    assert_eq!(field(&session, "box", "status"), "running");
    let other = Terminal::new(30, 100);
    let mut attach = other.start(&session.command(["attach", "box"]));
    until("the terminal has the new size", || {
        let pid = field(&session, "box", "pid").as_i64().unwrap();
        harness::size_of(i32::try_from(pid).unwrap()) == Some((30, 100))
    });
    // Ctrl-C is a key there, and a signal for its foreground process.
    other.types(b"\x03");
    other.shows("SIGINT");
    other.types(b"\x03");
    assert_eq!(attach.wait().unwrap().code(), Some(0));
    assert!(other.is_cooked());
    works(&session, "rm box");
}

#[test]
fn privileged_the_id_is_written_where_it_is_asked_for() {
    let session = session();
    let id = works(&session, "run -d --name web --cidfile id probe:1 /bin/probe sleep 100");
    assert_eq!(std::fs::read_to_string(session.work().join("id")).unwrap(), id.trim());
    let again = session.coffer(words("run -d --cidfile id probe:1 /bin/probe true"));
    assert_eq!(again.status.code(), Some(125));
    works(&session, "rm -f web");
}

#[test]
fn privileged_a_monitor_shows_no_command_line_that_was_typed() {
    let session = session();
    works(&session, "run -d --name web -e PASSWORD=hunter2 probe:1 /bin/probe sleep 100");
    let pid = field(&session, "web", "monitor_pid");
    let typed = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap();
    assert!(typed.starts_with("coffer-monitor") && !typed.contains("hunter2"), "{typed:?}");
    works(&session, "rm -f web");
}
