//! Whoever attaches: one packet each way over a socket in the container's directory, which nobody but its
//! owner can enter. The guest sends pipes for output and errors and gets, in return, a descriptor to type
//! into. Then everything goes through descriptors, and a guest that does not read is shown out.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};

use rustix::fs::AtFlags;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketAddrUnix, SocketFlags, SocketType, accept_with, bind, connect,
    listen, recvmsg, sendmsg, socket_with,
};

use super::streams::{Kind, Streams};
use crate::logs::Stream;
use crate::state::Held;

/// The socket's name in the container's directory.
pub(crate) const SOCKET: &str = "attach";
/// Most guests at once; more wait at the door.
const MOST: usize = 16;

/// What a guest gets.
#[derive(Debug)]
pub(crate) struct Admission {
    /// Whether the container has a terminal.
    pub(crate) terminal: bool,
    /// To type into: the terminal, or standard input; absent where that is not open.
    pub(crate) input: Option<OwnedFd>,
}

/// The door and those who came through it.
#[derive(Debug)]
pub(super) struct Guests {
    door: OwnedFd,
    arriving: Vec<OwnedFd>,
    inside: Vec<Guest>,
}

#[derive(Debug)]
struct Guest {
    output: OwnedFd,
    errors: OwnedFd,
}

/// What of the guests a poll waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Knock {
    /// Somebody new.
    Door,
    /// One who has come in and says what they want.
    Arriving(usize),
}

fn address(dir: BorrowedFd<'_>) -> rustix::io::Result<SocketAddrUnix> {
    // The directory's own path may be longer than a socket's address can be.
    SocketAddrUnix::new(format!("/proc/self/fd/{}/{SOCKET}", dir.as_raw_fd()))
}

fn socket(flags: SocketFlags) -> rustix::io::Result<OwnedFd> {
    socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags | SocketFlags::CLOEXEC, None)
}

impl Guests {
    /// Opens the door; what a monitor before us left is taken away.
    pub(super) fn invite(held: &Held) -> std::io::Result<Self> {
        match rustix::fs::unlinkat(held.dir(), SOCKET, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(errno.into()),
        }
        let door = socket(SocketFlags::NONBLOCK)?;
        bind(&door, &address(held.dir())?)?;
        listen(&door, 16)?;
        Ok(Self { door, arriving: Vec::new(), inside: Vec::new() })
    }

    /// What to wait for.
    pub(super) fn knocks(&self) -> impl Iterator<Item = (Knock, BorrowedFd<'_>)> {
        let door =
            (self.inside.len() + self.arriving.len() < MOST).then_some((Knock::Door, self.door.as_fd()));
        let arriving =
            self.arriving.iter().enumerate().map(|(index, fd)| (Knock::Arriving(index), fd.as_fd()));
        door.into_iter().chain(arriving)
    }

    /// Lets somebody in.
    pub(super) fn open(&mut self) {
        if let Ok(connection) = accept_with(&self.door, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)
            && is_ours(&connection)
        {
            self.arriving.push(connection);
        }
    }

    /// Hears what a guest wants and shows them in; one who says nothing sensible is gone.
    pub(super) fn hear(&mut self, index: usize, streams: &Streams) {
        if index >= self.arriving.len() {
            return;
        }
        let connection = self.arriving.swap_remove(index);
        if let Some([output, errors]) = receive(&connection).ok().and_then(|fds| <[_; 2]>::try_from(fds).ok())
            && admit(&connection, streams).is_ok()
        {
            self.inside.push(Guest { output, errors });
        }
    }

    /// Shows everybody what the container printed. The pipes are the guests' and do not block: whoever is
    /// a whole pipe behind is shown out, and has the log to read.
    pub(super) fn show(&mut self, stream: Stream, bytes: &[u8]) {
        self.inside.retain(|guest| {
            let pipe = if stream == Stream::Errors { &guest.errors } else { &guest.output };
            write_whole(pipe, bytes).is_ok()
        });
    }

    /// The container has ended, and with it what they came for.
    pub(super) fn see_off(&mut self) {
        self.inside.clear();
    }
}

fn write_whole(pipe: &OwnedFd, mut bytes: &[u8]) -> rustix::io::Result<()> {
    while !bytes.is_empty() {
        let written = rustix::io::retry_on_intr(|| rustix::io::write(pipe, bytes))?;
        bytes = bytes.get(written..).unwrap_or_default();
    }
    Ok(())
}

/// The directory lets nobody else in; this is for a descriptor of it that was passed on.
fn is_ours(connection: &OwnedFd) -> bool {
    let own = rustix::process::geteuid();
    rustix::net::sockopt::socket_peercred(connection).is_ok_and(|peer| peer.uid == own || peer.uid.is_root())
}

