//! Docker Engine runs its containers with our runtime: each thing that people do with a container, through
//! the client that they type at.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod engines;

use std::sync::Arc;

use engines::{Docker, Image, Shared, at_terminal, limit_file, said, until, words};

fn docker() -> Arc<Docker> {
    static DOCKER: Shared<Docker> = Shared::new();
    DOCKER.get(Docker::start)
}

fn code(output: &std::process::Output) -> Option<i32> {
    output.status.code()
}

#[test]
fn privileged_a_container_starts_prints_and_ends_with_its_code() {
    let docker = docker();
    assert_eq!(docker.prints("--hostname h1 --env A=b", "echo hello"), "hello\n");
    assert!(docker.prints("--env A=b --hostname h1", "env").contains("A=b\n"));
    assert_eq!(docker.prints("--hostname h1", "cat /etc/hostname"), "h1\n");
    assert_eq!(code(&docker.run("", "exit 3")), Some(3));
    assert!(docker.prints("--user 12:34 --group-add 56", "id").contains("uid=12 gid=34"));
    let output = docker.run("", "cat /nothing");
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nothing"), "{}", said(&output));
    assert_eq!(code(&output), Some(1));
}

#[test]
fn privileged_what_is_no_program_gives_126_and_what_is_not_there_127() {
    let docker = docker();
    for (program, expected) in [("nothing", 127), ("/bin/nothing", 127), ("/etc", 126), ("/etc/passwd", 126)]
    {
        let output = docker.says(&["run", "--rm", "--network", "none", "probe", program]);
        assert_eq!(code(&output), Some(expected), "{program}: {}", said(&output));
    }
    let container = docker.container("codes", "", "sleep 600");
    for program in ["nothing", "/bin/nothing", "/etc", "/etc/passwd"] {
        let output = docker.says(&["exec", &container.name, program]);
        // This is what Docker makes of it, whatever the runtime.
        assert!(matches!(code(&output), Some(126 | 127)), "{program}: {}", said(&output));
    }
    assert_eq!(container.inspect(".State.Running"), "true");
}

/// It is found out when everything else is done: by then the engine has a task, whose shim has to go.
#[test]
fn privileged_a_program_of_no_format_leaves_nothing() {
    let docker = docker();
    docker.import("formless", &Image::new(docker.scratch()).program("bin/formless", "no format"));
    for number in 0..5 {
        let name = format!("formless-{number}");
        let line = format!("run --name {name} --network none formless /bin/formless");
        let output = docker.says(&words(&line));
        assert!(!output.status.success() && said(&output).contains("exec format error"), "{}", said(&output));
        let container = docker.named(&name);
        let id = container.inspect(".Id");
        until("its shim has ended", || !docker.scratch().has_process_with(&id));
    }
}

#[test]
fn privileged_exec_runs_inside_with_its_own_user_directory_and_code() {
    let docker = docker();
    let container = docker.container("exec", "--env A=b", "sleep 600");
    assert!(said(&container.exec("--user 12:34", "id")).contains("uid=12 gid=34"));
    assert!(said(&container.exec("--env C=d", "env")).contains("A=b"));
    assert!(said(&container.exec("--workdir /etc", "cat passwd")).starts_with("root:"));
    assert_eq!(code(&container.exec("", "exit 42")), Some(42));
    assert_eq!(code(&container.exec("--detach", "sleep 500")), Some(0));
    until("what was left behind runs", || {
        said(&docker.says(&["top", &container.name])).contains("sleep 500")
    });
    let first = said(&container.exec("", "cat /proc/1/cgroup"));
    assert_eq!(said(&container.exec("", "cat /proc/self/cgroup")), first);
}

#[test]
fn privileged_a_log_has_what_was_printed() {
    let docker = docker();
    let container = docker.container("logs", "", "echo first line");
    container.shows("first line");
    until("it has ended", || container.inspect(".State.Status") == "exited");
    assert_eq!(container.logs(), "first line\n");
    docker.works(&["start", &container.name]);
    until("it has said it again", || container.logs() == "first line\nfirst line\n");
}

#[test]
fn privileged_stop_sends_its_signal_and_kills_who_does_not_listen() {
    let docker = docker();
    let polite = docker.container("polite", "--stop-signal USR1", "signal-wait");
    polite.shows("ready");
    docker.works(&["stop", "--time", "60", &polite.name]);
    assert!(polite.logs().contains("SIGUSR1"));
    assert_eq!(polite.inspect(".State.ExitCode"), "0");
    let deaf = docker.container("deaf", "", "sleep 600");
    docker.works(&["stop", "--time", "0", &deaf.name]);
    assert_eq!(deaf.inspect(".State.ExitCode"), "137");
    docker.works(&["start", &deaf.name]);
    docker.works(&["kill", &deaf.name]);
    until("it is dead", || deaf.inspect(".State.Status") == "exited");
}

