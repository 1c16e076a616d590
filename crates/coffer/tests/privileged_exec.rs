//! Commands in containers that run: confined as the container is, decided and recorded by themselves, and
//! safe from a container that lies in wait for them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use conversation::Session;
use harness::{Canary, Terminal, Traces, done, find, pid_of, session, size_of, start, text, until, words};
use serde_json::Value;

/// A container called `web`, in the background; its process id.
#[track_caller]
fn web(session: &Session, options: &str) -> i32 {
    let line = format!("run -d --name web {options} probe:1 /bin/probe sleep 600");
    let line: Vec<&str> = line.split_whitespace().collect();
    let output = session.coffer(line);
    assert!(output.status.success(), "{options}: {}", session.said(&output));
    pid_of(session, "web")
}

/// `coffer exec` with these words.
fn exec(session: &Session, line: &str) -> Output {
    let mut command = session.command(words(&format!("exec {line}")));
    command.stdin(Stdio::null()).output().unwrap()
}

/// The same for one that has to end with this code.
#[track_caller]
fn ends(session: &Session, line: &str, code: i32) -> String {
    let output = exec(session, line);
    assert_eq!(output.status.code(), Some(code), "{line}: {}", session.said(&output));
    session.said(&output)
}

/// The host's id of the process that executes this in whatever container.
fn process_of(words: &[&str]) -> i32 {
    let wanted: Vec<u8> = words.iter().flat_map(|word| [word.as_bytes(), b"\0"].concat()).collect();
    let mut found = None;
    until("the command runs", || {
        found = harness::entries(Path::new("/proc")).into_iter().find_map(|name| {
            let pid: i32 = name.parse().ok()?;
            (std::fs::read(format!("/proc/{pid}/cmdline")).ok()? == wanted).then_some(pid)
        });
        found.is_some()
    });
    found.unwrap()
}

/// Everything that confines a process, as this host's kernel says.
fn confinement(pid: i32) -> BTreeMap<String, String> {
    const STATUS: [&str; 14] = [
        "Umask",
        "Uid",
        "Gid",
        "Groups",
        "CapInh",
        "CapPrm",
        "CapEff",
        "CapBnd",
        "CapAmb",
        "NoNewPrivs",
        "Seccomp",
        "Seccomp_filters",
        "Cpus_allowed",
        "SigIgn",
    ];
    let read = |name: &str| std::fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap();
    let status = read("status");
    let fields = status.lines().filter_map(|line| line.split_once(':'));
    let mut all: BTreeMap<String, String> = fields
        .filter(|(name, _)| STATUS.contains(name))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    assert_eq!(all.len(), STATUS.len());
    for name in ["cgroup", "limits", "oom_score_adj", "mountinfo", "uid_map", "gid_map", "timens_offsets"] {
        all.insert(name.to_owned(), read(name));
    }
    for name in ["user", "pid", "mnt", "ipc", "uts", "cgroup", "time", "net"] {
        let link = std::fs::read_link(format!("/proc/{pid}/ns/{name}")).unwrap();
        all.insert(format!("ns {name}"), link.display().to_string());
    }
    all.insert(
        "root".to_owned(),
        std::fs::read_link(format!("/proc/{pid}/root")).unwrap().display().to_string(),
    );
    all
}

