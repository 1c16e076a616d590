//! A container's life from one command to the next, as engines lead it.

mod harness;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use harness::{Bundle, is_alive, said, until};
use serde_json::{Value, json};

#[test]
fn privileged_a_container_is_created_started_ended_and_deleted() {
    let bundle = Bundle::new(&["signal-wait"], |spec| spec["annotations"] = json!({ "a": "b" }));
    let pid_file = bundle.path("pid");
    bundle.works(&["create", "--pid-file", pid_file.to_str().unwrap(), &bundle.id]);
    let state = bundle.state();
    assert_eq!(state["status"], "created");
    assert_eq!(state["pid"].to_string(), std::fs::read_to_string(&pid_file).unwrap());
    assert_eq!((&state["annotations"]["a"], &state["owner"]), (&json!("b"), &json!("root")));
    let comm = |pid: i32| std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap();
    let pid = bundle.pid();
    bundle.works(&["start", &bundle.id]);
    assert_eq!((bundle.status().as_str(), comm(pid).as_str()), ("running", "probe\n"));
    let twice = bundle.fails(&["start", &bundle.id]);
    assert_eq!(twice, format!("cannot start container `{}`: it is running", bundle.id));
    let running = bundle.fails(&["delete", &bundle.id]);
    assert_eq!(running, format!("cannot delete container `{}`: it is running", bundle.id));
    bundle.works(&["kill", &bundle.id, "TERM"]);
    bundle.wait_for("stopped");
    assert_eq!(bundle.state()["pid"], 0);
    assert!(bundle.fails(&["kill", &bundle.id]).starts_with("container not running"));
    bundle.works(&["kill", "--all", &bundle.id, "KILL"]);
    bundle.works(&["delete", &bundle.id]);
    bundle.expect_nothing();
    bundle.works(&["delete", "--force", &bundle.id]);
    assert!(bundle.fails(&["delete", &bundle.id]).ends_with("does not exist"));
}

#[test]
fn privileged_one_that_was_never_started_is_deleted_at_once() {
    let bundle = Bundle::new(&["true"], |_| {});
    bundle.works(&["create", &bundle.id]);
    let pid = bundle.pid();
    bundle.works(&["delete", &bundle.id]);
    assert!(!is_alive(pid));
    bundle.expect_nothing();
}

#[test]
fn privileged_run_ends_as_its_program_does() {
    let bundle = Bundle::new(&["exit", "7"], |_| {});
    assert_eq!(bundle.runtime(&["run", &bundle.id]).status.code(), Some(7));
    bundle.expect_nothing();
    bundle.change(|spec| spec["process"]["args"] = json!(["/bin/nothing"]));
    let output = bundle.runtime(&["run", &bundle.id]);
    assert_eq!(output.status.code(), Some(127), "{}", said(&output));
    bundle.change(|spec| spec["process"]["args"] = json!(["/etc"]));
    let output = bundle.runtime(&["run", &bundle.id]);
    assert_eq!(output.status.code(), Some(126), "{}", said(&output));
    bundle.change(|spec| spec["process"]["args"] = json!(["/bin/probe", "echo", "here"]));
    assert_eq!(bundle.works(&["run", "--keep", &bundle.id]), "here\n");
    assert_eq!(bundle.status(), "stopped");
}

#[test]
fn privileged_run_goes_on_alone_where_it_is_told_to() {
    let bundle = Bundle::new(&["sleep", "60"], |_| {});
    let pid_file = bundle.path("pid");
    bundle.works(&["run", "--detach", "--pid-file", pid_file.to_str().unwrap(), &bundle.id]);
    assert_eq!(bundle.pid().to_string(), std::fs::read_to_string(&pid_file).unwrap());
    assert_eq!(bundle.status(), "running");
}

