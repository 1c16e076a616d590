//! containerd runs its tasks with our runtime, through its own shim: each thing that `ctr` can do to one.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod engines;

use std::sync::Arc;

use engines::{Containerd, Shared, at_terminal, said, until, words};

fn containerd() -> Arc<Containerd> {
    static CONTAINERD: Shared<Containerd> = Shared::new();
    CONTAINERD.get(Containerd::start)
}

#[test]
fn privileged_a_task_starts_prints_and_ends_with_its_code() {
    let containerd = containerd();
    let output = containerd.run("--rm", "prints", "echo hello");
    assert_eq!(said(&output), "hello\n");
    assert_eq!(containerd.run("--rm", "code", "exit 3").status.code(), Some(3));
    let status = said(&containerd.run("--rm --seccomp", "status", "cat /proc/self/status"));
    assert!(status.contains("NoNewPrivs:\t1") && status.contains("Seccomp:\t2"), "{status}");
    let line = containerd.line("--rm", "nothing", "true").replace("/bin/probe", "/bin/nothing");
    let output = containerd.says(&words(&line));
    assert!(said(&output).contains("no such file or directory"), "{}", said(&output));
}

#[test]
fn privileged_exec_runs_inside_with_its_own_directory_and_code() {
    let containerd = containerd();
    let task = containerd.task("", "exec", "sleep 600");
    assert!(said(&task.exec("user", "--user 12:34", "id")).contains("uid=12 gid=34"));
    assert!(said(&task.exec("directory", "--cwd /etc", "cat passwd")).starts_with("root:"));
    assert_eq!(task.exec("code", "", "exit 42").status.code(), Some(42));
    let processes = containerd.works(&["tasks", "ps", &task.name]);
    assert!(processes.contains(&task.pid().to_string()), "{processes}");
}

#[test]
fn privileged_a_signal_ends_a_task_and_it_can_be_started_again() {
    let containerd = containerd();
    let task = containerd.task("", "signals", "signal-wait");
    until("it listens and has ended", || {
        drop(containerd.says(&["tasks", "kill", "--signal", "SIGTERM", &task.name]));
        task.status() == "STOPPED"
    });
    assert!(containerd.says(&["tasks", "delete", &task.name]).status.success());
    containerd.works(&["tasks", "start", "--detach", &task.name]);
    assert_eq!(task.status(), "RUNNING");
}

#[test]
fn privileged_a_paused_task_uses_no_time_and_goes_on() {
    let containerd = containerd();
    let task = containerd.task("", "paused", "burn");
    containerd.works(&["tasks", "pause", &task.name]);
    assert_eq!(task.status(), "PAUSED");
    let time = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", task.pid())).unwrap();
        words(stat.rsplit(')').next().unwrap()).get(11).unwrap().parse::<u64>().unwrap()
    };
    let before = time();
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(time(), before);
    containerd.works(&["tasks", "resume", &task.name]);
    assert_eq!(task.status(), "RUNNING");
    until("it goes on", || time() > before);
}

#[test]
fn privileged_limits_are_those_of_the_kernel_and_are_measured() {
    let containerd = containerd();
    let task = containerd.task("--memory-limit 67108864", "limited", "hold 1048576");
    let groups = std::fs::read_to_string(format!("/proc/{}/cgroup", task.pid())).unwrap();
    let of = |controllers: &str| {
        let line = groups.lines().find(|line| line.split(':').nth(1) == Some(controllers)).unwrap();
        line.splitn(3, ':').nth(2).unwrap().to_owned()
    };
    let limit = if groups.contains(":memory:") {
        format!("/sys/fs/cgroup/memory{}/memory.limit_in_bytes", of("memory"))
    } else {
        format!("/sys/fs/cgroup{}/memory.max", of(""))
    };
    assert_eq!(std::fs::read_to_string(limit).unwrap().trim(), (64 << 20).to_string());
    assert!(groups.contains(&format!("/{}/limited", containerd.scratch().name())), "{groups}");
    // Not every host gives containerd its numbers; what runc's tasks have, ours have.
    let line = containerd.line_with("runc", "--detach", "measured", "hold 1048576");
    containerd.works(&words(&line));
    let theirs = containerd.named("measured");
    let has_numbers = |name: &str| containerd.says(&["tasks", "metrics", name]).status.success();
    assert_eq!(has_numbers(&task.name), has_numbers(&theirs.name));
}

#[test]
fn privileged_a_terminal_is_one_inside() {
    let containerd = containerd();
    let line = containerd.line("--rm --tty", "terminal", "tty");
    let (status, screen) = at_terminal(&containerd.command(&words(&line)));
    assert!(status == 0 && screen.contains("tty "), "{screen}");
    let task = containerd.task("", "still", "sleep 600");
    let line = format!("tasks exec --exec-id t --tty {} /bin/probe tty", task.name);
    let (status, screen) = at_terminal(&containerd.command(&words(&line)));
    assert!(status == 0 && screen.contains("tty "), "{screen}");
}