#[test]
fn privileged_a_command_is_confined_as_the_container_is() {
    let session = session();
    for options in [
        "",
        "-u 1000:2000 --group-add 7 --read-only --pids-limit 40 --memory 64m --ulimit nofile=64:128",
        "--network host --uts host --cgroupns host --policy open --cap-add NET_ADMIN --oom-score-adj 500",
        "--policy open --userns host",
        "--policy open --privileged",
        "--mutable --cpus 0.5",
    ] {
        let first = web(&session, options);
        ends(&session, "-d web /bin/probe sleep 601", 0);
        let second = process_of(&["/bin/probe", "sleep", "601"]);
        let (container, command) = (confinement(first), confinement(second));
        for (name, value) in &container {
            assert_eq!(&command[name], value, "{options}: {name}");
        }
        let descriptors = harness::entries(Path::new(&format!("/proc/{second}/fd")));
        assert_eq!(descriptors.into_iter().collect::<Vec<_>>(), ["0", "1", "2"], "{options}");
        assert!(session.coffer(words("rm -f web")).status.success());
    }
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_every_attack_of_a_command_is_stopped() {
    let session = session();
    let canary = Canary::new();
    web(&session, "--memory 128m");
    for user in ["0", "1000:1000"] {
        let marker = format!("{}/secret", canary.path());
        let line = format!(
            "-u {user} web /bin/probe attack all --json --marker {marker} --count 4096 --bytes 268435456"
        );
        let output = exec(&session, &line);
        let data: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", session.said(&output)));
        let through: Vec<&Value> =
            data["attacks"].as_array().unwrap().iter().filter(|one| one["outcome"] == "succeeded").collect();
        assert!(through.is_empty(), "as {user}: {through:#?}");
        assert_eq!(output.status.code(), Some(0));
    }
    canary.is_untouched("the attacks");
}

#[test]
fn privileged_a_command_s_output_and_exit_code_are_its_own() {
    let session = session();
    web(&session, "");
    session.holds(
        "
$ coffer exec web /bin/probe echo hello
hello
$ coffer exec web /bin/probe exit 42
exit 42
$ coffer container exec web /bin/missing
coffer: `/bin/missing` is not in the container [E-launch-not-found]
  check the command, or run `sh` in the image to look around
exit 127
$ coffer exec web /etc/hosts
coffer: `/etc/hosts` cannot be executed: it has no execute permission [E-launch-not-executable]
  `chmod +x` it in the image, or name its interpreter
exit 126
$ coffer exec web
coffer: `coffer exec` needs a command after the container [E-cli-usage]
  such as: coffer exec -it web sh
exit 125
$ coffer exec nobody true
coffer: there is no container `nobody` [E-state-unknown]
  `coffer ps -a` lists the containers
exit 1
$ coffer exec -u ghost web /bin/probe true
coffer: the container's /etc/passwd has no user `ghost` [E-user-unknown]
  name one that it has, or give numbers: `-u 1000:1000`
exit 1
$ coffer exec -w nowhere web /bin/probe true
coffer: the working directory `nowhere` is not an absolute path without `..` [E-policy-request]
  give an absolute path: --workdir /DIRECTORY
exit 1
$ coffer exec -w /nowhere web /bin/probe true
coffer: could not enter the working directory `/nowhere`: no such file or directory [E-launch-step]
  give a directory of the container with `-w`
exit 1
$ coffer exec --privileged web /bin/probe true
coffer: refused: `--privileged` asks for more than the container itself has
  rule     exec-within-container  (NIST 4.4.3, CIS 5.23)
  level    baseline
  instead  leave it out: coffer exec web ...
  recorded ledger entry 14  [E-policy-refused]
exit 1
",
    );
}

#[test]
fn privileged_user_directory_variables_and_input_are_the_command_s() {
    let session = session();
    web(&session, "-e A=1 -e B=2");
    std::fs::write(session.work().join("vars"), "# remark\nB=3\nC=4\n").unwrap();
    let said = ends(&session, "--env-file vars -e C=5 -w /proc web /bin/probe env", 0);
    for line in ["A=1", "B=3", "C=5"] {
        assert!(said.lines().any(|one| one == line), "{line}: {said}");
    }
    assert!(!said.contains("COFFER"), "{said}");
    assert!(ends(&session, "-w /proc web /bin/probe cat version", 0).starts_with("Linux"));
    assert!(
        ends(&session, "-u 7:8 web /bin/probe id", 0).starts_with("uid=7 gid=8 euid=7 egid=8 groups=none")
    );
    let mut child = session.command(words("exec -i web /bin/probe cat /dev/stdin"));
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"typed").unwrap();
    assert_eq!(text(&child.wait_with_output().unwrap()), "typed");
    assert_eq!(ends(&session, "web /bin/probe cat /dev/stdin", 0), "");
}

