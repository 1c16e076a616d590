//! Hooks that run inside: the host's programs before the root is changed, the container's own after it.

use std::os::fd::{AsFd as _, BorrowedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;
use rustix::process::{Signal, WaitId, WaitIdOptions, pidfd_send_signal, waitid};
use rustix::stdio::dup2_stdin;
use sys::clone::{Cloned, clone3};

use super::At as _;
use crate::channel::Fault;
use crate::plan::PlannedHook;
use crate::step::Step;

/// What the child of a hook that could not be executed ends with, as a shell's would.
const NOT_EXECUTED: i32 = 127;

/// Runs one after the other; each reads `state`, the container's state as JSON, from its standard input.
pub(super) fn run_all(hooks: &[PlannedHook], state: BorrowedFd<'_>, step: Step) -> Result<(), Fault> {
    hooks.iter().enumerate().try_for_each(|(index, hook)| run(hook, state).at(step, index))
}

/// `ETIMEDOUT` for one that took too long, `ECANCELED` for one that failed.
fn run(hook: &PlannedHook, state: BorrowedFd<'_>) -> Result<(), Errno> {
    seek(state, SeekFrom::Start(0))?;
    match clone3(0, None)? {
        Cloned::Child => become_hook(hook, state),
        Cloned::Parent { pidfd, .. } => {
            let in_time = await_end(pidfd.as_fd(), hook.timeout);
            if !matches!(in_time, Ok(true)) {
                let _gone_already = pidfd_send_signal(&pidfd, Signal::KILL);
            }
            let status = waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED)?;
            match (in_time?, status.and_then(|status| status.exit_status())) {
                (false, _) => Err(Errno::TIMEDOUT),
                (true, Some(0)) => Ok(()),
                (true, _) => Err(Errno::CANCELED),
            }
        }
    }
}

fn become_hook(hook: &PlannedHook, state: BorrowedFd<'_>) -> ! {
    sys::signal::reset_actions();
    let _always = sys::signal::set_mask(sys::signal::SignalSet::EMPTY);
    if dup2_stdin(state).and_then(|()| sys::fds::close_on_exec_from(3)).is_ok() {
        let _why_not = sys::exec::execve(&hook.path, &hook.arguments, &hook.environment);
    }
    sys::exec::exit(NOT_EXECUTED)
}

/// Whether a process ends before its time is over, in seconds.
///
/// # Errors
/// poll(2)'s.
pub fn await_end(pidfd: BorrowedFd<'_>, timeout: Option<u64>) -> Result<bool, Errno> {
    let seconds = timeout.map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX));
    let timeout = seconds.map(|tv_sec| Timespec { tv_sec, tv_nsec: 0 });
    loop {
        match poll(&mut [PollFd::from_borrowed_fd(pidfd, PollFlags::IN)], timeout.as_ref()) {
            Ok(ready) => return Ok(ready > 0),
            // Where nobody handles signals, only a stop and a continuation interrupt.
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}
