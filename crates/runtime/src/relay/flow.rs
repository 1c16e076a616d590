//! What flows between our streams and a program's terminal. Neither direction waits for the other: a program
//! that does not read would otherwise never be heard again.

use std::os::fd::BorrowedFd;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use rustix::stdio::{stdin, stdout};
use rustix::termios::{LocalModes, SpecialCodeIndex, tcgetattr};

use super::wait;

/// One piece; a pipe that is ready takes as much at once.
const PIECE: usize = 4096;

/// What was read and not yet written.
struct Piece {
    bytes: [u8; PIECE],
    start: usize,
    end: usize,
}

impl Piece {
    const EMPTY: Self = Self { bytes: [0; PIECE], start: 0, end: 0 };

    fn is_empty(&self) -> bool {
        self.start == self.end
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// How much was read; 0 at the end.
    fn read(&mut self, source: BorrowedFd<'_>) -> Result<usize, Errno> {
        let length = rustix::io::read(source, &mut self.bytes)?;
        (self.start, self.end) = (0, length);
        Ok(length)
    }

    fn write(&mut self, target: BorrowedFd<'_>) -> Result<(), Errno> {
        self.start += rustix::io::write(target, self.rest())?;
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) {
        let room = self.bytes.iter_mut().zip(bytes);
        (self.start, self.end) = (0, room.len());
        room.for_each(|(place, byte)| *place = *byte);
    }
}

/// From standard input to the terminal.
pub(super) struct Input<'a> {
    master: BorrowedFd<'a>,
    piece: Piece,
    /// Whether there may be more.
    open: bool,
    last: u8,
}

impl<'a> Input<'a> {
    /// The terminal is ours alone: whoever shares our standard output is not made to stumble.
    pub(super) fn new(master: BorrowedFd<'a>) -> Result<Self, Errno> {
        fcntl_setfl(master, fcntl_getfl(master)? | OFlags::NONBLOCK)?;
        Ok(Self { master, piece: Piece::EMPTY, open: true, last: b'\n' })
    }

    pub(super) fn awaits_source(&self) -> PollFlags {
        if self.open && self.piece.is_empty() { PollFlags::IN } else { PollFlags::empty() }
    }

    pub(super) fn awaits_target(&self) -> PollFlags {
        if self.piece.is_empty() { PollFlags::empty() } else { PollFlags::OUT }
    }

    pub(super) fn go_on(&mut self, source: PollFlags, terminal: PollFlags) {
        if self.open && self.piece.is_empty() && !source.is_empty() {
            match self.piece.read(stdin()) {
                Ok(length @ 1..) => {
                    self.last = self.piece.bytes.get(length - 1).copied().unwrap_or(self.last)
                }
                Err(Errno::AGAIN | Errno::INTR) => {}
                Ok(_) | Err(_) => self.end(),
            }
        } else if terminal.contains(PollFlags::OUT) && !self.piece.is_empty() {
            match self.piece.write(self.master) {
                Ok(()) | Err(Errno::AGAIN | Errno::INTR) => {}
                // Nobody has the other side any more.
                Err(_) => (self.open, self.piece) = (false, Piece::EMPTY),
            }
        }
    }

    /// A terminal has no end of file, but a key that stands for it: at once where a line begins, and twice
    /// elsewhere. A program that reads single keys would take it for one.
    fn end(&mut self) {
        self.open = false;
        let Ok(settings) = tcgetattr(self.master) else { return };
        let key = settings.special_codes[SpecialCodeIndex::VEOF];
        match settings.local_modes.contains(LocalModes::ICANON) {
            true if self.last == b'\n' => self.piece.put(&[key]),
            true => self.piece.put(&[key, key]),
            false => {}
        }
    }
}

/// From the terminal to standard output.
pub(super) struct Output<'a> {
    master: BorrowedFd<'a>,
    piece: Piece,
    /// Whether somebody reads it.
    heard: bool,
    /// Whether the terminal has another side.
    open: bool,
}

impl<'a> Output<'a> {
    pub(super) fn new(master: BorrowedFd<'a>) -> Self {
        Self { master, piece: Piece::EMPTY, heard: true, open: true }
    }

    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    pub(super) fn awaits_source(&self) -> PollFlags {
        if self.piece.is_empty() { PollFlags::IN } else { PollFlags::empty() }
    }

    pub(super) fn awaits_target(&self) -> PollFlags {
        if self.piece.is_empty() { PollFlags::empty() } else { PollFlags::OUT }
    }

    pub(super) fn go_on(&mut self, terminal: PollFlags, target: PollFlags) {
        // A program may close its terminal and open it again.
        let reopens = !std::mem::replace(&mut self.open, true);
        if self.piece.is_empty()
            && (reopens || terminal.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR))
        {
            match self.piece.read(self.master) {
                Err(Errno::AGAIN | Errno::INTR) | Ok(1..) => {}
                // EIO: nobody has the other side any more.
                Ok(_) | Err(_) => self.open = false,
            }
        } else if !self.piece.is_empty() && !target.is_empty() {
            self.write();
        }
    }

    /// What nobody reads is dropped: the program is not held up by it.
    fn write(&mut self) {
        if !self.heard {
            self.piece = Piece::EMPTY;
            return;
        }
        match self.piece.write(stdout()) {
            Ok(()) | Err(Errno::AGAIN | Errno::INTR) => {}
            Err(_) => (self.heard, self.piece) = (false, Piece::EMPTY),
        }
    }

    /// What is still in the terminal when the program has ended. The kernel hands it over by and by: its end
    /// is when nobody has the other side any more, or nothing comes for `patience`.
    pub(super) fn finish(&mut self, patience: Timespec) -> Result<(), Errno> {
        while self.open || !self.piece.is_empty() {
            if !self.piece.is_empty() {
                wait(&mut [PollFd::from_borrowed_fd(stdout(), PollFlags::OUT)], None)?;
                self.write();
                continue;
            }
            let mut terminal = [PollFd::from_borrowed_fd(self.master, PollFlags::IN)];
            if wait(&mut terminal, Some(&patience))? == 0 {
                return Ok(());
            }
            let [ready] = terminal.map(|terminal| terminal.revents());
            self.go_on(ready, PollFlags::empty());
        }
        Ok(())
    }
}
