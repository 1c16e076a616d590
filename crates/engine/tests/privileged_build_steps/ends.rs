//! How steps end that nobody lets end by themselves.

use std::io::Read as _;
use std::path::Path;

use build::plan::Sharing;
use coffer_engine as engine;
use engine::building::Output;
use engine::containers::Which;
use engine::state::Ended;
use model::request::RunRequest;

use crate::scene::{Fixture, Given, SITE, cache, fixture, open, run, step, wait_for, with};

#[test]
fn privileged_a_step_that_prints_without_end_waits_for_its_reader() {
    let f = fixture();
    let (mut output, stdout) = std::io::pipe().unwrap();
    let (root, base) = (f.root.to_owned(), f.base.clone());
    let running = std::thread::spawn(move || {
        let stderr = tempfile::tempfile().unwrap().into();
        step(&open(&root), &run(&["flood"]), &Given::on(&base), Output { stdout: stdout.into(), stderr })
    });
    let mut heard = vec![0; 1 << 20];
    output.read_exact(&mut heard).unwrap();
    let id = f.engine.containers(Which::Running).unwrap()[0].id.to_string();
    assert!(!running.is_finished());
    let written = std::fs::read_dir(f.root.join("state/containers").join(&id)).unwrap();
    let bytes: u64 = written.flatten().map(|entry| entry.metadata().unwrap().len()).sum();
    assert!(bytes < 1 << 20, "what nobody reads is nowhere: {bytes}");
    drop(output);
    assert_ne!(running.join().unwrap().unwrap().ended, Ended::Code { code: 0 });
    f.assert_empty();
}

#[test]
fn privileged_a_step_has_the_limits_that_were_asked_for() {
    let f = fixture();
    let mut defaults = RunRequest::default();
    defaults.limits.memory = Some(64 << 20);
    let (ran, _) = f.step(&run(&["eat"]), &Given { defaults, ..Given::on(&f.base) });
    assert_eq!(ran.unwrap().ended, Ended::OutOfMemory);
    f.assert_empty();
}

/// Not a test but a command: a step in a process of its own, for others to interrupt or kill.
#[test]
fn outside_step() {
    let Some(root) = std::env::var_os(SITE) else { return };
    let f = Fixture::at(root.into());
    let clone = |fd: std::os::fd::BorrowedFd<'_>| fd.try_clone_to_owned().unwrap();
    let output = Output { stdout: clone(rustix::stdio::stdout()), stderr: clone(rustix::stdio::stderr()) };
    let mounts = vec![cache("held", "/c", Sharing::Locked)];
    match step(&f.engine, &with(mounts, &["write /x y", "wait"]), &Given::on(&f.base), output) {
        Err(error) => println!("{}", error.code()),
        Ok(ran) => println!("{:?}", ran.ended),
    }
}

/// Such a process, once its step runs; and the step's first process.
fn worker(f: &Fixture) -> (std::process::Child, std::process::ChildStdout, String) {
    // Its main thread is not the one that holds signals back, as a worker's is.
    let mut command = std::process::Command::new("env");
    command.args(["--default-signal=INT", "--block-signal=INT"]).arg(std::env::current_exe().unwrap());
    command.args(["--exact", "ends::outside_step", "--nocapture", "--test-threads=1"]).env(SITE, &f.root);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    wait_for(&mut output, "waiting");
    let id = f.engine.containers(Which::Running).unwrap()[0].id.to_string();
    (child, output, id)
}

fn groups_left(id: &str) -> bool {
    let group = |controller| Path::new(&format!("/sys/fs/cgroup/{controller}coffer/{id}")).exists();
    ["", "memory/", "pids/"].into_iter().any(group)
}

#[test]
fn privileged_an_interrupted_step_leaves_nothing() {
    let f = fixture();
    let (mut child, mut output, id) = worker(&f);
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let mut said = String::new();
    output.read_to_string(&mut said).unwrap();
    assert!(said.contains("E-build-interrupted"), "{said}");
    child.wait().unwrap();
    assert!(!groups_left(&id));
    f.assert_empty();
    f.caches_at_rest();
}

#[test]
fn privileged_a_killed_worker_leaves_nothing_running() {
    let f = fixture();
    let (mut child, _output, id) = worker(&f);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(f.engine.containers(Which::All).unwrap().len(), 0, "the next command clears up");
    assert!(!groups_left(&id));
    f.assert_empty();
    // The store is whole, and the same step can be run.
    f.layer(&["write /x y"]);
    assert!(f.engine.verify_images(&mut engine::Quiet).unwrap().is_empty());
}
