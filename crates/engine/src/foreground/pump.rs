//! One direction of a relay: a descriptor to read, a buffer, a descriptor to write; never waits.

use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::net::SendFlags;

/// Bytes that are on their way at most; the size of a pipe.
const BUFFER: usize = 64 * 1024;
/// What a pipe that is ready surely takes without waiting (`PIPE_BUF`, pipe(7)).
const CAREFUL: usize = 4096;

/// A descriptor of ours to write to without ever waiting in write(2), although others may share its
/// open file description and its flags are therefore not ours to change.
#[derive(Debug)]
pub(super) struct Sink {
    fd: OwnedFd,
    how: How,
}

#[derive(Debug, Clone, Copy)]
enum How {
    /// A description of our own, non-blocking.
    Nonblocking,
    /// A regular file: never waits for a reader.
    Whole,
    /// A socket, asked not to wait.
    Socket,
    /// A pipe or terminal that cannot be opened anew: small pieces, and only when it is ready.
    Small,
}

impl Sink {
    /// A descriptor that was inherited. Pipes and terminals are opened anew through /proc; files are
    /// not, because they would lose their shared position.
    pub(super) fn shared(fd: OwnedFd) -> Self {
        let kind = rustix::fs::fstat(&fd).map(|stat| FileType::from_raw_mode(stat.st_mode));
        match kind {
            Ok(FileType::Fifo | FileType::CharacterDevice) => Self::anew(fd),
            Ok(FileType::Socket) => Self { fd, how: How::Socket },
            _ => Self { fd, how: How::Whole },
        }
    }

    fn anew(fd: OwnedFd) -> Self {
        let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        match rustix::fs::open(path, flags, Mode::empty()) {
            Ok(fd) => Self { fd, how: How::Nonblocking },
            Err(_) => Self { fd, how: How::Small },
        }
    }

    /// A descriptor that nobody else has.
    pub(super) fn own(fd: OwnedFd) -> io::Result<Self> {
        nonblocking(&fd)?;
        Ok(Self { fd, how: How::Nonblocking })
    }

    fn write(&self, bytes: &[u8]) -> Result<usize, Errno> {
        match self.how {
            How::Nonblocking | How::Whole => rustix::io::write(&self.fd, bytes),
            How::Socket => rustix::net::send(&self.fd, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL),
            How::Small => rustix::io::write(&self.fd, bytes.get(..CAREFUL).unwrap_or(bytes)),
        }
    }
}

/// Sets `O_NONBLOCK` on a description of our own.
pub(crate) fn nonblocking(fd: &OwnedFd) -> io::Result<()> {
    let flags = rustix::fs::fcntl_getfl(fd)?;
    Ok(rustix::fs::fcntl_setfl(fd, flags | OFlags::NONBLOCK)?)
}

/// What happens to the source when nobody reads the sink any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WhenUnread {
    /// It is closed, so that the writer learns of it.
    Close,
    /// It is read on and thrown away, so that a terminal's program is not stuck.
    Discard,
}

/// One direction.
#[derive(Debug)]
pub(super) struct Pump {
    source: Option<OwnedFd>,
    sink: Option<Sink>,
    when_unread: WhenUnread,
    buffer: Vec<u8>,
    filled: std::ops::Range<usize>,
}

/// What an attempt to read brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// Something.
    Some,
    /// Nothing yet.
    None,
    /// Nothing ever again.
    End,
}

impl Pump {
    pub(super) fn new(source: OwnedFd, sink: Sink, when_unread: WhenUnread) -> Self {
        Self { source: Some(source), sink: Some(sink), when_unread, buffer: vec![0; BUFFER], filled: 0..0 }
    }