#[test]
fn privileged_signals_of_the_command_are_the_program_s() {
    let bundle = Bundle::new(&["signal-wait", "2"], |_| {});
    let mut child = bundle.command(&["run", &bundle.id]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    until("the container runs", || {
        bundle.runtime(&["state", &bundle.id]).status.success() && bundle.status() == "running"
    });
    let pid = rustix::process::Pid::from_child(&child);
    let mut heard = Vec::new();
    for signal in [rustix::process::Signal::USR1, rustix::process::Signal::TERM] {
        // The first that the program has said is that it waits.
        if heard.is_empty() {
            heard.push(lines.next().unwrap().unwrap());
        }
        rustix::process::kill_process(pid, signal).unwrap();
        heard.push(lines.next().unwrap().unwrap());
    }
    assert!(heard.join(" ").contains("USR1") && heard.join(" ").contains("TERM"), "{heard:?}");
    assert!(child.wait().unwrap().success());
}

#[test]
fn privileged_exec_runs_one_more_program() {
    let bundle = Bundle::new(&["sleep", "60"], |_| {});
    std::fs::write(bundle.path("bundle/rootfs/etc/passwd"), "root:x:0:0::/root:\nann:x:7:7::/home/ann:\n")
        .unwrap();
    bundle.works(&["create", &bundle.id]);
    let id = bundle.id.as_str();
    assert_eq!(bundle.works(&["exec", id, "/bin/probe", "echo", "before"]), "before\n");
    bundle.works(&["start", id]);
    assert_eq!(bundle.runtime(&["exec", id, "/bin/probe", "exit", "9"]).status.code(), Some(9));
    assert_eq!(bundle.runtime(&["exec", id, "nothing"]).status.code(), Some(127));
    assert_eq!(bundle.runtime(&["exec", id, "/etc"]).status.code(), Some(126));
    let ids = bundle.works(&["exec", "--user", "7:8", "--additional-gids", "9", id, "/bin/probe", "id"]);
    assert!(ids.contains('7') && ids.contains('8') && ids.contains('9'), "{ids}");
    let env = bundle.works(&["exec", "--user", "7", "--env", "A=1", id, "/bin/probe", "env"]);
    assert!(env.lines().any(|line| line == "A=1") && env.contains("HOME=/home/ann\n"), "{env}");
    let process = bundle.path("process.json");
    let text = json!({ "args": ["/bin/probe", "echo", "file"], "cwd": "/", "user": { "uid": 0, "gid": 0 } });
    std::fs::write(&process, text.to_string()).unwrap();
    assert_eq!(bundle.works(&["exec", "--process", process.to_str().unwrap(), id]), "file\n");
    let pid_file = bundle.path("pid");
    let line =
        ["exec", "--detach", "--pid-file", pid_file.to_str().unwrap(), id, "/bin/probe", "sleep", "60"];
    bundle.works(&line);
    let pid: i32 = std::fs::read_to_string(&pid_file).unwrap().parse().unwrap();
    assert!(is_alive(pid));
    bundle.works(&["kill", id, "KILL"]);
    bundle.wait_for("stopped");
    until("it takes the other along", || !is_alive(pid));
    assert!(bundle.fails(&["exec", id, "/bin/probe", "true"]).starts_with("container not running"));
}

#[test]
fn privileged_a_paused_container_does_nothing_until_it_goes_on() {
    let bundle = Bundle::new(&["sleep", "60"], |_| {});
    let id = bundle.running().id.as_str();
    bundle.works(&["pause", id]);
    assert_eq!(bundle.status(), "paused");
    assert_eq!(bundle.fails(&["pause", id]), format!("cannot pause container `{id}`: it is paused"));
    let refused = bundle.fails(&["exec", id, "/bin/probe", "true"]);
    assert_eq!(refused, format!("cannot exec in container `{id}`: it is paused"));
    let waiting = bundle.command(&["exec", "--ignore-paused", id, "/bin/probe", "exit", "5"]).spawn();
    let mut waiting = waiting.unwrap();
    bundle.works(&["resume", id]);
    assert_eq!(waiting.wait().unwrap().code(), Some(5));
    assert_eq!(bundle.fails(&["resume", id]), format!("cannot resume container `{id}`: it is running"));
    bundle.works(&["pause", id]);
    bundle.works(&["kill", id, "KILL"]);
    bundle.wait_for("stopped");
    assert!(bundle.fails(&["pause", id]).starts_with("container not running"));
}

#[test]
fn privileged_containers_and_their_processes_are_listed() {
    let bundle = Bundle::new(&["spawn", "2"], |_| {});
    let id = bundle.running().id.as_str();
    let table = bundle.works(&["list"]);
    let mut lines = table.lines();
    assert!(
        lines.next().unwrap().split_whitespace().eq(["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"])
    );
    let row: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
    assert_eq!((row[0], row[2], row[5]), (id, "running", "root"), "{table}");
    let json: Value = serde_json::from_str(&bundle.works(&["list", "--format", "json"])).unwrap();
    assert_eq!(json[0], bundle.state());
    assert_eq!(bundle.works(&["list", "-q"]), format!("{id}\n"));
    let pids =
        || -> Vec<i32> { serde_json::from_str(&bundle.works(&["ps", "--format", "json", id])).unwrap() };
    until("three processes", || pids().len() == 3);
    assert_eq!(pids()[0], bundle.pid());
    let listing = bundle.works(&["ps", id]);
    assert_eq!(listing.lines().count(), 4, "{listing}");
    let listing = bundle.works(&["ps", id, "-eo", "pid,args"]);
    let rows = listing.lines().skip(1);
    assert!(rows.clone().count() == 3 && rows.clone().any(|row| row.ends_with("sleep 3600")), "{listing}");
    assert!(bundle.fails(&["ps", id, "-eo", "comm"]).contains("no column PID"));
}

#[test]
fn privileged_limits_are_changed_while_it_runs() {
    let bundle = Bundle::new(&["sleep", "60"], |_| {});
    let id = bundle.running().id.as_str();
    let stats = || -> Value { serde_json::from_str(&bundle.works(&["events", "--stats", id])).unwrap() };
    let before = stats();
    assert_eq!((&before["type"], &before["id"]), (&json!("stats"), &json!(id)));
    assert_eq!(before["data"]["pids"], json!({ "current": 1, "limit": 2048 }));
    bundle.works(&["update", "--pids-limit", "50", "--memory", "64m", id]);
    let after = stats();
    assert_eq!(after["data"]["pids"]["limit"], 50);
    assert_eq!(after["data"]["memory"]["usage"]["limit"], 64 << 20);
    let mut command = bundle.command(&["update", "--resources", "-", id]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(br#"{"pids":{"limit":60},"memory":{"limit":0}}"#).unwrap();
    assert!(child.wait().unwrap().success());
    let after = stats();
    assert_eq!(after["data"]["pids"]["limit"], 60);
    assert_eq!(after["data"]["memory"]["usage"]["limit"], 64 << 20);
    assert!(bundle.fails(&["update", id]).starts_with("which limits?"));
    let refused = bundle.fails(&["--floor", "restricted", "update", "--pids-limit", "-1", id]);
    assert!(refused.contains("unlimited-pids"), "{refused}");
    assert!(bundle.fails(&["update", "--l3-cache-schema", "L3:0=f", id]).contains("not supported"));
    let other = bundle.path("devices.json");
    std::fs::write(&other, r#"{"devices":[{"allow":true,"access":"rwm"}]}"#).unwrap();
    assert!(bundle.fails(&["update", "-r", other.to_str().unwrap(), id]).contains("other devices"));
}

#[test]
fn privileged_events_end_with_the_container() {
    let bundle = Bundle::new(&["sleep", "60"], |_| {});
    let id = bundle.running().id.as_str();
    let line = ["events", "--interval", "50ms", id];
    let mut child = bundle.command(&line).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..2 {
        let event: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(event["type"], "stats");
        assert!(event["data"]["cpu"]["usage"]["total"].as_u64().unwrap() > 0);
    }
    bundle.works(&["kill", id, "KILL"]);
    assert!(child.wait().unwrap().success());
    assert!(bundle.fails(&["events", "--stats", id]).starts_with("container not running"));
    // Whoever stops reading ends it too.
    let bundle = Bundle::new(&["sleep", "60"], |_| {});
    let line = ["events", "--interval", "50ms", &bundle.running().id];
    let mut child = bundle.command(&line).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn privileged_a_lack_of_memory_is_an_event() {
    let bundle = Bundle::new(&["hold", "200000000"], |spec| {
        spec["linux"]["resources"]["memory"] = json!({ "limit": 16 << 20, "swap": 16 << 20 });
    });
    let id = bundle.id.as_str();
    bundle.works(&["create", id]);
    let mut child = bundle.command(&["events", id]).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // It watches when it reads the end of the container's file.
    std::thread::sleep(std::time::Duration::from_millis(300));
    bundle.works(&["start", id]);
    let events: Vec<String> = lines.map(Result::unwrap).collect();
    assert!(child.wait().unwrap().success());
    assert_eq!(events.first().unwrap(), &format!("{{\"type\":\"oom\",\"id\":\"{id}\"}}"));
    assert_eq!(bundle.status(), "stopped");
}

#[test]
fn privileged_of_two_commands_at_once_one_is_too_late() {
    let bundle = Bundle::new(&["sleep", "60"], |_| {});
    let id = bundle.id.as_str();
    let both = |words: &[&str]| {
        let children =
            [0, 1].map(|_| bundle.command(words).stderr(Stdio::null()).stdout(Stdio::null()).spawn());
        let codes = children.map(|child| child.unwrap().wait().unwrap().code().unwrap());
        codes.iter().sum::<i32>()
    };
    assert_eq!(both(&["create", id]), 1);
    assert_eq!(both(&["start", id]), 1);
    assert_eq!(bundle.status(), "running");
    assert_eq!(both(&["delete", "--force", id]), 0);
    bundle.expect_nothing();
}

#[test]
fn privileged_whoever_shares_pids_with_others_is_ended_with_all_its_processes() {
    let shared = |spec: &mut Value| {
        let namespaces = spec["linux"]["namespaces"].as_array_mut().unwrap();
        namespaces.retain(|space| space["type"] != "pid");
    };
    let bundle = Bundle::new(&["spawn", "3"], shared);
    let id = bundle.running().id.as_str();
    let pids = || -> Vec<i32> { serde_json::from_str(&bundle.works(&["ps", "-f", "json", id])).unwrap() };
    until("four processes", || pids().len() == 4);
    let all = pids();
    bundle.works(&["kill", id, "KILL"]);
    until("all have ended", || !all.iter().any(|pid| is_alive(*pid)));
    bundle.works(&["delete", id]);
    bundle.expect_nothing();
    // The first process has ended by itself, and the others have not.
    let bundle = Bundle::new(&["spawn", "3"], shared);
    let id = bundle.running().id.as_str();
    let pids = || -> Vec<i32> { serde_json::from_str(&bundle.works(&["ps", "-f", "json", id])).unwrap() };
    until("four processes", || pids().len() == 4);
    let all = pids();
    let first = rustix::process::Pid::from_raw(bundle.pid()).unwrap();
    rustix::process::kill_process(first, rustix::process::Signal::KILL).unwrap();
    bundle.wait_for("stopped");
    bundle.works(&["delete", id]);
    assert!(!all.iter().any(|pid| is_alive(*pid)));
    bundle.expect_nothing();
}

#[test]
fn privileged_exec_joins_a_group_that_the_container_has_made() {
    let bundle = Bundle::new(&["sleep", "60"], |_| {});
    let id = bundle.running().id.as_str();
    for group in bundle.groups() {
        std::fs::create_dir(group.join("inner")).unwrap();
        // Those that want to be told which processors they have are told.
        for file in ["cpuset.cpus", "cpuset.mems"].iter().filter(|file| group.join(file).exists()) {
            std::fs::copy(group.join(file), group.join("inner").join(file)).unwrap();
        }
    }
    let shown = bundle.works(&["exec", "--cgroup", "inner", id, "/bin/probe", "cat", "/proc/self/cgroup"]);
    assert!(shown.lines().any(|line| line.ends_with("/inner")), "{shown}");
    for wrong in ["../x", "/", "cpu:/inner"] {
        let refused = bundle.runtime(&["exec", "--cgroup", wrong, id, "/bin/probe", "true"]);
        assert_eq!(refused.status.code(), Some(1), "{wrong}");
    }
    assert_eq!(
        bundle.runtime(&["exec", "--cgroup", "none", id, "/bin/probe", "true"]).status.code(),
        Some(1)
    );
    bundle.works(&["delete", "--force", id]);
    bundle.expect_nothing();
}
