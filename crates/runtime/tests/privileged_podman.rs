//! Podman runs its containers with our runtime, through conmon: each thing that people do with a container.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod engines;

use std::process::Output;
use std::sync::Arc;

use engines::{Podman, Shared, at_terminal, limit_file, said, until, words};

fn podman() -> Arc<Podman> {
    static PODMAN: Shared<Podman> = Shared::new();
    PODMAN.get(Podman::new)
}

/// In the background, under this name.
fn start(podman: &Podman, name: &str, options: &str, program: &str) {
    podman.prints(&format!("--detach --name {name} {options}"), program);
}

fn exec(podman: &Podman, name: &str, options: &str, program: &str) -> Output {
    podman.says(&words(&format!("exec {options} {name} /bin/probe {program}")))
}

#[test]
fn privileged_a_container_starts_prints_and_ends_with_its_code() {
    let podman = podman();
    assert_eq!(podman.prints("--rm", "echo hello"), "hello\n");
    assert!(podman.prints("--rm --env A=b", "env").contains("A=b\n"));
    assert!(podman.prints("--rm --user 12:34", "id").contains("uid=12 gid=34"));
    assert_eq!(podman.run("--rm", "exit 3").status.code(), Some(3));
}

#[test]
fn privileged_what_is_no_program_gives_126_and_what_is_not_there_127() {
    let podman = podman();
    start(&podman, "codes", "", "sleep 600");
    for (program, expected) in [("nothing", 127), ("/bin/nothing", 127), ("/etc", 126), ("/etc/passwd", 126)]
    {
        let output = podman.says(&["run", "--rm", "--network", "none", "localhost/probe", program]);
        assert_eq!(output.status.code(), Some(expected), "run {program}: {}", said(&output));
        let output = podman.says(&["exec", "codes", program]);
        assert_eq!(output.status.code(), Some(expected), "exec {program}: {}", said(&output));
    }
}

#[test]
fn privileged_exec_runs_inside_with_its_own_user_directory_and_code() {
    let podman = podman();
    start(&podman, "exec", "--env A=b", "sleep 600");
    assert!(said(&exec(&podman, "exec", "--user 12:34", "id")).contains("uid=12 gid=34"));
    assert!(said(&exec(&podman, "exec", "--env C=d", "env")).contains("C=d"));
    assert!(said(&exec(&podman, "exec", "--workdir /etc", "cat passwd")).starts_with("root:"));
    assert_eq!(exec(&podman, "exec", "", "exit 42").status.code(), Some(42));
    assert!(exec(&podman, "exec", "--detach", "sleep 500").status.success());
    assert!(said(&exec(&podman, "exec", "--preserve-fds 0", "true")).is_empty());
}

#[test]
fn privileged_a_log_has_what_was_printed_by_each_start() {
    let podman = podman();
    start(&podman, "logs", "", "echo first line");
    until("it is in the log", || podman.logs("logs") == "first line\n");
    until("it has ended", || podman.inspect("logs", ".State.Status") == "exited");
    podman.works(&["start", "logs"]);
    until("it has said it again", || podman.logs("logs").matches("first line\n").count() == 2);
}

#[test]
fn privileged_stop_sends_its_signal_and_kills_who_does_not_listen() {
    let podman = podman();
    start(&podman, "polite", "--stop-signal USR1", "signal-wait");
    until("it listens", || podman.logs("polite").contains("ready"));
    podman.works(&["stop", "--time", "60", "polite"]);
    assert!(podman.logs("polite").contains("SIGUSR1"));
    assert_eq!(podman.inspect("polite", ".State.ExitCode"), "0");
    start(&podman, "deaf", "", "sleep 600");
    podman.works(&["stop", "--time", "0", "deaf"]);
    assert_eq!(podman.inspect("deaf", ".State.ExitCode"), "137");
    podman.works(&["restart", "--time", "0", "deaf"]);
    assert_eq!(podman.inspect("deaf", ".State.Running"), "true");
    podman.works(&["kill", "--signal", "KILL", "deaf"]);
    assert_eq!(podman.works(&["wait", "deaf"]).trim(), "137");
}

