//! The console socket: the engine listens there for the container's terminal.

use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::BorrowedFd;

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketAddrUnix, SocketFlags,
    SocketType, connect, sendmsg, socket_with,
};

use crate::error::Failure;

/// Sends `descriptor` to whoever listens at `path`, with a name beside it as runc does.
///
/// # Errors
/// [`Failure::System`].
pub(crate) fn send(path: &str, name: &str, descriptor: BorrowedFd<'_>) -> Result<(), Failure> {
    try_send(path, name, descriptor).map_err(Failure::system("send a descriptor to", path))
}

fn try_send(path: &str, name: &str, descriptor: BorrowedFd<'_>) -> Result<(), Errno> {
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    connect(&socket, &SocketAddrUnix::new(path)?)?;
    let mut space = [MaybeUninit::<u8>::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let descriptors = [descriptor];
    if !control.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(Errno::TOOBIG);
    }
    sendmsg(&socket, &[IoSlice::new(name.as_bytes())], &mut control, SendFlags::NOSIGNAL).map(drop)
}
