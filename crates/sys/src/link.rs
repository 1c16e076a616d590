//! netdevice(7): bringing a network interface up.

use std::os::fd::{AsRawFd as _, BorrowedFd};

use rustix::io::Errno;

use crate::raw::syscall;

/// Sets `IFF_UP` on the loopback interface of the network namespace that `socket` was made in.
///
/// # Errors
/// netdevice(7): `EPERM` without CAP_NET_ADMIN over the namespace.
pub fn loopback_up(socket: BorrowedFd<'_>) -> Result<(), Errno> {
    // SAFETY: all-zero bytes are a valid ifreq.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (slot, byte) in request.ifr_name.iter_mut().zip(b"lo") {
        *slot = *byte as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as i16;
    let arguments =
        [socket.as_raw_fd() as usize, libc::SIOCSIFFLAGS as usize, (&raw mut request) as usize, 0, 0, 0];
    // SAFETY: `request` is an ifreq, which SIOCSIFFLAGS reads.
    unsafe { syscall(libc::SYS_ioctl, arguments) }.map(drop)
}
