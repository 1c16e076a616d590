//! Where entries go, with one behaviour when there is no room: nothing is taken, and nothing is lost.

use std::io;

use rustix::io::Errno;

use super::batch::Batch;
use super::files::Files;
use super::journal::Journal;
use super::piece::{End, Piece};
use super::{REMARK, Stream};
use crate::time::Moment;

/// There is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

/// Where entries go.
#[derive(Debug)]
pub(super) enum Target {
    /// `json-file`
    Files(Gathered),
    /// `journald`
    Journal(Journal),
    /// `none`
    Nowhere,
}

/// Files, and the entries that are gathered for them.
#[derive(Debug)]
pub(super) struct Gathered {
    files: Files,
    batch: Batch,
    /// So many bytes of the batch are in the file already.
    sent: usize,
}

impl Target {
    /// Takes one piece of what `stream` said, and says how many bytes of the stream that were.
    pub(super) fn take(&mut self, stream: Stream, piece: &Piece<'_>) -> Result<usize, Full> {
        match self {
            Self::Files(gathered) => gathered.take(piece),
            Self::Journal(journal) => {
                journal.send(Some(stream), piece).map_err(|_| Full)?;
                Ok(piece.taken(piece.text.len()))
            }
            Self::Nowhere => Ok(piece.taken(piece.text.len())),
        }
    }

    /// Of which stream the next pieces are, and when.
    pub(super) fn begin(&mut self, stream: Stream, now: Moment) {
        if let Self::Files(gathered) = self {
            gathered.batch.stamp(stream.as_str(), now);
        }
    }

    /// Everything that was taken is where it belongs.
    pub(super) fn settle(&mut self) -> Result<(), Full> {
        match self {
            Self::Files(gathered) => gathered.put(),
            Self::Journal(_) | Self::Nowhere => Ok(()),
        }
    }

    /// Drops what was taken and is not where it belongs; how many bytes of output that were.
    pub(super) fn drop_taken(&mut self) -> u64 {
        let Self::Files(gathered) = self else { return 0 };
        let carried = gathered.batch.carried();
        gathered.discard();
        carried
    }

    /// Adds a remark of ours, behind everything that was taken.
    pub(super) fn remark(&mut self, text: &str, now: Moment) -> Result<(), Full> {
        let text = text.as_bytes();
        let piece = Piece { text, end: End::Newline, plain: super::scan::plain(text) };
        match self {
            Self::Files(gathered) => {
                gathered.batch.stamp(REMARK, now);
                gathered.take(&piece)?;
                gathered.put().inspect_err(|_| gathered.discard())
            }
            Self::Journal(journal) => journal.send(None, &piece).map_err(|_| Full),
            Self::Nowhere => Ok(()),
        }
    }
}

impl Gathered {
    pub(super) fn new(files: Files) -> Self {
        Self { files, batch: Batch::new(), sent: 0 }
    }

    fn take(&mut self, piece: &Piece<'_>) -> Result<usize, Full> {
        loop {
            match self.batch.add(piece) {
                Some(taken) => return Ok(taken),
                None => self.put()?,
            }
        }
    }

    /// Writes what is gathered. On a full disk older files make room; without them nothing changes.
    fn put(&mut self) -> Result<(), Full> {
        while !self.batch.bytes().is_empty() {
            match self.try_put() {
                Ok(()) => self.batch.clear(),
                Err(error) if is_short_of_space(&error) && self.files.give_back() => {}
                Err(_) => return Err(Full),
            }
        }
        Ok(())
    }

    fn try_put(&mut self) -> io::Result<()> {
        if self.sent == 0 && self.files.is_full_with(self.batch.bytes().len()) {
            self.files.rotate()?;
        }
        self.files.append(self.batch.bytes(), &mut self.sent)
    }

    fn discard(&mut self) {
        if self.sent > 0 {
            self.files.take_back();
            self.sent = 0;
        }
        self.batch.clear();
    }
}

/// A disk that fails to write is treated as a full one.
fn is_short_of_space(error: &io::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(errno, Some(Errno::NOSPC | Errno::DQUOT | Errno::IO))
}
