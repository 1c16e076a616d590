//! Whole runs: image in, verdict, confinement, process, ledger, and nothing left behind.
//!
//! The image holds this very test program, which is static: as the container's first process it is
//! called with the name of one of the `inside_...` tests, which do nothing outside.
#![cfg(test)]

mod own;

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;

use coffer_engine as engine;
use engine::containers::{Force, Which};
use engine::explain::{Scope, Source};
use engine::state::{Ended, Status};
use engine::{Detach, Engine, EngineError, Foreground, Quiet};
use model::image::ImageConfig;
use model::request::RunRequest;
use model::verdict::Level;
use own::{SITE, archive, open};

const INSIDE: &str = "COFFER_TEST_INSIDE";
/// What the image has beside this program.
const FILES: [(&str, &str); 1] = [("plain", "not a program\n")];

struct Fixture {
    root: tempfile::TempDir,
    engine: Engine,
}

fn fixture() -> Fixture {
    let root = tempfile::tempdir().unwrap();
    let fixture = Fixture { engine: open(root.path()), root };
    fixture.engine.import_embedded(archive(&FILES), &ImageConfig::default()).unwrap();
    fixture
}

/// A request to run one of the `inside_...` tests.
fn inside(test: &str) -> RunRequest {
    let command = ["/test", "--exact", test, "--nocapture", "--test-threads=1"];
    RunRequest {
        image: "demo:".into(),
        command: command.map(str::to_owned).into(),
        env: vec![format!("{INSIDE}=1")],
        remove: true,
        ..RunRequest::default()
    }
}

fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

fn temporary() -> File {
    tempfile::tempfile().unwrap()
}

impl Fixture {
    /// Runs the request; gives how it ended and what it printed.
    fn run(&self, request: RunRequest) -> (Result<Ended, EngineError>, String) {
        let output = temporary();
        let foreground = Foreground {
            stdin: File::open("/dev/null").unwrap().into(),
            stdout: output.try_clone().unwrap().into(),
            stderr: output.try_clone().unwrap().into(),
            detach: Detach::Unavailable,
        };
        let ended = self.engine.run(request, foreground, &mut Quiet);
        (ended, text(output))
    }

    fn kinds(&self) -> Vec<&'static str> {
        self.engine.ledger_lines(None).unwrap().iter().map(|line| line.entry.kind.as_str()).collect()
    }

    fn entries(&self, dir: &str) -> usize {
        std::fs::read_dir(self.root.path().join("state").join(dir)).unwrap().count()
    }

    /// Nothing of any container is left. Files of removed ones go behind the command that removed them.
    fn assert_empty(&self) {
        assert_eq!((self.entries("names"), self.entries("ranges")), (0, 0));
        let patience = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while self.entries("containers") > 0 && std::time::Instant::now() < patience {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        assert_eq!(self.entries("containers"), 0);
    }
}