#[test]
fn privileged_a_user_is_who_the_container_says_now() {
    let session = session();
    web(&session, "");
    ends(&session, "web /bin/probe write /etc/passwd app:x:77:88::/home/app:", 0);
    assert!(ends(&session, "-u app web /bin/probe id", 0).starts_with("uid=77 gid=88"));
    assert!(ends(&session, "-u app web /bin/probe env", 0).contains("HOME=/home/app"));
}

/// A container can only be asked for what it has: of the host's files it sees none, whatever it puts there.
#[test]
fn privileged_a_container_that_has_tampered_with_its_files_is_looked_through() {
    let (session, canary) = (session(), Canary::new());
    std::fs::write(Path::new(canary.path()).join("passwd"), "ghost:x:0:0::/:\n").unwrap();
    let canary_passwd = format!("{}/passwd", canary.by_dots());
    web(&session, "");
    for target in [&canary_passwd, "/proc/1/root/etc/passwd", "/proc/self/fd/3", "/etc/passwd"] {
        let file = format!("web /bin/probe link {target} /etc/passwd");
        let output = exec(&session, &file);
        assert!(output.status.success(), "{}", session.said(&output));
        let output = exec(&session, "-u ghost web /bin/probe true");
        let said = session.said(&output);
        assert!(said.contains("[E-user-unknown]") || said.contains("[E-user-io]"), "{target}: {said}");
        assert!(session.coffer(words("rm -f web")).status.success());
        web(&session, "");
    }
    ends(&session, "web /bin/probe fifo /etc/passwd", 0);
    assert!(ends(&session, "-u ghost web /bin/probe true", 1).contains("[E-user-unknown]"));
    let mut child = session.command(words("exec -i web /bin/probe write /etc/group"));
    let mut child = child.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&vec![b'x'; 2 << 20]).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(ends(&session, "-u 1:ghost web /bin/probe true", 1).contains("[E-user-io]"));
}

#[test]
fn privileged_devices_are_known_by_their_numbers_in_a_container_that_may_mount() {
    let session = session();
    let start = || web(&session, "--policy open --privileged");
    start();
    ends(&session, "-i web /bin/probe bind /dev/zero /dev/null", 0);
    assert!(ends(&session, "web /bin/probe true", 1).contains("[E-launch-step]"));
    ends(&session, "-i web /bin/probe true", 0);
    for (from, to) in [("/bin", "/dev/pts"), ("/dev/zero", "/dev/pts/ptmx"), ("/bin", "/dev")] {
        assert!(session.coffer(words("rm -f web")).status.success());
        start();
        ends(&session, &format!("-i web /bin/probe bind {from} {to}"), 0);
        let said = ends(&session, "-t web /bin/probe true", 1);
        assert!(said.contains("could not make the terminal"), "{to}: {said}");
    }
    assert!(session.coffer(words("rm -f web")).status.success());
    start();
    ends(&session, "-i web /bin/probe bind /bin /proc", 0);
    ends(&session, "web /bin/probe exit 7", 7);
}

/// CVE-2024-21626: a descriptor of ours as working directory leads out.
#[test]
fn privileged_no_descriptor_of_ours_is_a_working_directory() {
    let session = session();
    web(&session, "");
    for number in 0..20 {
        let said = ends(&session, &format!("-w /proc/self/fd/{number} web /bin/probe true"), 1);
        assert!(said.contains("could not enter the working directory"), "{said}");
    }
    let line = "exec 3</ 4</etc 9</etc/passwd; exec \"$0\" exec web /bin/probe attack leaked-fds";
    let mut command = Command::new("sh");
    command.args(["-c", line, env!("CARGO_BIN_EXE_coffer")]).env("COFFER_ROOT", session.root());
    assert_eq!(command.stdin(Stdio::null()).status().unwrap().code(), Some(0));
}

