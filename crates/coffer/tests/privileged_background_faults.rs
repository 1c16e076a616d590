//! Commands, monitors and containers that are killed at any instant of a life in the background, and many
//! at once: nothing leaks, and the next command works or says what is wrong.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::{Duration, Instant};

use conversation::Session;
use harness::{Traces, entries, find, session, start, text, until, words, works};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// Instants of a command at which it is killed.
const ATTEMPTS: u32 = 16;

fn instants(span: Duration) -> impl Iterator<Item = Duration> {
    // 5 and 16 have no factor in common, so that every step comes once.
    (0..ATTEMPTS).map(move |attempt| span * (attempt * 5 % ATTEMPTS) / ATTEMPTS)
}

fn number(session: &Session, name: &str, field: &str) -> Option<i32> {
    let output = session.coffer(["inspect", name]);
    let data: Value = serde_json::from_slice(&output.stdout).ok()?;
    i32::try_from(find(&data, field)?.as_i64()?).ok()
}

fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

/// Containers that are listed are all that is there: directories, names, ranges of ids.
#[track_caller]
fn is_whole(session: &Session) {
    works(session, "ledger verify");
    let mut listed = BTreeSet::new();
    // What goes on behind a command that was killed may still be on its way.
    until("only listed containers have files", || {
        listed = works(session, "ps -aq --no-trunc").lines().map(str::to_owned).collect();
        entries(&session.root().join("containers")) == listed
    });
    until("every name leads to a container", || {
        let names = entries(&session.root().join("names"));
        names.iter().all(|name| session.coffer(["inspect", name]).status.success())
    });
    assert!(entries(&session.root().join("ranges")).len() <= listed.len());
}

/// Who is killed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Victims {
    /// The command that was typed.
    Command,
    /// It and all that it has begun: the process that becomes a monitor, and monitors.
    Everybody,
}

/// Processes of the session, by their environment.
fn processes(session: &Session) -> Vec<i32> {
    let root = session.root();
    let root = root.to_str().unwrap().as_bytes();
    let pids = entries(std::path::Path::new("/proc")).into_iter().filter_map(|name| name.parse().ok());
    let is_ours = |pid: &i32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.windows(root.len()).any(|part| part == root)
    };
    pids.filter(is_ours).collect()
}

/// Kills at each of the command's instants; `before` and `after` put the container where it has to be.
#[track_caller]
fn killed_at_each_instant(before: &[&str], line: &str, after: &[&str]) {
    for victims in [Victims::Command, Victims::Everybody] {
        kill_at_each_instant(victims, before, line, after);
    }
}

#[track_caller]
fn kill_at_each_instant(victims: Victims, before: &[&str], line: &str, after: &[&str]) {
    let session = session();
    let mut traces = Traces::of(&session);
    before.iter().for_each(|line| drop(works(&session, line)));
    let begun = Instant::now();
    works(&session, line);
    let span = begun.elapsed() * 5 / 4;
    after.iter().for_each(|line| drop(session.coffer(words(line))));
    for instant in instants(span) {
        before.iter().for_each(|line| drop(works(&session, line)));
        let mut child = start(&session, line);
        std::thread::sleep(instant);
        if victims == Victims::Everybody {
            for pid in processes(&session) {
                let _ended_meanwhile = kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL);
            }
        }
        // One that goes on behind its command is its own process by then.
        child.kill().unwrap();
        child.wait().unwrap();
        traces.note();
        is_whole(&session);
        until(&format!("what `{line}` left, killed after {instant:?}, goes"), || {
            after.iter().for_each(|line| drop(session.coffer(words(line))));
            works(&session, "ps -aq").is_empty()
        });
        is_whole(&session);
    }
    traces.are_gone();
}

const RUN: &str = "run -d --name web probe:1 /bin/probe signal-wait";

#[test]
fn privileged_a_run_in_the_background_may_be_killed_at_any_instant() {
    killed_at_each_instant(&[], RUN, &["rm -f web"]);
}

#[test]
fn privileged_a_start_may_be_killed_at_any_instant() {
    let create = "create --name web probe:1 /bin/probe signal-wait";
    killed_at_each_instant(&[create], "start web", &["rm -f web"]);
}

#[test]
fn privileged_a_create_may_be_killed_at_any_instant() {
    killed_at_each_instant(&[], "create --name web probe:1 /bin/probe true", &["rm web"]);
}

#[test]
fn privileged_a_stop_may_be_killed_at_any_instant() {
    killed_at_each_instant(&[RUN], "stop web", &["rm -f web"]);
}

#[test]
fn privileged_a_restart_may_be_killed_at_any_instant() {
    killed_at_each_instant(&[RUN], "restart web", &["rm -f web"]);
}

#[test]
fn privileged_an_exec_may_be_killed_at_any_instant() {
    killed_at_each_instant(&[RUN], "exec web /bin/probe true", &["rm -f web"]);
}

#[test]
fn privileged_a_removal_may_be_killed_at_any_instant() {
    killed_at_each_instant(&[RUN], "rm -f web", &["rm -f web"]);
}

#[test]
fn privileged_a_rename_may_be_killed_at_any_instant() {
    let create = "create --name web probe:1 /bin/probe true";
    killed_at_each_instant(&[create], "rename web other", &["rm web", "rm other"]);
}

