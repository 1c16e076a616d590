//! Signal masks and signalfd(2): signals as bytes to read rather than as handlers to run.

use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use rustix::io::Errno;
use rustix::process::{Pid, Signal};

use crate::raw::syscall;

/// A set of signals as the kernel keeps it: bit N-1 stands for signal N.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignalSet(u64);

impl SignalSet {
    /// No signal.
    pub const EMPTY: Self = Self(0);
    /// Every signal that can be blocked.
    pub const FULL: Self = Self(u64::MAX);

    /// The set of the signals given; numbers outside 1 to 64 are left out.
    #[must_use]
    pub fn of(signals: &[i32]) -> Self {
        let bits = signals.iter().filter(|signal| (1..=64).contains(*signal));
        Self(bits.fold(0, |set, signal| set | 1 << (signal - 1)))
    }

    /// Those of this set that are not in the other one.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// Replaces the calling thread's signal mask and returns the old one.
///
/// # Errors
/// rt_sigprocmask(2); none in practice.
pub fn set_mask(mask: SignalSet) -> Result<SignalSet, Errno> {
    let mut old = 0_u64;
    let arguments = [
        libc::SIG_SETMASK as usize,
        (&raw const mask.0) as usize,
        (&raw mut old) as usize,
        size_of::<u64>(),
        0,
        0,
    ];
    // SAFETY: both point at eight bytes, which is the size given.
    unsafe { syscall(libc::SYS_rt_sigprocmask, arguments) }?;
    Ok(SignalSet(old))
}

/// A descriptor that delivers the signals of `set`, which must be blocked: non-blocking, close-on-exec.
///
/// # Errors
/// signalfd(2): `EMFILE` and its like.
pub fn signalfd(set: SignalSet) -> Result<OwnedFd, Errno> {
    let flags = (libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) as usize;
    let arguments = [usize::MAX, (&raw const set.0) as usize, size_of::<u64>(), flags, 0, 0];
    // SAFETY: the kernel reads eight bytes; -1 asks for a new descriptor.
    let descriptor = unsafe { syscall(libc::SYS_signalfd4, arguments) }?;
    // SAFETY: the kernel made a fresh descriptor, which nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor as i32) })
}

/// Reads the next signal number from a [`signalfd`]; `None` when there is none waiting.
///
/// # Errors
/// read(2).
pub fn next_signal(signalfd: BorrowedFd<'_>) -> Result<Option<i32>, Errno> {
    let mut record = [0_u8; size_of::<libc::signalfd_siginfo>()];
    let arguments = [signalfd.as_raw_fd() as usize, record.as_mut_ptr() as usize, record.len(), 0, 0, 0];
    // SAFETY: the buffer is writable for the length given.
    match unsafe { syscall(libc::SYS_read, arguments) } {
        Ok(length) if length == record.len() => {
            let [a, b, c, d, ..] = record;
            Ok(Some(u32::from_ne_bytes([a, b, c, d]) as i32))
        }
        Ok(_) | Err(Errno::AGAIN) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// Sends a signal by its number, real-time signals included, to the process behind a pidfd.
///
/// # Errors
/// pidfd_send_signal(2): `ESRCH` where it has ended, `EPERM`, `EINVAL` for a number that is no signal.
pub fn send(pidfd: BorrowedFd<'_>, signal: i32) -> Result<(), Errno> {
    let arguments = [pidfd.as_raw_fd() as usize, signal as usize, 0, 0, 0, 0];
    // SAFETY: without a siginfo no memory is passed.
    unsafe { syscall(libc::SYS_pidfd_send_signal, arguments) }.map(drop)
}

/// Lets the calling process die with `keeper`, its parent. A change of ids clears this, so it comes after one.
///
/// # Errors
/// `ESRCH` where the keeper has died meanwhile and so sends no signal; prctl(2).
pub fn die_with(keeper: Pid) -> Result<(), Errno> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    if rustix::process::getppid() == Some(keeper) { Ok(()) } else { Err(Errno::SRCH) }
}

/// Lets the program that `command` starts die with the thread that starts it.
pub fn bind_life(command: &mut Command) {
    let keeper = rustix::process::getpid();
    let bind = move || Ok(die_with(keeper)?);
    // SAFETY: between fork and exec this makes two system calls; it allocates nothing and takes no lock.
    unsafe { command.pre_exec(bind) };
}

/// Whether this process ignores a signal.
#[must_use]
pub fn is_ignored(signal: Signal) -> bool {
    let mut now = Action::DEFAULT;
    let arguments = [signal.as_raw() as usize, 0, (&raw mut now) as usize, size_of::<u64>(), 0, 0];
    // SAFETY: the kernel writes its sigaction to `now`, and changes nothing without a new one.
    let asked = unsafe { syscall(libc::SYS_rt_sigaction, arguments) };
    asked.is_ok() && now.handler == libc::SIG_IGN
}

/// The kernel's own struct sigaction.
#[repr(C)]
struct Action {
    handler: usize,
    flags: usize,
    restorer: usize,
    mask: u64,
}

impl Action {
    const DEFAULT: Self = Self { handler: libc::SIG_DFL, flags: 0, restorer: 0, mask: 0 };
}

/// Gives every signal its default action, ignored ones included: an ignored signal stays ignored over
/// exec, and Rust programs ignore SIGPIPE.
pub fn reset_actions() {
    let default = Action::DEFAULT;
    for signal in 1..=64_usize {
        let arguments = [signal, (&raw const default) as usize, 0, size_of::<u64>(), 0, 0];
        // SAFETY: `default` is the kernel's sigaction, read during the call; no handler of ours is set.
        // SIGKILL and SIGSTOP are refused, which is as well.
        let _kept = unsafe { syscall(libc::SYS_rt_sigaction, arguments) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd as _;

    #[test]
    fn what_is_ignored_is_known() {
        // Rust programs ignore it, and tests are such programs.
        assert!(is_ignored(Signal::PIPE));
        assert!(!is_ignored(Signal::TERM));
    }

    #[test]
    fn what_is_left_of_a_set_is_what_the_other_has_not() {
        let both = SignalSet::of(&[libc::SIGINT, libc::SIGTERM]);
        assert_eq!(
            both.without(SignalSet::of(&[libc::SIGTERM, libc::SIGHUP])),
            SignalSet::of(&[libc::SIGINT])
        );
        assert_eq!(both.without(SignalSet::EMPTY), both);
    }

    #[test]
    fn a_command_dies_with_the_thread_that_has_started_it() {
        let start = || {
            let mut command = Command::new("sleep");
            bind_life(command.arg("1000"));
            command.spawn().unwrap()
        };
        let ended = std::thread::spawn(start).join().unwrap().wait().unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&ended), Some(libc::SIGKILL));
    }

    #[test]
    fn a_blocked_signal_arrives_as_a_read() {
        let set = SignalSet::of(&[libc::SIGUSR1]);
        let old = set_mask(set).unwrap();
        let descriptor = signalfd(set).unwrap();
        assert_eq!(next_signal(descriptor.as_fd()), Ok(None));
        // SAFETY: raises a blocked signal in this thread only.
        unsafe { libc::raise(libc::SIGUSR1) };
        assert_eq!(next_signal(descriptor.as_fd()), Ok(Some(libc::SIGUSR1)));
        set_mask(old).unwrap();
    }
}
