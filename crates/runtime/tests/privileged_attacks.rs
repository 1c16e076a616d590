//! The attacks of docs/escapes.md on containers that other people's engines confine: with Docker's default
//! options, and with the runtime alone, on root filesystems made to lead it astray and against its program.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod engines;
#[path = "../../coffer/tests/harness/canary.rs"]
mod canary;

use std::collections::BTreeSet;
use std::process::{Command, Output};

use canary::{Canary, SECRET};
use engines::{Bundle, Docker, Image, RUNTIME, Scratch, bounded, said, until};
use serde_json::{Value, json};

/// What Docker's defaults allow under any runtime, and why that is so.
const ALLOWED: [(&str, &str); 22] = [
    ("add-to-island", "Docker has no exec islands"),
    ("af-packet", "CAP_NET_RAW is one of Docker's fourteen"),
    ("af-vsock", "Docker's filter of 2023 does not look at the address family"),
    ("chroot", "CAP_SYS_CHROOT is one of the fourteen"),
    ("drop-exec-anywhere", "the root of the container is writable and executable"),
    ("drop-exec-root", "the root of the container is writable and executable"),
    ("drop-exec-tmp", "the root of the container is writable and executable"),
    ("drop-ld-so", "the root of the container is writable and executable"),
    ("fork-bomb", "Docker limits processes only when asked"),
    ("host-namespaces", "no user and no time namespace, and version 1 shares the one of cgroups"),
    ("io-uring", "Docker's filter of 2023 allows io_uring"),
    ("masked-paths", "/proc/interrupts is masked by later versions of Docker"),
    ("memfd-exec", "nobody sets vm.memfd_noexec"),
    ("memfd-execveat", "nobody sets vm.memfd_noexec"),
    ("memfd-secret", "Docker's filter allows memfd_secret"),
    ("mknod-disk", "CAP_MKNOD is one of the fourteen; the devices cgroup forbids to open the node"),
    ("mmap-exec", "the root of the container is writable and executable"),
    ("mprotect-exec", "the root of the container is writable and executable"),
    ("overwrite-island", "the probe's own file in the writable root, not the runtime's"),
    ("proc-self-exe-write", "the probe's own file in the writable root, not the runtime's"),
    ("ptrace", "Docker's filter allows ptrace within the container"),
    ("raw-ip", "CAP_NET_RAW is one of the fourteen"),
];

/// The same, as what is not in the first list for want of room in a line.
const ALLOWED_TOO: [(&str, &str); 5] = [
    ("root-is-root", "Docker uses user namespaces only when told to"),
    ("setuid-binary", "no_new_privs is off, and the root is not nosuid"),
    ("tcp-ulp", "Docker's filter does not look at socket options"),
    ("vmsplice", "Docker's filter allows vmsplice"),
    ("x86-32-syscall", "Docker's filter covers the 32-bit calls instead of forbidding them"),
];

fn succeeded(output: &Output) -> BTreeSet<String> {
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no report: {}", said(output)));
    let attacks = report["attacks"].as_array().unwrap();
    assert!(attacks.len() > 50, "{report}");
    let word = |attack: &Value, field: &str| attack[field].as_str().unwrap().to_owned();
    let successes = attacks.iter().filter(|attack| attack["outcome"] == "succeeded");
    successes.map(|attack| word(attack, "name")).collect()
}

#[test]
fn privileged_docker_s_defaults_stop_under_us_what_they_stop_under_runc() {
    let docker = Docker::start();
    let marker = docker.scratch().path().join("marker");
    std::fs::write(&marker, "found").unwrap();
    let attack = format!("attack all --json --marker {}", marker.display());
    let ours = succeeded(&docker.run("--runtime coffer", &attack));
    let theirs = succeeded(&docker.run("--runtime runc", &attack));
    let allowed: BTreeSet<String> =
        ALLOWED.iter().chain(&ALLOWED_TOO).map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(ours.difference(&allowed).collect::<Vec<_>>(), [] as [&String; 0], "succeeded under us");
    assert_eq!(ours.difference(&theirs).collect::<Vec<_>>(), [] as [&String; 0], "not under runc");
}

/// A link in the image, and where it leads below the canary, which stands for the host.
const TRAPS: [(&str, &str); 9] = [
    ("dev", ""),
    ("dev/null", "null"),
    ("dev/pts", "pts"),
    ("dev/shm", "shm"),
    ("dev/mqueue", "fs"),
    ("proc", ""),
    ("sys", ""),
    ("etc", ""),
    ("tmp", ""),
];

#[test]
fn privileged_links_in_the_place_of_mount_points_do_not_lead_to_the_host() {
    let (scratch, canary) = (Scratch::new(), Canary::new());
    for (link, to) in TRAPS {
        for target in [format!("{}/{to}", canary.path()), format!("{}/{to}", canary.by_dots())] {
            let what = format!("/{link} -> {target}");
            let image = Image::new(&scratch).link(link, &target);
            let mut bundle =
                Bundle::new(&scratch, "trap", &image, &["cat", "/dev/null", "/proc/self/status"]);
            let mounts = bundle.config["mounts"].as_array_mut().unwrap();
            mounts.push(json!({"destination": "/tmp/made/here", "type": "tmpfs", "source": "tmpfs"}));
            mounts.push(json!({
                "destination": "/etc/hosts", "type": "bind", "source": "/etc/hosts", "options": ["rbind", "ro"]
            }));
            bundle.config["linux"]["devices"] =
                json!([{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 438}]);
            let output = bundle.run();
            assert!(!said(&output).contains(SECRET), "{what} was read: {}", said(&output));
            canary.is_untouched(&what);
            std::fs::remove_dir_all(image.root()).unwrap();
        }
    }
}