#[test]
fn privileged_a_container_is_started_again_by_hand_and_by_its_policy() {
    let docker = docker();
    let container = docker.container("again", "", "sleep 600");
    let first = container.inspect(".State.Pid");
    docker.works(&["restart", "--time", "0", &container.name]);
    assert_eq!(container.inspect(".State.Running"), "true");
    assert_ne!(container.inspect(".State.Pid"), first);
    let failing = docker.container("failing", "--restart on-failure:2", "false");
    until("it was started twice more", || {
        failing.inspect(".RestartCount") == "2" && failing.inspect(".State.Status") == "exited"
    });
    assert_eq!(failing.inspect(".State.ExitCode"), "1");
}

#[test]
fn privileged_a_paused_container_says_nothing_and_goes_on() {
    let docker = docker();
    let container = docker.container("paused", "", "tick");
    container.shows("\n");
    docker.works(&["pause", &container.name]);
    assert_eq!(container.inspect(".State.Status"), "paused");
    let before = container.logs();
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(container.logs(), before);
    assert_ne!(code(&container.exec("", "true")), Some(0));
    docker.works(&["unpause", &container.name]);
    until("it goes on", || container.logs().len() > before.len());
}

#[test]
fn privileged_limits_are_those_of_the_kernel_and_can_be_changed() {
    let docker = docker();
    let (memory, pids) = (limit_file("memory", "limit_in_bytes", "max"), limit_file("pids", "max", "max"));
    let container =
        docker.container("limited", "--memory 64m --memory-swap 64m --pids-limit 33 --cpus 0.5", "sleep 600");
    let reads = |file: &str| said(&container.exec("", &format!("cat {file}"))).trim().to_owned();
    assert_eq!(reads(&memory), (64 << 20).to_string());
    assert_eq!(reads(&pids), "33");
    let version_2 = memory.ends_with("max");
    let quota = if version_2 { "/sys/fs/cgroup/cpu.max" } else { "/sys/fs/cgroup/cpu/cpu.cfs_quota_us" };
    assert!(reads(quota).starts_with("50000"));
    docker.works(&["update", "--memory", "96m", "--memory-swap", "96m", "--pids-limit", "44", "limited"]);
    assert_eq!(reads(&memory), (96 << 20).to_string());
    assert_eq!(reads(&pids), "44");
    let output = docker.run("--memory 32m --memory-swap 32m", "hold 268435456");
    assert_eq!(code(&output), Some(137), "{}", said(&output));
    let stats = docker.works(&["stats", "--no-stream", "--format", "{{.Name}} {{.PIDs}}", "limited"]);
    assert!(stats.starts_with("limited "), "{stats}");
}

#[test]
fn privileged_a_terminal_has_its_size_and_gives_the_code() {
    let docker = docker();
    let line = ["run", "--rm", "-it", "--network", "none", "probe", "/bin/probe"].map(str::to_owned).to_vec();
    let run = |program: &[&str]| {
        let words: Vec<&str> = line.iter().map(String::as_str).chain(program.iter().copied()).collect();
        at_terminal(&docker.command(&words))
    };
    let (status, screen) = run(&["exit", "5"]);
    assert_eq!(status, 5, "{screen}");
    let container = docker.container("terminal", "--tty", "sleep 600");
    let exec = docker.command(&["exec", "-it", &container.name, "/bin/probe", "tty"]);
    let (status, screen) = at_terminal(&exec);
    assert!(status == 0 && screen.contains("tty "), "{screen}");
    let (status, screen) = run(&["tty"]);
    assert!(status == 0 && screen.contains("tty "), "{screen}");
}

#[test]
fn privileged_health_checks_say_how_it_is() {
    let docker = docker();
    let check = r#"HEALTHCHECK --interval=200ms --retries=2 CMD ["/bin/probe", "cat", "/tmp/ok"]"#;
    docker.change("checked", check);
    docker.works(&words("run --detach --name health --network none checked /bin/probe sleep 600"));
    let container = docker.named("health");
    let health = |expected: &str| container.inspect(".State.Health.Status") == expected;
    until("it is ill", || health("unhealthy"));
    assert!(container.exec("", "write /tmp/ok well").status.success());
    until("it is well", || health("healthy"));
}

#[test]
fn privileged_containers_live_in_each_other_s_namespaces() {
    let docker = docker();
    let first = docker.container("host", "--ipc shareable", "sleep 600");
    let links = |of: &str| said(&first.exec("", &format!("cat {of}")));
    assert!(!links("/proc/self/mountinfo").is_empty());
    let second = docker.run("--pid container:host", "cat /proc/1/cmdline");
    assert!(said(&second).contains("sleep"), "{}", said(&second));
    let output = docker.says(&[
        "run",
        "--rm",
        "--network",
        "container:host",
        "--ipc",
        "container:host",
        "probe",
        "/bin/probe",
        "true",
    ]);
    assert!(output.status.success(), "{}", said(&output));
    for options in ["--pid host", "--ipc host", "--uts host", "--cgroupns host", "--cgroupns private"] {
        docker.prints(options, "true");
    }
}

