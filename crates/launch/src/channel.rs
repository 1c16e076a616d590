//! The two ends of a start talk over one socket pair: short packets, with descriptors where needed.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};

use crate::step::Step;

/// Most descriptors that one packet carries; the kernel's own limit is 253.
pub(crate) const MAX_DESCRIPTORS: usize = 64;

/// Most trees that a container gets, in as many packets as they need: half of the descriptors that a process
/// usually may have.
pub(crate) const MAX_TREES: usize = 512;

/// One end.
#[derive(Debug)]
pub(crate) struct Channel(OwnedFd);

/// A step that failed, and on which of its things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub step: Step,
    /// Position in the plan's list of the step's things.
    pub index: u16,
    pub errno: Errno,
}

/// What one end says to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Message {
    /// Parent: the id maps are written; to a process that enters, that its limits are set.
    Mapped,
    /// Parent: here are the root and the binds. As many as said are still to come, these among them.
    Trees(u16),
    /// Child's maker: here is the child, which has this number.
    Born(i32),
    /// Child: here is the terminal.
    Terminal,
    /// Child: the host's tree is still there, hooks may run.
    Halted,
    /// Parent: go on after the halt; the state that hooks read comes along.
    Resume,
    /// Child: here is what answers for the system call filter.
    Listener,
    /// Child: everything is in force, only exec is left.
    Ready,
    /// Parent: the creation is complete, wait for the start.
    Stay,
    /// Parent: the history is written, execute. The state that hooks read may come along.
    Go,
    /// Child: this failed.
    Failed(Fault),
}

const PACKET: usize = 8;

impl Message {
    fn encode(self) -> [u8; PACKET] {
        let plain = |kind| [kind, 0, 0, 0, 0, 0, 0, 0];
        match self {
            Self::Mapped => plain(1),
            Self::Trees(count) => {
                let [low, high] = count.to_le_bytes();
                [2, 0, low, high, 0, 0, 0, 0]
            }
            Self::Terminal => plain(3),
            Self::Ready => plain(4),
            Self::Go => plain(5),
            Self::Halted => plain(8),
            Self::Resume => plain(9),
            Self::Listener => plain(10),
            Self::Stay => plain(11),
            Self::Born(pid) => {
                let [a, b, c, d] = pid.to_le_bytes();
                [7, 0, 0, 0, a, b, c, d]
            }
            Self::Failed(fault) => {
                let [low, high] = fault.index.to_le_bytes();
                let [a, b, c, d] = fault.errno.raw_os_error().to_le_bytes();
                [6, fault.step as u8, low, high, a, b, c, d]
            }
        }
    }

    fn decode(packet: [u8; PACKET]) -> Option<Self> {
        let [kind, step, low, high, a, b, c, d] = packet;
        Some(match kind {
            1 => Self::Mapped,
            2 => Self::Trees(u16::from_le_bytes([low, high])),
            3 => Self::Terminal,
            4 => Self::Ready,
            5 => Self::Go,
            6 => Self::Failed(Fault {
                step: Step::from_number(step)?,
                index: u16::from_le_bytes([low, high]),
                errno: Errno::from_raw_os_error(i32::from_le_bytes([a, b, c, d])),
            }),
            7 => Self::Born(i32::from_le_bytes([a, b, c, d])),
            8 => Self::Halted,
            9 => Self::Resume,
            10 => Self::Listener,
            11 => Self::Stay,
            _ => return None,
        })
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl From<OwnedFd> for Channel {
    /// One end of a connection of packets.
    fn from(socket: OwnedFd) -> Self {
        Self(socket)
    }
}

impl Channel {
    pub(crate) fn pair() -> Result<(Self, Self), Errno> {
        let (ours, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        Ok((Self(ours), Self(theirs)))
    }

    /// Sends without allocating.
    pub(crate) fn send(&self, message: Message, descriptors: &[BorrowedFd<'_>]) -> Result<(), Errno> {
        let packet = message.encode();
        let mut space = [MaybeUninit::<u8>::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
            return Err(Errno::TOOBIG);
        }
        sendmsg(&self.0, &[IoSlice::new(&packet)], &mut control, SendFlags::NOSIGNAL).map(drop)
    }

    /// Receives without allocating; descriptors are handed to `take` one by one, close-on-exec.
    /// `None` means that the other end is gone.
    pub(crate) fn receive(&self, mut take: impl FnMut(OwnedFd)) -> Result<Option<Message>, Errno> {
        let mut packet = [0; PACKET];
        let mut space = [MaybeUninit::<u8>::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let received = loop {
            let mut slices = [IoSliceMut::new(&mut packet)];
            match recvmsg(&self.0, &mut slices, &mut control, RecvFlags::CMSG_CLOEXEC) {
                // Said once when the other end closes before it has read everything; what it said itself
                // comes after that.
                Err(Errno::INTR | Errno::CONNRESET) => {}
                other => break other?,
            }
        };
        if received.bytes == 0 {
            return Ok(None);
        }
        if received.bytes != PACKET || received.flags.contains(ReturnFlags::CTRUNC) {
            return Err(Errno::BADMSG);
        }
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                descriptors.for_each(&mut take);
            }
        }
        Message::decode(packet).map(Some).ok_or(Errno::BADMSG)
    }

    /// Receives exactly `expected`, without descriptors.
    pub(crate) fn expect(&self, expected: Message) -> Result<(), Errno> {
        self.expect_with(expected).map(drop)
    }

    /// Receives exactly `expected`, with the descriptor that may have come along.
    pub(crate) fn expect_with(&self, expected: Message) -> Result<Option<OwnedFd>, Errno> {
        let mut descriptor = None;
        match self.receive(|received| descriptor = Some(received))? {
            Some(message) if message == expected => Ok(descriptor),
            Some(_) => Err(Errno::BADMSG),
            None => Err(Errno::PIPE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_arrive_as_sent_with_their_descriptors() {
        let (ours, theirs) = Channel::pair().unwrap();
        let fault = Fault { step: Step::Mask, index: 513, errno: Errno::LOOP };
        for message in [
            Message::Mapped,
            Message::Trees(300),
            Message::Listener,
            Message::Ready,
            Message::Go,
            Message::Failed(fault),
        ] {
            ours.send(message, &[]).unwrap();
            assert_eq!(theirs.receive(drop).unwrap(), Some(message));
        }
        ours.send(Message::Terminal, &[ours.0.as_fd(), ours.0.as_fd()]).unwrap();
        let mut received = Vec::new();
        assert_eq!(theirs.receive(|fd| received.push(fd)).unwrap(), Some(Message::Terminal));
        assert_eq!(received.len(), 2);
    }

    #[test]
    fn the_last_words_of_an_end_that_did_not_listen_arrive() {
        let (ours, theirs) = Channel::pair().unwrap();
        ours.send(Message::Mapped, &[]).unwrap();
        theirs.send(Message::Terminal, &[]).unwrap();
        drop(theirs);
        assert_eq!(ours.receive(drop).unwrap(), Some(Message::Terminal));
        assert_eq!(ours.receive(drop).unwrap(), None);
    }

    #[test]
    fn a_closed_end_is_noticed() {
        let (ours, theirs) = Channel::pair().unwrap();
        drop(theirs);
        assert_eq!(ours.receive(drop).unwrap(), None);
    }
}
