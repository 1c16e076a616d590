//! close_range(2): closing what a process must not inherit, its streams included.

use std::os::fd::{AsRawFd as _, BorrowedFd};

use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use crate::raw::syscall;

const CLOSE_RANGE_CLOEXEC: usize = 1 << 2;

/// Marks every descriptor from `first` upwards close-on-exec, whoever opened it (Linux 5.11).
///
/// # Errors
/// close_range(2).
pub fn close_on_exec_from(first: u32) -> Result<(), Errno> {
    let arguments = [first as usize, u32::MAX as usize, CLOSE_RANGE_CLOEXEC, 0, 0, 0];
    // SAFETY: the flag changes what exec does; no descriptor is closed under its owner.
    unsafe { syscall(libc::SYS_close_range, arguments) }.map(drop)
}

/// Closes every descriptor from `first` upwards but these. For a process that was cloned for one task
/// and ends in [`crate::exec::exit`]: the owners of the others are never dropped in it.
///
/// # Errors
/// close_range(2).
pub fn keep_only(first: u32, kept: &[BorrowedFd<'_>]) -> Result<(), Errno> {
    let mut first = first as usize;
    loop {
        let next = kept.iter().map(|fd| fd.as_raw_fd() as usize).filter(|fd| *fd >= first).min();
        let last = next.map_or(u32::MAX as usize, |next| next.saturating_sub(1));
        if first <= last {
            // SAFETY: the caller's process does not use the descriptors again; no memory is passed.
            unsafe { syscall(libc::SYS_close_range, [first, last, 0, 0, 0, 0]) }?;
        }
        match next {
            Some(next) => first = next + 1,
            None => return Ok(()),
        }
    }
}

/// Puts `/dev/null` in place of the three streams: whoever reads what our starter prints does not wait for us.
///
/// # Errors
/// open(2) and dup2(2).
pub fn streams_to_null() -> Result<(), Errno> {
    let null = rustix::fs::openat(CWD, c"/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&null)
}

/// The first of `count` descriptors from `first` upwards that is not open, or closes on exec.
#[must_use]
pub fn first_closed(first: u32, count: u32) -> Option<u32> {
    let passed_on = |number: &u32| {
        let arguments = [*number as usize, libc::F_GETFD as usize, 0, 0, 0, 0];
        // SAFETY: asks for a flag of a descriptor, whoever owns it; no memory is passed.
        let flags = unsafe { syscall(libc::SYS_fcntl, arguments) };
        flags == Ok(0)
    };
    (first..first.saturating_add(count)).find(|number| !passed_on(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clone::{Cloned, clone3};
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    use std::os::fd::AsFd as _;

    #[test]
    fn what_is_kept_stays_open_and_the_rest_is_closed() {
        let open = || std::fs::File::open("/dev/null").unwrap();
        let files = [open(), open(), open(), open()];
        match clone3(0, None).unwrap() {
            Cloned::Child => {
                let [kept, closed, also_kept, also_closed] = &files;
                let done = keep_only(3, &[also_kept.as_fd(), kept.as_fd()]);
                let is_open = |file: &std::fs::File| rustix::io::fcntl_getfd(file).is_ok();
                let as_said =
                    is_open(kept) && is_open(also_kept) && !is_open(closed) && !is_open(also_closed);
                crate::exec::exit(i32::from(!(done.is_ok() && as_said)));
            }
            Cloned::Parent { pidfd, .. } => {
                let status = waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED).unwrap().unwrap();
                assert_eq!(status.exit_status(), Some(0));
            }
        }
    }
}