fn admit(connection: &OwnedFd, streams: &Streams) -> rustix::io::Result<()> {
    let kind = if streams.kind == Kind::Terminal { b"t" } else { b"p" };
    let input: Vec<BorrowedFd<'_>> = streams.input.iter().map(OwnedFd::as_fd).collect();
    send(connection, kind, &input)
}

fn send(socket: &OwnedFd, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> rustix::io::Result<()> {
    let mut space = [MaybeUninit::<u8>::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(Errno::TOOBIG);
    }
    sendmsg(socket, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL).map(drop)
}

fn receive(socket: &OwnedFd) -> rustix::io::Result<Vec<OwnedFd>> {
    receive_packet(socket).map(|(_, descriptors)| descriptors)
}

fn receive_packet(socket: &OwnedFd) -> rustix::io::Result<(u8, Vec<OwnedFd>)> {
    let mut packet = [0];
    let mut space = [MaybeUninit::<u8>::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut slices = [IoSliceMut::new(&mut packet)];
    let received =
        rustix::io::retry_on_intr(|| recvmsg(socket, &mut slices, &mut control, RecvFlags::CMSG_CLOEXEC))?;
    if received.bytes != 1 {
        return Err(Errno::BADMSG);
    }
    let mut descriptors = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(fds) = message {
            descriptors.extend(fds);
        }
    }
    Ok((packet[0], descriptors))
}

impl Admission {
    /// Asks the monitor of the container whose directory this is to be shown its output, in these pipes.
    ///
    /// # Errors
    /// `ENOENT` and `ECONNREFUSED` where there is no monitor.
    pub(crate) fn ask(dir: BorrowedFd<'_>, pipes: [BorrowedFd<'_>; 2]) -> std::io::Result<Self> {
        let connection = socket(SocketFlags::empty())?;
        connect(&connection, &address(dir)?)?;
        send(&connection, b"a", &pipes)?;
        let (kind, descriptors) = receive_packet(&connection)?;
        Ok(Self { terminal: kind == b't', input: descriptors.into_iter().next() })
    }
}

#[cfg(test)]
mod tests {
    use rustix::pipe::{PipeFlags, pipe_with};

    use super::*;
    use crate::id::ContainerId;
    use crate::state::open_dir;

    fn door() -> (tempfile::TempDir, Guests) {
        let directory = tempfile::tempdir().unwrap();
        let dir = open_dir(directory.path()).unwrap();
        let held = Held::new(ContainerId::random().unwrap(), directory.path().to_owned(), dir);
        let guests = Guests::invite(&held).unwrap();
        (directory, guests)
    }

    /// Attaches from a thread, as another process would.
    fn attach(directory: &tempfile::TempDir, guests: &mut Guests, streams: &Streams) -> (Admission, OwnedFd) {
        let dir = open_dir(directory.path()).unwrap();
        let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).unwrap();
        let admission = std::thread::scope(|scope| {
            let asked = scope.spawn(|| Admission::ask(dir.as_fd(), [write.as_fd(), write.as_fd()]).unwrap());
            while guests.arriving.is_empty() {
                guests.open();
            }
            while guests.inside.is_empty() {
                if receive_is_ready(&guests.arriving[0]) {
                    guests.hear(0, streams);
                }
            }
            asked.join().unwrap()
        });
        (admission, read)
    }

    fn receive_is_ready(connection: &OwnedFd) -> bool {
        let mut ready = [rustix::event::PollFd::new(connection, rustix::event::PollFlags::IN)];
        rustix::event::poll(&mut ready, Some(&rustix::event::Timespec { tv_sec: 1, tv_nsec: 0 })).unwrap() > 0
    }

    #[test]
    fn a_guest_is_shown_output_and_gets_something_to_type_into() {
        let (directory, mut guests) = door();
        let (typed, input) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        let streams = Streams { input: Some(input), ..Streams::default() };
        let (admission, shown) = attach(&directory, &mut guests, &streams);
        assert!(!admission.terminal);
        rustix::io::write(admission.input.unwrap(), b"x").unwrap();
        let mut byte = [0; 8];
        assert_eq!(rustix::io::read(&typed, &mut byte[..]).unwrap(), 1);
        guests.show(Stream::Output, b"hello");
        assert_eq!(rustix::io::read(&shown, &mut byte[..]).unwrap(), 5);
    }

    #[test]
    fn a_guest_that_does_not_read_is_shown_out_and_nobody_waits() {
        let (directory, mut guests) = door();
        let (_admission, _shown) = attach(&directory, &mut guests, &Streams::default());
        for _ in 0..20 {
            guests.show(Stream::Output, &[0; 16 * 1024]);
        }
        assert!(guests.inside.is_empty());
    }
}
