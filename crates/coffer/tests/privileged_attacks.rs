//! Every attack of the probe on a container as people get it, through the command that they type. What
//! succeeds under a runc that confines nothing must be stopped here, which proves the attacks as well.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use std::collections::BTreeMap;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use conversation::Session;
use harness::{Bundle, Rootfs, done, session, text};
use serde_json::Value;

/// How each attack went: the probe's word and its detail.
type Results = BTreeMap<String, (String, String)>;

const MARKER: &str = "marker";
const HOG: &str = "268435456";

/// What succeeds under runc on every kernel that we support. Those that are missing here need a device, a
/// kernel option or a terminal that a test machine may lack, or (`setns-init`) a pid 1 of their own.
const SUCCEED_UNDER_RUNC: [&str; 48] = [
    "abstract-socket",
    "add-to-island",
    "bind-over",
    "chroot",
    "clone-newuser",
    "clone3-newuser",
    "core-pattern",
    "dangerous-capabilities",
    "drop-exec-anywhere",
    "drop-exec-root",
    "drop-exec-shm",
    "drop-exec-tmp",
    "drop-ld-so",
    "engine-socket",
    "fork-bomb",
    "fsopen-tmpfs",
    "host-env",
    "host-files",
    "host-namespaces",
    "hostname-set",
    "keyctl",
    "leaked-fds",
    "masked-paths",
    "memfd-exec",
    "memfd-execveat",
    "memory-hog",
    "mknod-disk",
    "mmap-exec",
    "mount-proc",
    "mount-setattr",
    "mount-tmpfs",
    "mprotect-exec",
    "open-by-handle",
    "open-tree-clone",
    "overwrite-island",
    "pivot-root",
    "proc-1-root",
    "proc-self-exe-write",
    "proc-sys-write",
    "process-vm-readv",
    "ptrace",
    "remount-root-exec",
    "root-is-root",
    "setuid-binary",
    "signal-host",
    "umount-mask",
    "unshare-user",
    "x86-32-syscall",
];

/// A root with a dynamic loader, its C library and one program for it to load: this machine's own.
fn dynamic() -> Rootfs {
    let needed = done(Command::new("ldd").arg("/bin/true"));
    let libraries = needed.split_whitespace().filter(|word| word.starts_with('/'));
    let root = Rootfs::with_probe().directory("tmp", 0o1777).copy("bin/true", Path::new("/bin/true"));
    libraries.fold(root, |root, path| root.copy(path.trim_start_matches('/'), Path::new(path)))
}

fn dynamic_session() -> Session {
    let session = session();
    dynamic().import(&session, "dynamic:1");
    std::fs::write(session.work().join(MARKER), "found").unwrap();
    session
}

/// What the attacks that have a target are aimed at.
struct Targets {
    socket: String,
    _listener: UnixListener,
}

fn targets(session: &Session) -> Targets {
    let socket = session.work().display().to_string();
    let name = SocketAddr::from_abstract_name(&socket).unwrap();
    Targets { socket, _listener: UnixListener::bind_addr(&name).unwrap() }
}

fn options<'a>(session: &Session, targets: &'a Targets, count: &'a str) -> Vec<String> {
    let marker = session.work().join(MARKER).display().to_string();
    ["--marker", &marker, "--socket", &targets.socket, "--count", count, "--bytes", HOG, "--json"]
        .map(str::to_owned)
        .into()
}

fn results(output: &Output) -> Results {
    let parsed: Result<Value, _> = serde_json::from_slice(&output.stdout);
    let data = parsed.unwrap_or_else(|_| panic!("no report: {}", String::from_utf8_lossy(&output.stderr)));
    let word = |attack: &Value, field: &str| attack[field].as_str().unwrap().to_owned();
    let attacks = data["attacks"].as_array().unwrap().iter();
    attacks.map(|one| (word(one, "name"), (word(one, "outcome"), word(one, "detail")))).collect()
}

/// Every attack under runc, once for all tests.
fn under_runc() -> &'static Results {
    static RESULTS: OnceLock<Results> = OnceLock::new();
    RESULTS.get_or_init(|| {
        let session = dynamic_session();
        let targets = targets(&session);
        let engine = session.work().join("engine.sock");
        let _listener = UnixListener::bind(&engine).unwrap();
        let mut bundle = Bundle::new(dynamic());
        bundle.binds.push((engine, "/run/docker.sock"));
        bundle.env.push("COFFER_TEST_SECRET=planted".to_owned());
        let options = options(&session, &targets, "64");
        let words: Vec<&str> =
            ["attack", "all"].into_iter().chain(options.iter().map(String::as_str)).collect();
        results(&bundle.run(&words))
    })
}

