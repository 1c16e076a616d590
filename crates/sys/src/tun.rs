//! A network device whose packets a process reads and writes: `/dev/net/tun`, Documentation/networking/tuntap.

use std::os::fd::{AsRawFd as _, OwnedFd};

use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use crate::raw::syscall;

/// Bytes of the `virtio_net_hdr` before each packet, in both directions.
pub const HEADER: usize = 10;

/// `VIRTIO_NET_HDR_F_NEEDS_CSUM`: the checksum covers the pseudo header only, and nobody has to look at it.
pub const NEEDS_CHECKSUM: u8 = 1;

/// Makes the device `name`, which carries IP packets, in the network namespace of the calling thread. It goes
/// when the descriptor is closed. Reading and writing do not block; large segments and checksums are left to
/// the other side.
///
/// # Errors
/// open(2) of `/dev/net/tun`; `EPERM` without CAP_NET_ADMIN over the namespace; `EINVAL` for a longer name than
/// devices have.
pub fn make(name: &str) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let device = rustix::fs::openat(CWD, c"/dev/net/tun", flags, Mode::empty())?;
    // SAFETY: all-zero bytes are a valid ifreq.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    if name.len() >= request.ifr_name.len() {
        return Err(Errno::INVAL);
    }
    for (slot, byte) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *slot = byte as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_TUN | libc::IFF_NO_PI | libc::IFF_VNET_HDR) as i16;
    let descriptor = device.as_raw_fd() as usize;
    let attach = [descriptor, libc::TUNSETIFF as usize, (&raw mut request) as usize, 0, 0, 0];
    // SAFETY: `request` is an ifreq, which TUNSETIFF reads and writes.
    unsafe { syscall(libc::SYS_ioctl, attach) }?;
    let offload = (libc::TUN_F_CSUM | libc::TUN_F_TSO4 | libc::TUN_F_TSO6) as usize;
    // SAFETY: TUNSETOFFLOAD takes a number; no memory is passed.
    unsafe { syscall(libc::SYS_ioctl, [descriptor, libc::TUNSETOFFLOAD as usize, offload, 0, 0, 0]) }?;
    Ok(device)
}