#[test]
fn privileged_a_paused_container_says_nothing_and_goes_on() {
    let podman = podman();
    start(&podman, "paused", "", "tick");
    until("it ticks", || podman.logs("paused").lines().count() > 2);
    podman.works(&["pause", "paused"]);
    assert_eq!(podman.inspect("paused", ".State.Status"), "paused");
    // What it wrote before is on its way into the log.
    std::thread::sleep(std::time::Duration::from_millis(200));
    let before = podman.logs("paused");
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(podman.logs("paused"), before);
    podman.works(&["unpause", "paused"]);
    until("it goes on", || podman.logs("paused").len() > before.len());
}

#[test]
fn privileged_limits_are_those_of_the_kernel() {
    let podman = podman();
    let options = "--memory 64m --memory-swap 64m --pids-limit 33 --cpus 0.5";
    start(&podman, "limited", options, "sleep 600");
    let reads = |file: &str| said(&exec(&podman, "limited", "", &format!("cat {file}"))).trim().to_owned();
    assert_eq!(reads(&limit_file("memory", "limit_in_bytes", "max")), (64 << 20).to_string());
    assert_eq!(reads(&limit_file("pids", "max", "max")), "33");
    assert!(reads(&limit_file("cpu", "cfs_quota_us", "max")).starts_with("50000"));
    let output = podman.run("--rm --memory 32m --memory-swap 32m", "hold 268435456");
    assert_eq!(output.status.code(), Some(137), "{}", said(&output));
    let limits = podman.prints("--rm --ulimit nofile=123:456 --ulimit nproc=99:99", "cat /proc/self/limits");
    assert!(limits.lines().any(|line| words(line).starts_with(&["Max", "open", "files", "123", "456"])));
}

#[test]
fn privileged_a_terminal_has_its_size_and_gives_the_code() {
    let podman = podman();
    let run = |program: &str| {
        let line = format!("run --rm -it --network none localhost/probe /bin/probe {program}");
        at_terminal(&podman.command(&words(&line)))
    };
    assert_eq!(run("exit 5").0, 5);
    let (status, screen) = run("tty");
    assert!(status == 0 && screen.contains("tty "), "{screen}");
    start(&podman, "terminal", "--tty", "sleep 600");
    let (status, screen) = at_terminal(&podman.command(&["exec", "-it", "terminal", "/bin/probe", "tty"]));
    assert!(status == 0 && screen.contains("tty "), "{screen}");
}