fn text(mut file: File) -> String {
    use std::io::Seek as _;
    let mut text = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn inside_report() {
    if is_inside() {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        for line in status.lines().filter(|line| line.starts_with("NoNewPrivs") || line.starts_with("Groups"))
        {
            println!("{line}");
        }
        println!("pid {} uid {}", std::process::id(), rustix::process::getuid().as_raw());
        println!("home {}", std::env::var("HOME").unwrap());
        println!("host {}", std::fs::read_to_string("/etc/hostname").unwrap());
        writeln!(std::fs::OpenOptions::new().write(true).open("/dev/stdout").unwrap(), "anew").unwrap();
    }
}

#[test]
fn inside_fail() {
    if is_inside() {
        std::process::exit(42);
    }
}

#[test]
fn inside_echo() {
    if is_inside() {
        let mut typed = String::new();
        std::io::stdin().read_line(&mut typed).unwrap();
        println!("heard {}", typed.trim());
    }
}

#[test]
fn inside_wait() {
    if is_inside() {
        println!("waiting");
        std::thread::sleep(std::time::Duration::from_secs(60));
    }
}

#[test]
fn privileged_a_run_is_confined_recorded_and_leaves_nothing() {
    let f = fixture();
    let (ended, output) = f.run(RunRequest { user: Some("app".into()), ..inside("inside_report") });
    assert_eq!(ended.unwrap(), Ended::Code { code: 0 }, "{output}");
    for expected in ["pid 1 uid 1000", "NoNewPrivs:\t1", "Groups:\t77", "home /home/app", "anew"] {
        assert!(output.contains(expected), "{expected} is not in {output}");
    }
    assert_eq!(f.kinds(), ["image-import", "permit", "start", "exit", "container-remove"]);
    f.engine.ledger_verify(None).unwrap();
    f.assert_empty();
}

#[test]
fn privileged_exit_codes_are_docker_s() {
    let f = fixture();
    assert_eq!(f.run(inside("inside_fail")).0.unwrap().exit_code(), 42);
    let program = |path: &str| RunRequest { command: vec![path.into()], ..inside("") };
    assert_eq!(f.run(program("/missing")).0.unwrap_err().exit_code(), 127);
    assert_eq!(f.run(program("/plain")).0.unwrap_err().exit_code(), 126);
    let stranger = RunRequest { user: Some("stranger".into()), ..inside("inside_fail") };
    let error = f.run(stranger).0.unwrap_err();
    assert_eq!((error.code(), error.exit_code()), ("E-user-unknown", 125));
    f.assert_empty();
}

#[test]
fn privileged_a_refusal_is_history_and_nothing_is_made() {
    let f = fixture();
    let (ended, _) = f.run(RunRequest { privileged: true, level: Level::Baseline, ..inside("inside_fail") });
    let error = ended.unwrap_err();
    assert!(matches!(error, EngineError::Refused { entry: 1, .. }), "{error}");
    assert_eq!(error.exit_code(), 125);
    assert_eq!(f.kinds(), ["image-import", "refusal"]);
    assert_eq!(f.entries("containers"), 0);
}

#[test]
fn privileged_a_container_that_ended_stays_until_it_is_removed() {
    let f = fixture();
    let request = RunRequest { remove: false, name: Some("kept".into()), ..inside("inside_fail") };
    f.run(request.clone()).0.unwrap();
    let record = f.engine.container("kept").unwrap();
    assert!(matches!(record.status, Status::Exited { exit: Ended::Code { code: 42 }, .. }));
    assert_eq!(f.engine.explain("kept").unwrap().source, Source::Start);
    assert_eq!(f.run(request).0.unwrap_err().code(), "E-state-name-in-use");
    assert_eq!(f.engine.containers(Which::Running).unwrap().len(), 0);
    assert_eq!(f.engine.containers(Which::All).unwrap().len(), 1);
    f.engine.remove("kept", Force::No).unwrap();
    f.assert_empty();
}

#[test]
fn privileged_a_running_container_is_explained_by_the_kernel_and_removed_by_force() {
    let f = fixture();
    let (output, stdout) = std::io::pipe().unwrap();
    let root = f.root.path().to_owned();
    let run = std::thread::spawn(move || {
        let null = || OwnedFd::from(File::options().read(true).write(true).open("/dev/null").unwrap());
        let foreground =
            Foreground { stdin: null(), stdout: stdout.into(), stderr: null(), detach: Detach::Unavailable };
        let request = RunRequest { name: Some("web".into()), remove: false, ..inside("inside_wait") };
        open(&root).run(request, foreground, &mut Quiet)
    });
    wait_for(output, "waiting");
    let explanation = f.engine.explain("web").unwrap();
    assert_eq!(explanation.source, Source::Kernel);
    assert!(explanation.namespaces.iter().all(|line| line.scope == Scope::Private), "{explanation:?}");
    let process = explanation.process.unwrap();
    assert!(process.no_new_privs && process.seccomp_mode == 2);
    let of_root = explanation.mounts.iter().find(|mount| mount.path == "/").unwrap();
    assert!(of_root.noexec && of_root.nosuid && of_root.nodev);
    assert_eq!(f.engine.remove("web", Force::No).unwrap_err().code(), "E-state-running");
    f.engine.remove("web", Force::Kill).unwrap();
    assert_eq!(run.join().unwrap().unwrap(), Ended::Signal { signal: 9 });
    f.assert_empty();
}

/// Not a test but a command: a run in a process of its own, for others to kill.
#[test]
fn outside_run() {
    let Some(root) = std::env::var_os(SITE) else { return };
    let clone = |fd: std::os::fd::BorrowedFd<'_>| fd.try_clone_to_owned().unwrap();
    let foreground = Foreground {
        stdin: clone(rustix::stdio::stdin()),
        stdout: clone(rustix::stdio::stdout()),
        stderr: clone(rustix::stdio::stderr()),
        detach: Detach::Unavailable,
    };
    let remove = std::env::var_os("KEEP").is_none();
    let request = RunRequest { name: Some("orphan".into()), remove, ..inside("inside_wait") };
    let _killed_before = open(Path::new(&root)).run(request, foreground, &mut Quiet);
}

/// Starts a run in a process of its own and kills that process when the container runs.
fn killed_run(f: &Fixture, keep: &[(&str, &str)]) -> String {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "outside_run", "--nocapture"]).env(SITE, f.root.path()).envs(keep.to_vec());
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    wait_for(child.stdout.take().unwrap(), "waiting");
    let id = loop {
        let record = f.engine.container("orphan").unwrap();
        if matches!(record.status, Status::Running { .. }) {
            break record.id;
        }
    };
    child.kill().unwrap();
    child.wait().unwrap();
    id.to_string()
}