#[test]
fn privileged_a_killed_monitor_is_noticed_and_the_container_can_be_started_again() {
    let session = session();
    let mut traces = Traces::of(&session);
    works(&session, RUN);
    let (monitor, pid) =
        (number(&session, "web", "monitor_pid").unwrap(), number(&session, "web", "pid").unwrap());
    kill(monitor);
    until("the container's end", || !std::path::Path::new(&format!("/proc/{pid}")).exists());
    let output = session.coffer(["ps", "-a"]);
    let said = session.said(&output);
    assert!(said.contains("lost its monitor"), "{said}");
    assert!(text(&output).contains("killed"), "{said}");
    works(&session, "start web");
    assert_ne!(number(&session, "web", "pid").unwrap(), pid);
    works(&session, "rm -f web");
    traces.are_gone();
}

#[test]
fn privileged_a_container_killed_from_outside_is_noticed_by_its_monitor() {
    let session = session();
    works(&session, "run -d --name web --restart on-failure:1 probe:1 /bin/probe sleep 100");
    let pid = number(&session, "web", "pid").unwrap();
    kill(pid);
    until("it runs again", || number(&session, "web", "pid").is_some_and(|now| now != pid));
    assert_eq!(number(&session, "web", "restarts"), Some(1));
    works(&session, "rm -f web");
}

#[test]
fn privileged_fifty_run_at_once() {
    let session = session();
    let mut traces = Traces::of(&session);
    let children: Vec<_> = (0..50)
        .map(|number| (number, start(&session, &format!("run --rm probe:1 /bin/probe exit {number}"))))
        .collect();
    for (number, mut child) in children {
        assert_eq!(child.wait().unwrap().code(), Some(number));
    }
    is_whole(&session);
    assert_eq!(works(&session, "ps -aq"), "");
    traces.are_gone();
}

#[test]
fn privileged_two_may_remove_one_container() {
    let session = session();
    for _ in 0..10 {
        works(&session, RUN);
        let mut two: Vec<_> = (0..2).map(|_| start(&session, "rm -f web")).collect();
        let codes: Vec<_> = two.iter_mut().map(|child| child.wait().unwrap().code()).collect();
        assert!(codes.contains(&Some(0)), "{codes:?}");
        assert!(codes.iter().all(|code| matches!(code, Some(0 | 1))), "{codes:?}");
        assert_eq!(works(&session, "ps -aq"), "");
    }
    is_whole(&session);
}

#[test]
fn privileged_a_container_that_leaves_processes_behind_leaves_nothing() {
    let session = session();
    let mut traces = Traces::of(&session);
    // `spawn` starts processes that outlive it, and waits; the first process is killed with all of them.
    works(&session, "run -d --name web probe:1 /bin/probe spawn 5");
    traces.note();
    works(&session, "stop -t 0 web");
    works(&session, "rm web");
    traces.are_gone();
}

#[test]
fn privileged_a_gigabyte_of_output_is_bounded_and_holds_nobody_up() {
    let session = session();
    works(&session, "run -d --name loud probe:1 /bin/probe flood 1000000000");
    let begun = Instant::now();
    works(&session, "wait loud");
    assert!(begun.elapsed() < Duration::from_secs(240));
    let id = works(&session, "ps -aq --no-trunc");
    let directory = session.root().join("containers").join(id.trim());
    let logs = entries(&directory).into_iter().filter(|name| name.starts_with("log.json"));
    let sizes: Vec<u64> = logs.map(|name| std::fs::metadata(directory.join(name)).unwrap().len()).collect();
    assert!(sizes.len() <= 5 && sizes.iter().all(|size| *size <= 11_000_000), "{sizes:?}");
    works(&session, "rm loud");
}

#[test]
fn privileged_whoever_waits_for_the_end_of_output_does_not_wait_for_the_monitor() {
    let session = session();
    let mut command = session.command(words(RUN));
    // `output` waits until every copy of the pipes is closed.
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = command.spawn().unwrap().wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(number(&session, "web", "restarts"), Some(0));
    works(&session, "rm -f web");
}

/// Processes that this one has started.
fn children(parent: i32) -> Vec<i32> {
    let pids = entries(std::path::Path::new("/proc")).into_iter().filter_map(|name| name.parse().ok());
    let is_child = |pid: &i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        fields.into_iter().nth(1) == Some(parent.to_string().as_str())
    };
    pids.filter(is_child).collect()
}

#[test]
fn privileged_a_container_whose_ports_are_lost_gets_others() {
    let session = session();
    let mut traces = Traces::of(&session);
    works(&session, "run -d --name web --restart always -p 80 probe:1 /bin/probe signal-wait");
    let (monitor, pid) =
        (number(&session, "web", "monitor_pid").unwrap(), number(&session, "web", "pid").unwrap());
    let forwarder = children(monitor).into_iter().find(|child| *child != pid).unwrap();
    kill(forwarder);
    until("it runs again", || number(&session, "web", "pid").is_some_and(|now| now != pid));
    assert_ne!(children(monitor).len(), 1);
    works(&session, "rm -f web");
    traces.are_gone();
}
