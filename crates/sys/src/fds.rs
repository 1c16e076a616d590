//! close_range(2): closing what a process must not inherit.

use std::os::fd::{AsRawFd as _, BorrowedFd};

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

/// Closes every descriptor above standard error but one. For a process that was cloned for one task and
/// ends in [`crate::exec::exit`]: the owners of the others are never dropped in it.
///
/// # Errors
/// close_range(2).
pub fn keep_only(kept: BorrowedFd<'_>) -> Result<(), Errno> {
    let kept = kept.as_raw_fd() as usize;
    for (first, last) in [(3, kept.saturating_sub(1)), (kept.max(2) + 1, u32::MAX as usize)] {
        if first <= last {
            // SAFETY: the caller's process does not use the descriptors again; no memory is passed.
            unsafe { syscall(libc::SYS_close_range, [first, last, 0, 0, 0, 0]) }?;
        }
    }
    Ok(())
}