fn cgroups_left(id: &str) -> bool {
    ["", "memory/", "pids/"]
        .iter()
        .any(|controller| Path::new(&format!("/sys/fs/cgroup/{controller}coffer/{id}")).exists())
}

#[test]
fn privileged_an_orphan_is_ended_by_the_next_command() {
    let f = fixture();
    let id = killed_run(&f, &[("KEEP", "1")]);
    let record = f.engine.container("orphan").unwrap();
    assert!(matches!(record.status, Status::Exited { exit: Ended::Unknown, .. }));
    assert!(!cgroups_left(&id));
    assert_eq!(f.kinds(), ["image-import", "permit", "start", "exit"]);
}

#[test]
fn privileged_an_orphan_of_rm_is_gone_and_its_name_is_free() {
    let f = fixture();
    let id = killed_run(&f, &[]);
    let request = RunRequest { name: Some("orphan".into()), ..inside("inside_fail") };
    assert_eq!(f.run(request).0.unwrap(), Ended::Code { code: 42 });
    assert!(!cgroups_left(&id));
    f.assert_empty();
}

#[test]
fn privileged_input_reaches_the_container() {
    let f = fixture();
    let (stdin, mut keyboard) = std::io::pipe().unwrap();
    keyboard.write_all(b"typed\n").unwrap();
    let output = temporary();
    let clone = |file: &File| OwnedFd::from(file.try_clone().unwrap());
    let foreground = Foreground {
        stdin: stdin.into(),
        stdout: clone(&output),
        stderr: clone(&output),
        detach: Detach::Unavailable,
    };
    let request = RunRequest { interactive: true, ..inside("inside_echo") };
    f.engine.run(request, foreground, &mut Quiet).unwrap();
    assert!(text(output).contains("heard typed"));
}

/// Reads until the text comes.
fn wait_for(mut output: impl std::io::Read, text: &str) {
    let mut seen = String::new();
    let mut piece = [0; 256];
    while !seen.contains(text) {
        let length = output.read(&mut piece).unwrap();
        assert!(length > 0, "ended after {seen}");
        seen.push_str(std::str::from_utf8(&piece[..length]).unwrap());
    }
}