#[test]
fn privileged_the_attacks_succeed_under_a_runc_that_confines_nothing() {
    let results = under_runc();
    let failed: Vec<_> = SUCCEED_UNDER_RUNC.iter().filter(|name| results[**name].0 != "succeeded").collect();
    let told: Vec<_> = failed.iter().map(|name| (name, &results[**name])).collect();
    assert!(failed.is_empty(), "these prove nothing: {told:?}");
}

/// One command for each attack, as `coffer run --rm IMAGE attack NAME` is typed.
fn one_by_one(user: &str, count: &str) -> Results {
    let session = dynamic_session();
    let targets = targets(&session);
    let options = options(&session, &targets, count);
    let mut all = Results::new();
    for name in under_runc().keys() {
        let mut words =
            vec!["run", "--rm", "-u", user, "--memory", "64m", "dynamic:1", "/bin/probe", "attack", name];
        words.extend(options.iter().map(String::as_str));
        let mut command = session.command(words);
        let output = command.env("COFFER_TEST_SECRET", "planted").stdin(Stdio::null()).output().unwrap();
        let said: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{name}: {}", session.said(&output)));
        let word = |field: &str| said[field].as_str().unwrap().to_owned();
        let code = match word("outcome").as_str() {
            "stopped" => 0,
            "succeeded" => 1,
            _ => 3,
        };
        assert_eq!(output.status.code(), Some(code), "{name}: {}", session.said(&output));
        all.insert(name.clone(), (word("outcome"), word("detail")));
    }
    all
}

#[track_caller]
fn nothing_gets_through(results: &Results) {
    let through: Vec<_> = results.iter().filter(|(_, (outcome, _))| outcome == "succeeded").collect();
    assert!(through.is_empty(), "attacks that succeeded: {through:#?}");
}

/// Attacks that find nothing to attack here although they did under runc, where they would have to be
/// stopped: none, or the comparison would be empty.
fn unproven(results: &Results, but: &[&str]) -> Vec<(String, String)> {
    let proven = under_runc().iter().filter(|(_, (outcome, _))| outcome == "succeeded");
    let names = proven.map(|(name, _)| name).filter(|name| !but.contains(&name.as_str()));
    let moot = names.filter(|name| results[*name].0 == "not-applicable");
    moot.map(|name| (name.clone(), results[name].1.clone())).collect()
}

#[test]
fn privileged_every_attack_on_the_default_confinement_is_stopped() {
    let results = one_by_one("0", "4096");
    nothing_gets_through(&results);
    // Not masked but not there: the container's own /dev and /sys do not have these at all.
    let absent = ["dev-disk", "dev-mem", "kcore", "release-agent", "modprobe-path", "binfmt-misc"];
    assert_eq!(unproven(&results, &absent), []);
}

#[test]
fn privileged_every_attack_of_a_user_who_is_not_root_is_stopped() {
    let results = one_by_one("1000:1000", "4096");
    nothing_gets_through(&results);
    assert_eq!(results["setuid-root"].0, "stopped");
}

#[test]
fn privileged_every_attack_in_one_container_is_stopped_in_whatever_order() {
    let session = dynamic_session();
    let targets = targets(&session);
    let options = options(&session, &targets, "4096");
    let mut words = vec!["run", "--rm", "--memory", "128m", "dynamic:1", "/bin/probe", "attack", "all"];
    words.extend(options.iter().map(String::as_str));
    let output = session.coffer(words);
    nothing_gets_through(&results(&output));
    assert_eq!(output.status.code(), Some(0), "{}", session.said(&output));
}

#[test]
fn privileged_every_attack_on_a_read_only_root_and_on_a_writable_volume_is_stopped() {
    let session = dynamic_session();
    std::fs::create_dir(session.work().join("data")).unwrap();
    let options =
        [vec!["--read-only", "--tmpfs", "/tmp"], vec!["-v", "./data:/tmp"], vec!["-v", "kept:/tmp"]];
    for options in options {
        let mut words = vec!["run", "--rm"];
        words.extend(&options);
        words.extend(["dynamic:1", "/bin/probe", "attack", "all", "--json"]);
        let output = session.coffer(words);
        let results = results(&output);
        nothing_gets_through(&results);
        assert_eq!(results["drop-exec-tmp"].0, "stopped", "{options:?}");
    }
}

