//! The writer of a container's log, for a keeper that has one thread and must not wait.

use std::os::fd::BorrowedFd;
use std::path::Path;

use model::upkeep::{Log, LogDriver};

use super::files::Files;
use super::half::{Flush, Half};
use super::journal::{self, Journal, Tag};
use super::target::{Full, Gathered, Target};
use super::{LogsError, Stream};
use crate::time::Moment;

/// While output is being lost, so often it is looked whether there is room again, in nanoseconds.
const PAUSE: i128 = 100_000_000;

/// What became of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Written {
    /// Their lines are in the log, or they are counted as lost. The beginning of a line without an end is
    /// held until the end comes, or [`LogWriter::flush`].
    Done,
    /// There is no room. The caller keeps the bytes, reads no more from this stream, and calls again with
    /// the very same ones, or first [`LogWriter::give_up`].
    Full,
}

/// The writer of a container's log.
///
/// It is bounded in memory and on disk, reads no clock, and never waits. A full disk (ENOSPC, EDQUOT, EIO)
/// takes the older files of the same log first; then `write` says [`Written::Full`], and the caller tries
/// again every 100 ms for as long as it may hold the container up. After [`LogWriter::give_up`] output is
/// dropped and counted until there is room, and then an entry of the stream `coffer` says how much is missing.
#[derive(Debug)]
pub struct LogWriter {
    target: Target,
    output: Half,
    errors: Half,
    lost: Option<Lost>,
}

/// Output that could not be kept.
#[derive(Debug, Clone, Copy)]
struct Lost {
    bytes: u64,
    /// When it was last tried to say so.
    tried: Moment,
}

impl LogWriter {
    /// The log of the container whose directory this is; one that exists is continued.
    ///
    /// # Errors
    /// [`LogsError::NoJournal`], [`LogsError::Open`].
    pub fn open(dir: BorrowedFd<'_>, log: &Log, tag: Tag<'_>) -> Result<Self, LogsError> {
        Self::open_at(dir, log, tag, Path::new(journal::SOCKET))
    }

    fn open_at(dir: BorrowedFd<'_>, log: &Log, tag: Tag<'_>, journal: &Path) -> Result<Self, LogsError> {
        let target = match log.driver {
            LogDriver::JsonFile => {
                Target::Files(Gathered::new(Files::open(dir, log).map_err(LogsError::Open)?))
            }
            LogDriver::Journald => {
                Target::Journal(Journal::open(journal, tag).map_err(LogsError::NoJournal)?)
            }
            LogDriver::None => Target::Nowhere,
        };
        let (output, errors) = (Half::new(Stream::Output), Half::new(Stream::Errors));
        Ok(Self { target, output, errors, lost: None })
    }

    /// Writes what a stream said.
    pub fn write(&mut self, stream: Stream, bytes: &[u8], now: Moment) -> Written {
        if matches!(self.target, Target::Nowhere) {
            return Written::Done;
        }
        if !self.has_room(now) {
            let lost = self.half(stream).lose(bytes);
            self.lose(lost, now);
            return Written::Done;
        }
        let (half, target) = self.parts(stream);
        target.begin(stream, now);
        match half.carry(bytes, target).and_then(|()| target.settle()) {
            Ok(()) => {
                half.done();
                Written::Done
            }
            Err(Full) => Written::Full,
        }
    }

    /// Whether the beginning of a line waits for its end, so that [`Self::flush`] has something to do.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.output.holds() || self.errors.holds() || self.lost.is_some()
    }

    /// Writes the beginnings of lines that are held, a prompt above all, and what was lost, if there is room
    /// again; for when a container has been silent for a moment.
    pub fn flush(&mut self, now: Moment) -> Written {
        self.let_go(Flush::Characters, now)
    }

    /// Output that has waited for room is dropped from now on, and counted, until there is room.
    pub fn give_up(&mut self, now: Moment) {
        let held = self.output.lose_held() + self.errors.lose_held();
        let taken = self.target.drop_taken();
        self.lose(held, now);
        if let Some(lost) = &mut self.lost {
            lost.bytes += taken;
        }
    }

    /// Writes everything that is held: the container has ended, and nothing belongs to it any more.
    /// [`Written::Full`] means that not all of it could be kept.
    pub fn finish(&mut self, now: Moment) -> Written {
        if let Some(lost) = &mut self.lost {
            lost.tried = Moment::default();
        }
        self.let_go(Flush::Everything, now)
    }

    fn let_go(&mut self, what: Flush, now: Moment) -> Written {
        if !self.has_room(now) {
            return if what == Flush::Everything { Written::Full } else { Written::Done };
        }
        for stream in [Stream::Output, Stream::Errors] {
            let (half, target) = self.parts(stream);
            target.begin(stream, now);
            if half.flush(what, target).and_then(|()| target.settle()).is_err() {
                return Written::Full;
            }
        }
        Written::Done
    }

    fn half(&mut self, stream: Stream) -> &mut Half {
        self.parts(stream).0
    }

    fn parts(&mut self, stream: Stream) -> (&mut Half, &mut Target) {
        match stream {
            Stream::Output => (&mut self.output, &mut self.target),
            Stream::Errors => (&mut self.errors, &mut self.target),
        }
    }

    fn lose(&mut self, bytes: usize, now: Moment) {
        let lost = self.lost.get_or_insert(Lost { bytes: 0, tried: now });
        lost.bytes += bytes as u64;
    }

    /// Whether output is not being lost, or no more: then it is said how much is missing.
    fn has_room(&mut self, now: Moment) -> bool {
        let Some(lost) = &mut self.lost else { return true };
        if (0..PAUSE).contains(&(now.nanoseconds() - lost.tried.nanoseconds())) {
            return false;
        }
        lost.tried = now;
        let remark = format!("coffer: {} bytes of output were lost: the disk was full", lost.bytes);
        if self.target.remark(&remark, now).is_err() {
            return false;
        }
        self.lost = None;
        true
    }
}

#[cfg(test)]
mod tests;