    /// The source, when there is room for what it has.
    pub(super) fn hungry(&self) -> Option<BorrowedFd<'_>> {
        self.source.as_ref().filter(|_| self.filled.is_empty()).map(AsFd::as_fd)
    }

    /// The sink, whether or not there is something for it.
    pub(super) fn sink(&self) -> Option<BorrowedFd<'_>> {
        self.sink.as_ref().map(|sink| sink.fd.as_fd())
    }

    /// Whether something waits to be written.
    pub(super) fn loaded(&self) -> bool {
        !self.filled.is_empty()
    }

    /// Whether there is nothing left to do.
    pub(super) fn finished(&self) -> bool {
        self.source.is_none() && self.filled.is_empty()
    }

    /// Reads once.
    pub(super) fn fill(&mut self) -> Filled {
        let Some(source) = &self.source else { return Filled::End };
        match rustix::io::read(source, &mut self.buffer) {
            Ok(0) => self.end(),
            Ok(length) => {
                self.filled = 0..length;
                Filled::Some
            }
            Err(Errno::AGAIN | Errno::INTR) => Filled::None,
            // EIO is how the last close of a terminal's other side is told; other errors end it as well.
            Err(_) => self.end(),
        }
    }

    /// Nothing more is read.
    pub(super) fn end(&mut self) -> Filled {
        self.source = None;
        Filled::End
    }

    /// What was read and not written yet.
    pub(super) fn pending(&self) -> &[u8] {
        self.buffer.get(self.filled.clone()).unwrap_or_default()
    }

    /// Puts other bytes, not more than were pending before and those held back, in the place of the
    /// pending ones.
    pub(super) fn substitute(&mut self, bytes: &[u8]) {
        self.buffer.resize(BUFFER.max(bytes.len()), 0);
        if let Some(place) = self.buffer.get_mut(..bytes.len()) {
            place.copy_from_slice(bytes);
        }
        self.filled = 0..bytes.len();
    }

    /// Writes what the sink takes.
    pub(super) fn flush(&mut self) {
        while !self.filled.is_empty() {
            let Some(sink) = &self.sink else {
                self.filled = 0..0;
                return;
            };
            match sink.write(self.pending()) {
                Ok(length) if matches!(sink.how, How::Small) => {
                    self.filled.start += length;
                    return;
                }
                Ok(length) => self.filled.start += length,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Err(_) => self.unread(),
            }
        }
    }

    /// Nobody reads the sink any more.
    pub(super) fn unread(&mut self) {
        self.sink = None;
        self.filled = 0..0;
        if self.when_unread == WhenUnread::Close {
            self.source = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pipe() -> (OwnedFd, OwnedFd) {
        rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap()
    }

    #[test]
    fn a_full_pipe_is_not_waited_for_and_its_flags_stay() {
        let (read, write) = pipe();
        let kept = write.try_clone().unwrap();
        let (source, feed) = pipe();
        let mut pump = Pump::new(source, Sink::shared(write), WhenUnread::Close);
        let chunk = vec![b'x'; BUFFER];
        for _ in 0..2 {
            rustix::io::write(&feed, &chunk).unwrap();
            while pump.hungry().is_some() {
                pump.fill();
            }
            pump.flush();
        }
        assert!(pump.loaded());
        assert!(!rustix::fs::fcntl_getfl(&kept).unwrap().contains(OFlags::NONBLOCK));
        let mut taken = vec![0; BUFFER];
        let length = rustix::io::read(&read, &mut taken[..]).unwrap();
        pump.flush();
        assert!(length > 0 && pump.pending().len() <= BUFFER - length);
    }

    #[test]
    fn a_reader_that_left_closes_the_source_or_is_replaced_by_nobody() {
        for (when, open) in [(WhenUnread::Close, false), (WhenUnread::Discard, true)] {
            let (read, write) = pipe();
            let (source, feed) = pipe();
            let mut pump = Pump::new(source, Sink::shared(write), when);
            drop(read);
            rustix::io::write(&feed, b"x").unwrap();
            assert_eq!(pump.fill(), Filled::Some);
            pump.flush();
            assert_eq!((pump.hungry().is_some(), pump.loaded()), (open, false));
        }
    }

    #[test]
    fn files_are_appended_to_at_their_shared_position() {
        let file = tempfile::tempfile().unwrap();
        let (source, feed) = pipe();
        let mut pump = Pump::new(source, Sink::shared(file.try_clone().unwrap().into()), WhenUnread::Close);
        rustix::io::write(&file, b"before ").unwrap();
        rustix::io::write(&feed, b"after").unwrap();
        pump.fill();
        pump.flush();
        let mut text = [0; 12];
        rustix::io::pread(&file, &mut text, 0).unwrap();
        assert_eq!(&text, b"before after");
    }

    #[test]
    fn an_end_is_passed_on_once_everything_is_written() {
        let (source, feed) = pipe();
        let (_read, write) = pipe();
        let mut pump = Pump::new(source, Sink::own(write).unwrap(), WhenUnread::Close);
        rustix::io::write(&feed, b"x").unwrap();
        drop(feed);
        assert_eq!(pump.fill(), Filled::Some);
        pump.flush();
        assert_eq!(pump.fill(), Filled::End);
        assert!(pump.finished());
    }
}
