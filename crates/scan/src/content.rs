//! The bytes of a file that somebody hostile may have written.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::time::Duration;

use thiserror::Error;

/// Why a file could not be understood.
#[derive(Debug, Error)]
pub enum Flaw {
    /// The file could not be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It is larger than such a file may be.
    #[error("it has {size} bytes, and {limit} are the most that are read")]
    TooLarge {
        /// Its size, in bytes.
        size: u64,
        /// The most, in bytes.
        limit: u64,
    },
    /// It has more of something than there may be.
    #[error("it has more than {limit} {what}")]
    TooMany {
        /// `packages`, `nested archives`.
        what: &'static str,
        /// The most.
        limit: usize,
    },
    /// Its bytes are not what such a file consists of.
    #[error("it is no {what}: {reason}")]
    Malformed {
        /// `package database`, `ELF file`.
        what: &'static str,
        /// What is wrong with it.
        reason: Cow<'static, str>,
    },
    /// It takes longer than anything should.
    #[error("it takes more than {} seconds", .limit.as_secs())]
    Slow {
        /// How long it may take.
        limit: Duration,
    },
}

/// A file, or an archive's member that has been read already.
#[derive(Debug)]
pub enum Content<'a> {
    /// An open file and its size.
    File(&'a File, u64),
    /// Bytes in memory.
    Bytes(&'a [u8]),
}

impl<'a> Content<'a> {
    /// Its size, in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        match self {
            Self::File(_, size) => *size,
            Self::Bytes(bytes) => bytes.len() as u64,
        }
    }

    /// All of it.
    ///
    /// # Errors
    /// [`Flaw::TooLarge`] for more than `limit` bytes; a file that cannot be read.
    pub fn whole(&self, limit: u64) -> Result<Cow<'a, [u8]>, Flaw> {
        let size = self.size();
        if size > limit {
            return Err(Flaw::TooLarge { size, limit });
        }
        match self {
            Self::Bytes(bytes) => Ok(Cow::Borrowed(bytes)),
            Self::File(..) => {
                let mut bytes = vec![0; usize::try_from(size).unwrap_or(usize::MAX)];
                let read = self.read_at(0, &mut bytes)?;
                bytes.truncate(read);
                Ok(Cow::Owned(bytes))
            }
        }
    }

    /// Reads from an offset until the buffer is full or the file ends, and says how much that was.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Flaw> {
        match self {
            Self::Bytes(bytes) => {
                let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..));
                let rest = rest.unwrap_or_default();
                let (from, to) = (rest.iter(), buffer.iter_mut());
                Ok(from.zip(to).map(|(from, to)| *to = *from).count())
            }
            Self::File(file, _) => read_at(file, offset, buffer),
        }
    }
}

fn read_at(file: &File, offset: u64, buffer: &mut [u8]) -> Result<usize, Flaw> {
    let mut done = 0;
    while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset.saturating_add(done as u64)) {
            Ok(0) => break,
            Ok(read) => done += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(done)
}