#[test]
fn privileged_options_of_the_command_line_are_honoured() {
    let docker = docker();
    let status = |options: &str| docker.prints(options, "cat /proc/self/status");
    assert!(status("--cap-drop ALL --cap-add NET_ADMIN").contains("CapEff:\t0000000000001000"));
    assert!(status("--security-opt no-new-privileges").contains("NoNewPrivs:\t1"));
    assert!(status("").contains("Seccomp:\t2"));
    assert!(status("--security-opt seccomp=unconfined").contains("Seccomp:\t0"));
    let limits = docker.prints("--ulimit nofile=123:456", "cat /proc/self/limits");
    assert!(limits.lines().any(|line| words(line).starts_with(&["Max", "open", "files", "123"])));
    assert_eq!(docker.prints("--sysctl kernel.msgmax=1234", "cat /proc/sys/kernel/msgmax"), "1234\n");
    assert!(docker.prints("--oom-score-adj 321", "cat /proc/self/oom_score_adj").contains("321"));
    assert!(!docker.run("--read-only", "write /file text").status.success());
    docker.prints("--read-only --tmpfs /scratch/deep:size=1m", "write /scratch/deep/file text");
    let volume = docker.scratch().directory("volume").display().to_string();
    docker.prints(&format!("--volume {volume}:/made/here"), "write /made/here/file text");
    assert_eq!(docker.prints(&format!("--volume {volume}/file:/etc/one:ro"), "cat /etc/one"), "text\n");
    let output = docker.run(&format!("--volume {volume}:/v:ro"), "write /v/file other");
    assert!(!output.status.success());
    docker.prints("--device /dev/null:/dev/other:r", "cat /dev/other");
    docker.prints("--init", "true");
}

/// A host's floor, under an engine that knows nothing of it.
#[test]
fn privileged_a_floor_lets_the_defaults_pass_and_refuses_what_gives_the_host_away() {
    let docker = docker();
    docker.prints("--runtime floored", "true");
    docker.prints("--runtime floored --user 1:1 --read-only --tmpfs /tmp --memory 64m", "true");
    let volume = docker.scratch().directory("floor").display().to_string();
    docker.prints(&format!("--runtime floored --volume {volume}:/v --device /dev/null"), "true");
    let refuses = |options: &[&str], names: &[&str]| {
        let words = [&["run", "--rm", "--runtime=floored"], options, &["probe", "/bin/probe"]].concat();
        let output = docker.says(&words);
        let said = said(&output);
        let refused = said.contains("the floor `baseline` of this host refuses container");
        assert!(!output.status.success() && refused, "{options:?}: {said}");
        assert!(names.iter().all(|name| said.contains(name)), "{options:?}: {said}");
    };
    refuses(&["--network=host"], &["host-network"]);
    let privileged = ["added-capability", "no-seccomp", "unmasked-path", "all-devices"];
    for (option, names) in [
        ("--privileged", &privileged[..]),
        ("--pid=host", &["host-pid"]),
        ("--ipc=host", &["host-ipc"]),
        ("--uts=host", &["host-uts"]),
        ("--cap-add=SYS_ADMIN", &["added-capability", "CAP_SYS_ADMIN"]),
        ("--security-opt=seccomp=unconfined", &["no-seccomp"]),
        ("--security-opt=systempaths=unconfined", &["unmasked-path", "writable-kernel"]),
        ("--volume=/:/host", &["host-path"]),
        ("--volume=/var/run/docker.sock:/s", &["host-path", "/var/run/docker.sock"]),
        ("--volume=/etc:/e:ro", &["host-path", "/etc"]),
        ("--device-cgroup-rule=b 8:0 rw", &["device", "b 8:0"]),
    ] {
        refuses(&["--network=none", option], names);
    }
}

#[test]
fn privileged_users_of_containers_are_others_on_the_host() {
    let docker = Docker::remapped();
    let container = docker.container("mapped", "", "sleep 600");
    let map = said(&container.exec("", "cat /proc/self/uid_map"));
    assert!(words(&map).starts_with(&["0", "1000000"]), "{map}");
    let image = Image::new(docker.scratch()).file("etc/more", "one more image");
    docker.import("more", &image);
    let output = docker.says(&["run", "--rm", "--network", "none", "more", "/bin/probe", "cat", "/etc/more"]);
    assert_eq!(said(&output), "one more image");
}