/// CVE-2016-9962: a container that may trace looks at whatever comes in, before it is the container's.
#[test]
fn privileged_whoever_enters_cannot_be_looked_into() {
    let session = session();
    let mut command =
        session.command(words("run --policy open --privileged --name web probe:1 /bin/probe spy 8"));
    let mut spy = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    pid_of(&session, "web");
    for _ in 0..20 {
        ends(&session, "web /bin/probe sleep 0.05", 0);
    }
    let mut told = String::new();
    spy.stdout.take().unwrap().read_to_string(&mut told).unwrap();
    assert_eq!(spy.wait().unwrap().code(), Some(0), "{told}");
    let seen = told.lines().find_map(|line| line.strip_prefix("saw ")?.parse::<u32>().ok());
    assert!(seen.is_some_and(|seen| seen > 0), "it could have looked into none: {told}");
}

#[test]
fn privileged_a_decision_is_history_before_the_command_begins() {
    let session = session();
    web(&session, "");
    ends(&session, "-d -u 7 web /bin/probe sleep 602", 0);
    process_of(&["/bin/probe", "sleep", "602"]);
    let entries = |kind: &str| {
        let line = format!("ledger show --filter kind={kind} --format json");
        let shown: Value = serde_json::from_slice(&session.coffer(words(&line)).stdout).unwrap();
        shown.as_array().unwrap().clone()
    };
    let permits = entries("exec-permit");
    let attribute = |name: &str| find(&permits[0]["attributes"], name).unwrap().as_str().unwrap().to_owned();
    assert_eq!((attribute("command"), attribute("user")), ("/bin/probe sleep 602".into(), "7:0".into()));
    assert!(permits[0]["container"].is_string() && permits[0]["request"].is_string());
    assert_eq!(entries("exec-exit").len(), 0);
    ends(&session, "web /bin/probe exit 3", 3);
    assert_eq!(entries("exec-exit").len(), 1);
    ends(&session, "--privileged web /bin/probe true", 1);
    let refusals = entries("refusal");
    assert_eq!(refusals[0]["rule"], "exec-within-container");
    assert!(session.coffer(words("ledger verify")).status.success());
}

/// What cannot be recorded is not done.
#[test]
fn privileged_without_history_nothing_is_executed() {
    let session = session();
    web(&session, "");
    let (ledger, away) = (session.root().join("ledger"), session.root().join("away"));
    std::fs::rename(&ledger, &away).unwrap();
    std::fs::write(&ledger, "not a directory").unwrap();
    let output = exec(&session, "web /bin/probe write /done x");
    assert_eq!(output.status.code(), Some(1), "{}", session.said(&output));
    std::fs::remove_file(&ledger).unwrap();
    std::fs::rename(&away, &ledger).unwrap();
    assert!(ends(&session, "web /bin/probe cat /done", 1).contains("ENOENT"));
}

#[test]
fn privileged_a_container_that_has_ended_or_is_paused_is_not_entered() {
    let session = session();
    assert!(session.coffer(words("run --name ended probe:1 /bin/probe true")).status.success());
    session.holds(
        "
$ coffer exec ended /bin/probe true
coffer: container `ended` does not run [E-state-not-running]
  start it with `coffer start ended`
exit 1
",
    );
    web(&session, "");
    session.holds(
        "
$ coffer pause web
web
$ coffer exec web /bin/probe true
coffer: container `web` is paused [E-state-paused]
  let it go on: `coffer unpause web`
exit 1
$ coffer unpause web
web
$ coffer exec web /bin/probe true
",
    );
}

fn type_in(session: &Session, terminal: &Terminal, line: &str) -> Child {
    terminal.start(&session.command(words(line)))
}

