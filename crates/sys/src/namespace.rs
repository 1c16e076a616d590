//! unshare(2) and setns(2) for the calling thread.

use std::os::fd::{AsRawFd as _, BorrowedFd};

use rustix::io::Errno;

use crate::raw::syscall;

/// Moves the caller into new namespaces (bits of [`crate::clone::flag`]).
///
/// # Errors
/// unshare(2).
pub fn unshare(namespaces: u64) -> Result<(), Errno> {
    // SAFETY: namespace flags change only what names mean to this thread; no memory is passed.
    unsafe { syscall(libc::SYS_unshare, [namespaces as usize, 0, 0, 0, 0, 0]) }.map(drop)
}

/// Moves the caller into an existing namespace of the given kind, or (with a pidfd) into several.
///
/// # Errors
/// setns(2).
pub fn setns(namespace: BorrowedFd<'_>, kinds: u64) -> Result<(), Errno> {
    let descriptor = namespace.as_raw_fd() as usize;
    // SAFETY: the descriptor is open for the length of the call; no memory is passed.
    unsafe { syscall(libc::SYS_setns, [descriptor, kinds as usize, 0, 0, 0, 0]) }.map(drop)
}
