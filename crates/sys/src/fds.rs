//! close_range(2): closing what a process must not inherit.

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