#[track_caller]
fn code_of(child: &mut Child) -> Option<i32> {
    let mut status = None;
    until("the command's end", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    status.unwrap().code()
}

#[test]
fn privileged_a_command_s_terminal_is_ours_in_size_and_keys() {
    let (session, terminal) = (session(), Terminal::new(33, 101));
    web(&session, "");
    let mut child = type_in(&session, &terminal, "exec -it -u 7 web /bin/probe tty");
    assert_eq!(code_of(&mut child), Some(0), "{}", terminal.screen());
    terminal.shows("tty 33 101");
    let mut child = type_in(&session, &terminal, "exec -it web /bin/probe signal-wait 2");
    terminal.shows("ready");
    let pid = process_of(&["/bin/probe", "signal-wait", "2"]);
    assert_eq!(size_of(pid), Some((33, 101)));
    terminal.resize(50, 132);
    terminal.shows("SIGWINCH");
    terminal.types(b"\x03");
    terminal.shows("SIGINT");
    assert_eq!(code_of(&mut child), Some(0));
    assert!(terminal.is_cooked());
    let mut child = type_in(&session, &terminal, "exec -it web /bin/missing");
    assert_eq!(code_of(&mut child), Some(127));
    assert!(terminal.is_cooked());
}

#[test]
fn privileged_a_command_whose_terminal_was_left_goes_on_and_ends_with_the_container() {
    let (session, terminal) = (session(), Terminal::new(24, 80));
    web(&session, "");
    let mut child = type_in(&session, &terminal, "exec -it web /bin/probe sleep 603");
    let pid = process_of(&["/bin/probe", "sleep", "603"]);
    until("raw mode", || !terminal.is_cooked());
    terminal.types(b"\x10\x11");
    assert_eq!(code_of(&mut child), Some(0));
    assert!(terminal.is_cooked());
    drop(terminal);
    ends(&session, "-dt web /bin/probe flood 5000000", 0);
    ends(&session, "-d web /bin/probe sleep 604", 0);
    process_of(&["/bin/probe", "sleep", "604"]);
    assert!(Path::new(&format!("/proc/{pid}")).exists());
    assert!(session.coffer(words("rm -f web")).status.success());
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_a_command_does_not_outlive_whoever_started_it() {
    let session = session();
    web(&session, "");
    let mut child = start(&session, "exec web /bin/probe sleep 605");
    let pid = process_of(&["/bin/probe", "sleep", "605"]);
    child.kill().unwrap();
    child.wait().unwrap();
    until("its end", || !Path::new(&format!("/proc/{pid}")).exists());
    assert!(session.coffer(words("rm -f web")).status.success());
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_an_ordinary_user_enters_their_containers() {
    let session = session();
    let coffer = session.work().join("coffer");
    std::fs::copy(env!("CARGO_BIN_EXE_coffer"), &coffer).unwrap();
    done(Command::new("chown").args(["-R", "4242:4242"]).arg(session.work().parent().unwrap()));
    let user = |line: &str| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=4242", "--regid=4242", "--clear-groups"]).arg(&coffer).args(words(line));
        command.env("COFFER_ROOT", session.work().join("own")).current_dir(session.work());
        command.env("COFFER_TEST_SECRET", "planted").stdin(Stdio::null()).output().unwrap()
    };
    let works = |line: &str| {
        let output = user(line);
        assert!(output.status.success(), "{line}: {}", session.said(&output));
        text(&output)
    };
    works("image import -q rootfs:rootfs.tar probe:1");
    works("run -d --name web probe:1 /bin/probe sleep 606");
    let first = process_of(&["/bin/probe", "sleep", "606"]);
    works("exec -d web /bin/probe sleep 607");
    let second = process_of(&["/bin/probe", "sleep", "607"]);
    assert_eq!(confinement(second), confinement(first));
    assert_eq!(user("exec web /bin/probe exit 9").status.code(), Some(9));
    let attacks = works("exec web /bin/probe attack all");
    assert!(!attacks.contains("✗"), "{attacks}");
    works("rm -f web");
    until("their end", || !Path::new(&format!("/proc/{second}")).exists());
}