#[test]
fn privileged_a_working_directory_is_not_reached_through_descriptors() {
    let scratch = Scratch::new();
    let image = Image::new(&scratch).link("out", "/proc/self/fd/7").link("up", "/proc/self/root/..");
    let running = Bundle::new(&scratch, "cwd-exec", &image, &["sleep", "600"]);
    running.start();
    for number in 3..16 {
        let directory = format!("/proc/self/fd/{number}");
        let mut bundle = Bundle::new(&scratch, "cwd", &image, &["attack", "cwd-escape"]);
        bundle.config["process"]["cwd"] = json!(directory);
        assert!(!bundle.run().status.success(), "{directory}");
        let mut exec = running.runtime(&["exec", "--cwd", &directory, "cwd-exec"]);
        assert!(!exec.args(["/bin/probe", "attack", "cwd-escape"]).output().unwrap().status.success());
    }
    for directory in ["/out", "/up", "/proc/self/cwd", "/proc/1/root"] {
        let mut bundle = Bundle::new(&scratch, "cwd", &image, &["attack", "cwd-escape"]);
        bundle.config["process"]["cwd"] = json!(directory);
        let output = bundle.run();
        assert!(!said(&output).contains("succeeded"), "{directory}: {}", said(&output));
    }
}

#[test]
fn privileged_descriptors_of_the_engine_do_not_reach_the_container() {
    let scratch = Scratch::new();
    let image = Image::new(&scratch);
    let leaking = |command: &Command| {
        let mut shell = bounded("sh");
        shell.args(["-c", "exec 3</ 4</etc 7</proc 9</etc/passwd; exec \"$@\"", "sh"]);
        shell.arg(command.get_program()).args(command.get_args()).output().unwrap()
    };
    for attack in ["leaked-fds", "cwd-escape"] {
        let bundle = Bundle::new(&scratch, "leaks", &image, &["attack", attack]);
        let output = leaking(&bundle.command("run", &[]));
        assert_eq!(output.status.code(), Some(0), "{attack}: {}", said(&output));
    }
    let running = Bundle::new(&scratch, "leaks-exec", &image, &["sleep", "600"]);
    running.start();
    let exec = running.runtime(&["exec", "leaks-exec", "/bin/probe", "attack", "leaked-fds"]);
    let output = leaking(&exec);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn privileged_nothing_makes_the_runtime_execute_itself_inside() {
    let scratch = Scratch::new();
    let script = "#!/proc/self/exe --version\n";
    let image = Image::new(&scratch).program("script", script).link("self", "/proc/self/exe");
    for program in ["/proc/self/exe", "/self", "/script"] {
        let mut bundle = Bundle::new(&scratch, "itself", &image, &[]);
        bundle.config["process"]["args"] = json!([program, "--version"]);
        let output = bundle.run();
        assert_eq!(output.status.code(), Some(126), "{program}: {}", said(&output));
        assert!(!said(&output).contains("spec:"), "{program} ran us: {}", said(&output));
    }
}

/// What the spy of the probe says.
struct Spied {
    held: u32,
    told: String,
}

/// Lets a container take hold of programs while `meanwhile` goes on outside.
fn spied(bundle: &Bundle<'_>, mut meanwhile: impl FnMut()) -> Spied {
    let log = bundle.start();
    let told = || std::fs::read_to_string(&log).unwrap();
    until("the spy is ready", || told().contains("ready"));
    while !told().contains("held") {
        meanwhile();
    }
    until("the spy has ended", || bundle.pid() == 0);
    let held = told().lines().find_map(|line| line.strip_prefix("held ")?.parse().ok()).unwrap();
    Spied { held, told: told() }
}

/// CVE-2019-5736, by a container that may open whatever is executed among its processes.
#[test]
fn privileged_who_may_trace_cannot_overwrite_the_program_that_enters() {
    let scratch = Scratch::new();
    let image = Image::new(&scratch);
    let before = std::fs::read(RUNTIME).unwrap();
    let bundle =
        Bundle::new(&scratch, "tracer", &image, &["overwrite", "5"]).with_capability("CAP_SYS_PTRACE");
    let spied = spied(&bundle, || drop(bundle.exec(&["true"])));
    assert!(spied.held > 0, "it saw nothing, which proves nothing: {}", spied.told);
    assert!(!spied.told.contains("writable"), "{}", spied.told);
    assert!(spied.told.contains("EROFS"), "{}", spied.told);
    assert!(std::fs::read(RUNTIME).unwrap() == before);
}

/// The same by one that may not, and finds nothing to hold: it enters itself, and shares its processes with
/// others that wait for their start.
#[test]
fn privileged_who_may_not_trace_cannot_look_at_who_enters_or_waits() {
    let scratch = Scratch::new();
    let image = Image::new(&scratch);
    let bundle = Bundle::new(&scratch, "plain", &image, &["overwrite", "4"]);
    let mut number = 0;
    let spied = spied(&bundle, || {
        drop(bundle.exec(&["true"]));
        number += 1;
        let mut other = Bundle::new(&scratch, "other", &image, &["true"]);
        let spaces = other.config["linux"]["namespaces"].as_array_mut().unwrap();
        spaces.retain(|space| space["type"] != "pid");
        spaces.push(json!({"type": "pid", "path": format!("/proc/{}/ns/pid", bundle.pid())}));
        let log = std::fs::File::create(scratch.path().join("other.log")).unwrap();
        drop(other.command("create", &[]).stdout(log.try_clone().unwrap()).stderr(log).status());
    });
    assert!(number > 0 && spied.held == 0, "{}", spied.told);
}