#[test]
fn privileged_descriptors_of_whoever_starts_coffer_do_not_reach_the_container() {
    let session = session();
    let coffer = env!("CARGO_BIN_EXE_coffer");
    for words in ["attack leaked-fds", "attack cwd-escape", "report"] {
        let mut command = Command::new("sh");
        let script = format!(
            "exec 3</ 4</etc 7</proc 9</etc/passwd; exec {coffer} run --rm probe:1 /bin/probe {words}"
        );
        command.args(["-c", &script]).env("COFFER_ROOT", session.root()).stdin(Stdio::null());
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", session.said(&output));
        for leak in ["(fd=3", "(fd=4", "(fd=7", "(fd=9"] {
            assert!(!text(&output).contains(leak), "{}", text(&output));
        }
    }
}

#[test]
fn privileged_variables_of_whoever_starts_coffer_stay_outside_unless_passed_on() {
    let session = session();
    let run = |options: &[&str]| {
        let words = ["run", "--rm"].into_iter().chain(options.iter().copied()).chain([
            "probe:1",
            "/bin/probe",
            "env",
        ]);
        text(&session.command(words).env("COFFER_TEST_SECRET", "planted").output().unwrap())
    };
    assert!(!run(&[]).contains("COFFER"), "{}", run(&[]));
    assert!(run(&["-e", "COFFER_TEST_SECRET"]).contains("COFFER_TEST_SECRET=planted"));
}

#[test]
fn privileged_an_abstract_socket_of_the_host_is_out_of_reach_even_in_its_network() {
    let session = session();
    let targets = targets(&session);
    let attack = ["/bin/probe", "attack", "abstract-socket", "--socket", &targets.socket];
    let run = |options: &[&str]| {
        let words =
            ["run", "--rm"].into_iter().chain(options.iter().copied()).chain(["probe:1"]).chain(attack);
        session.coffer(words)
    };
    let output = run(&["--network", "host"]);
    assert_eq!(output.status.code(), Some(0), "{}", session.said(&output));
    assert!(text(&output).contains("EPERM"), "Landlock's scope says EPERM: {}", text(&output));
    assert_eq!(run(&[]).status.code(), Some(0));
}

#[test]
fn privileged_a_fork_bomb_ends_at_the_limit_on_processes() {
    let session = session();
    let bomb = |options: &[&str]| {
        let attack = ["probe:1", "/bin/probe", "attack", "fork-bomb", "--count", "4096"];
        let words = ["run", "--rm"].into_iter().chain(options.iter().copied()).chain(attack);
        let output = session.coffer(words);
        assert_eq!(output.status.code(), Some(0), "{}", session.said(&output));
        text(&output)
    };
    for (options, limit) in [(vec![], 1024), (vec!["--pids-limit", "64"], 64)] {
        let said = bomb(&options);
        let tasks: u32 = said.split_whitespace().filter_map(|word| word.parse().ok()).next().unwrap();
        assert!(said.contains("EAGAIN") && (limit - 8..limit).contains(&tasks), "{limit}: {said}");
    }
}

#[test]
fn privileged_a_process_that_takes_more_memory_than_it_may_is_killed_and_alone() {
    let session = session();
    let hog = ["/bin/probe", "attack", "memory-hog", "--bytes", HOG];
    let output = session.coffer(["run", "--rm", "--memory", "32m", "probe:1"].into_iter().chain(hog));
    assert!(text(&output).contains("killed by SIGKILL"), "{}", session.said(&output));
    assert_eq!(output.status.code(), Some(0), "{}", session.said(&output));
    let output = session.coffer(["run", "--rm", "--memory", "1g", "probe:1"].into_iter().chain(hog));
    assert_eq!(
        output.status.code(),
        Some(1),
        "with enough of it, it is no attack: {}",
        session.said(&output)
    );
}

/// A user without subordinate ids, without anything but a home directory.
#[test]
fn privileged_every_attack_on_a_container_of_an_ordinary_user_is_stopped() {
    let session = Session::new();
    let coffer = session.work().join("coffer");
    std::fs::copy(env!("CARGO_BIN_EXE_coffer"), &coffer).unwrap();
    dynamic().import(&session, "unused:1");
    done(Command::new("chown").args(["-R", "4242:4242"]).arg(session.work().parent().unwrap()));
    let user = |words: &[&str]| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=4242", "--regid=4242", "--clear-groups"]).arg(&coffer).args(words);
        command.env("COFFER_ROOT", session.work().join("own")).current_dir(session.work());
        command.env("COFFER_TEST_SECRET", "planted").stdin(Stdio::null()).output().unwrap()
    };
    let output = user(&["image", "import", "-q", "rootfs:rootfs.tar", "dynamic:1"]);
    assert!(output.status.success(), "{}", session.said(&output));
    let output = user(&["run", "--rm", "dynamic:1", "/bin/probe", "attack", "all", "--json"]);
    nothing_gets_through(&results(&output));
    assert_eq!(output.status.code(), Some(0), "{}", session.said(&output));
}
