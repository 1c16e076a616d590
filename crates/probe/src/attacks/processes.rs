//! Other processes: seen, traced, read, and robbed of their descriptors.

use std::io;
use std::process::{Child, Command, Stdio};

use rustix::io::Errno;
use rustix::process::{
    ForeignRawFd, Pid, PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open, test_kill_process,
};
use sys::attempt::{read_memory, seize};

use super::SELF;
use crate::outcome::{Attack, Class, Options, Outcome, errno_name, stopped_by};
use crate::report::surroundings::{Process, processes};

const CLASS: Class = Class::Processes;

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "ptrace",
        class: CLASS,
        tries: "trace a process of its own",
        run: |_| on_child(|child| Outcome::of(seize(child), "traced it")),
    },
    Attack {
        name: "process-vm-readv",
        class: CLASS,
        tries: "read the memory of a process of its own",
        run: |_| {
            on_child(|child| Outcome::of_reached(read_memory(child), &[Errno::FAULT], "read its memory"))
        },
    },
    Attack { name: "pidfd-getfd", class: CLASS, tries: "take a descriptor from pid 1", run: take_descriptor },
    Attack {
        name: "signal-host",
        class: CLASS,
        tries: "see or signal (with signal 0) processes of the host",
        run: signal_host,
    },
];

/// Runs `attack` on a copy of this program that sleeps.
fn on_child(attack: impl FnOnce(Pid) -> Outcome) -> Outcome {
    match sleeper() {
        Ok(mut child) => {
            let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
            let outcome = pid.map_or_else(|| Outcome::not_applicable("no process id"), attack);
            let (_killed, _reaped) = (child.kill(), child.wait());
            outcome
        }
        Err(error) => stopped_by(&error),
    }
}

fn sleeper() -> io::Result<Child> {
    Command::new(SELF).args(["sleep", "10"]).stdin(Stdio::null()).stdout(Stdio::null()).spawn()
}

/// A descriptor that nobody has: EBADF says that a real one would have been handed over.
fn take_descriptor(_: &Options) -> Outcome {
    if getpid() == Pid::INIT {
        return Outcome::not_applicable("this is pid 1");
    }
    let taken = pidfd_open(Pid::INIT, PidfdFlags::empty())
        .and_then(|init| pidfd_getfd(init, ForeignRawFd::MAX, PidfdGetfdFlags::empty()));
    Outcome::of_reached(taken, &[Errno::BADF], "pid 1 would have handed it over")
}

/// Kernel threads are in the host's pid namespace and in no other.
fn signal_host(_: &Options) -> Outcome {
    let seen = processes();
    if seen.is_empty() {
        return Outcome::not_applicable("/proc cannot be read");
    }
    if !seen.iter().any(Process::is_kthreadd) {
        return Outcome::stopped(format!("sees {} of its own, and none of the host", seen.len()));
    }
    let pids = seen.iter().filter_map(|process| Pid::from_raw(process.pid));
    let (open, closed): (Vec<_>, Vec<_>) = pids.map(test_kill_process).partition(Result::is_ok);
    let refusal = closed.into_iter().find_map(Result::err).map_or_else(|| "none".to_owned(), errno_name);
    Outcome::succeeded(format!(
        "sees {} processes, may signal {}, refused: {refusal}",
        seen.len(),
        open.len()
    ))
}
