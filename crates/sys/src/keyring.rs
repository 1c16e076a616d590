//! keyctl(2): leaving the caller's session keyring behind.

use rustix::io::Errno;

use crate::raw::syscall;

const KEYCTL_JOIN_SESSION_KEYRING: usize = 1;

/// Gives the calling process a new, empty session keyring, so that it possesses none of the keys of
/// whoever started it.
///
/// # Errors
/// keyctl(2): `EDQUOT`, or `ENOSYS` on kernels without key management.
pub fn join_new_session() -> Result<(), Errno> {
    // SAFETY: a null name asks for an anonymous keyring; no memory is passed.
    unsafe { syscall(libc::SYS_keyctl, [KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0, 0]) }.map(drop)
}
