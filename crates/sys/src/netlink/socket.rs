//! A conversation with the kernel about one network namespace.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

use super::answer::{Answer, messages};
use super::request::Request;

/// The kernel's packets have at most 32 KiB.
const PACKET: usize = 64 << 10;

/// Most things that one request brings: far more than a device has addresses.
const MOST: usize = 4096;

/// A socket in the network namespace in which it was made, wherever its owner is later.
#[derive(Debug)]
pub struct Socket {
    descriptor: OwnedFd,
    sequence: u32,
}

impl Socket {
    /// Opens one in the caller's network namespace. It is connected to the kernel, which then lets nobody
    /// else send to it.
    ///
    /// # Errors
    /// socket(2) and connect(2).
    pub fn open() -> Result<Self, Errno> {
        let (family, kind) = (AddressFamily::NETLINK, SocketType::RAW);
        // No protocol is NETLINK_ROUTE.
        let descriptor = rustix::net::socket_with(family, kind, SocketFlags::CLOEXEC, None)?;
        rustix::net::connect(&descriptor, &SocketAddrNetlink::new(0, 0))?;
        Ok(Self { descriptor, sequence: 0 })
    }

    /// Sends `request` and hands each thing of the answer to `take`: its kind, and what follows the header.
    ///
    /// # Errors
    /// The kernel's answer; `EBADMSG` for one that makes no sense, `EOVERFLOW` for one without an end.
    pub fn ask(&mut self, request: &Request, mut take: impl FnMut(u16, &[u8])) -> Result<(), Errno> {
        self.sequence += 1;
        rustix::net::send(&self.descriptor, &request.bytes(self.sequence), SendFlags::NOSIGNAL)?;
        let mut buffer = vec![0; PACKET];
        let mut things = 0;
        loop {
            let (length, _) =
                retried(|| rustix::net::recv(&self.descriptor, &mut buffer[..], RecvFlags::empty()))?;
            for message in messages(buffer.get(..length).unwrap_or_default()) {
                let message = message.ok_or(Errno::BADMSG)?;
                if message.sequence != self.sequence || message.is_nothing() {
                    continue;
                }
                match message.answer {
                    Answer::Done | Answer::Ended(0) => return Ok(()),
                    Answer::Ended(errno) => return Err(Errno::from_raw_os_error(errno)),
                    Answer::Thing(..) if things == MOST => return Err(Errno::OVERFLOW),
                    Answer::Thing(kind, body) => take(kind, body),
                }
                things += 1;
            }
        }
    }

    /// Sends `request`, whose answer is only whether it was done.
    ///
    /// # Errors
    /// As [`Socket::ask`].
    pub fn tell(&mut self, request: &Request) -> Result<(), Errno> {
        self.ask(request, |_, _| ())
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

fn retried<T>(mut receive: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    loop {
        match receive() {
            Err(Errno::INTR) => {}
            other => return other,
        }
    }
}