#[test]
fn privileged_health_checks_say_how_it_is() {
    let podman = podman();
    let line = "run --detach --name health --network none --health-interval disable --health-retries 1";
    let check = [r#"--health-cmd=["/bin/probe", "cat", "/tmp/ok"]"#, "localhost/probe"];
    let words: Vec<&str> =
        words(line).into_iter().chain(check).chain(["/bin/probe", "sleep", "600"]).collect();
    podman.works(&words);
    assert_eq!(podman.says(&["healthcheck", "run", "health"]).status.code(), Some(1));
    assert_eq!(podman.inspect("health", ".State.Health.Status"), "unhealthy");
    assert!(exec(&podman, "health", "", "write /tmp/ok well").status.success());
    assert_eq!(podman.says(&["healthcheck", "run", "health"]).status.code(), Some(0));
    assert_eq!(podman.inspect("health", ".State.Health.Status"), "healthy");
}

#[test]
fn privileged_a_pod_shares_its_namespaces() {
    let podman = podman();
    podman.change("localhost/infra", r#"CMD ["/bin/probe", "sleep", "600"]"#);
    let infra = "--infra-image localhost/infra --network none";
    podman.works(&words(&format!("pod create --name pod --share pid,ipc,net,uts --hostname h1 {infra}")));
    let run = |program: &str| {
        podman.works(&words(&format!("run --rm --pod pod localhost/probe /bin/probe {program}")))
    };
    assert_eq!(run("cat /proc/sys/kernel/hostname"), "h1\n");
    assert!(!run("cat /proc/1/cmdline").contains("cmdline"), "the first process is that of the pod");
    podman.works(&["pod", "stop", "--time", "0", "pod"]);
}

#[test]
fn privileged_options_of_the_command_line_are_honoured() {
    let podman = podman();
    let status = |options: &str| podman.prints(&format!("--rm {options}"), "cat /proc/self/status");
    assert!(status("--cap-drop ALL --cap-add NET_ADMIN").contains("CapEff:\t0000000000001000"));
    assert!(status("--security-opt no-new-privileges").contains("NoNewPrivs:\t1"));
    assert!(status("").contains("Seccomp:\t2"));
    assert!(!podman.run("--rm --read-only", "write /file text").status.success());
    podman.prints("--rm --read-only", "write /tmp/file text");
    podman.prints("--rm --tmpfs /scratch", "write /scratch/file text");
    let volume = podman.scratch().directory("volume").display().to_string();
    podman.prints(&format!("--rm --volume {volume}:/made/here"), "write /made/here/file text");
    assert!(!podman.run(&format!("--rm --volume {volume}:/v:ro"), "write /v/file other").status.success());
    podman.prints("--rm --device /dev/null:/dev/other:r", "cat /dev/other");
    for options in ["--pid host", "--ipc host", "--uts host", "--cgroupns host", "--cgroupns private"] {
        podman.prints(&format!("--rm {options}"), "true");
    }
    let map = "--uidmap 0:1000000:1000 --gidmap 0:1000000:1000";
    let shown = podman.prints(&format!("--rm {map}"), "cat /proc/self/uid_map");
    assert!(words(&shown).starts_with(&["0", "1000000", "1000"]), "{shown}");
}

#[test]
fn privileged_a_floor_lets_the_defaults_pass_and_refuses_what_gives_the_host_away() {
    let podman = podman();
    let run = |option: &str| {
        let words = ["--runtime-flag=floor=baseline", "run", "--rm", "--network=none", option];
        podman.says(&[&words[..], &["localhost/probe", "/bin/probe", "true"]].concat())
    };
    for option in ["--read-only", "--user=1:1", "--cgroupns=host"] {
        let output = run(option);
        assert!(output.status.success(), "{option}: {}", said(&output));
    }
    for (option, name) in
        [("--privileged", "all-devices"), ("--pid=host", "host-pid"), ("--volume=/root:/r", "host-path")]
    {
        let said = said(&run(option));
        let refused = said.contains("the floor `baseline` of this host refuses container");
        assert!(refused && said.contains(name), "{option}: {said}");
    }
}

#[test]
fn privileged_descriptors_are_passed_on() {
    let podman = podman();
    std::fs::write(podman.scratch().path().join("passed"), "passed on\n").unwrap();
    let run = podman.command(&words(
        "run --rm --network none --preserve-fds 1 localhost/probe /bin/probe cat /proc/self/fd/3",
    ));
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "exec 3<\"$0\"; exec \"$@\""]).arg(podman.scratch().path().join("passed"));
    shell.arg(run.get_program()).args(run.get_args());
    shell.envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
    assert_eq!(engines::done(shell), "passed on\n");
}

#[test]
fn privileged_a_user_s_containers_run_as_root_s_do() {
    let podman = Podman::of_user();
    assert!(podman.prints("--rm", "id").starts_with("uid=0 gid=0"));
    let map = podman.prints("--rm", "cat /proc/self/uid_map");
    assert!(words(&map).starts_with(&["0", "65534", "1", "1", "2000000"]), "{map}");
    assert_eq!(podman.run("--rm", "exit 3").status.code(), Some(3));
    start(&podman, "users", "", "sleep 600");
    assert_eq!(exec(&podman, "users", "", "exit 42").status.code(), Some(42));
    assert!(said(&exec(&podman, "users", "--user 12:34", "id")).contains("uid=12 gid=34"));
    podman.works(&["stop", "--time", "0", "users"]);
    assert_eq!(podman.inspect("users", ".State.ExitCode"), "137");
}
