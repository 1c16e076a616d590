//! A stream that is hashed, written to a file and passed on.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use model::digest::{Digest, Hasher};

use crate::compress::BUFFER;
use crate::error::{Result, StoreError};
use crate::pipe::Feeder;

/// The near end: what is written here is hashed and kept, and then read at the far end of the feeder's pipe.
pub(super) struct Tee {
    file: File,
    hasher: Hasher,
    total: u64,
    feeder: Feeder,
    buffer: Vec<u8>,
}

impl Tee {
    /// Into a new file at `path`.
    pub(super) fn new(path: &Path, feeder: Feeder) -> Result<Self> {
        let file = File::create_new(path).map_err(StoreError::write_path(path))?;
        let buffer = feeder.buffer().unwrap_or_default();
        Ok(Self { file, hasher: Hasher::new(), total: 0, feeder, buffer })
    }

    /// The digest and the length of all that was written, once the far end knows that this is all.
    pub(super) fn finish(mut self) -> io::Result<(Digest, u64)> {
        if !self.buffer.is_empty() {
            self.pass()?;
        }
        self.feeder.send(Ok(Vec::new()));
        Ok((self.hasher.finish(), self.total))
    }

    fn pass(&mut self) -> io::Result<()> {
        self.hasher.update(&self.buffer);
        self.file.write_all(&self.buffer)?;
        self.total += self.buffer.len() as u64;
        let mut next = self.feeder.buffer().ok_or(io::ErrorKind::BrokenPipe)?;
        next.clear();
        let full = std::mem::replace(&mut self.buffer, next);
        self.feeder.send(Ok(full));
        Ok(())
    }
}

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = BUFFER.saturating_sub(self.buffer.len());
        let taken = bytes.get(..room).unwrap_or(bytes);
        self.buffer.extend_from_slice(taken);
        if self.buffer.len() >= BUFFER {
            self.pass()?;
        }
        Ok(taken.len())
    }

    /// Pieces are passed on when they are full: whoever reads wants the end, not the moment.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
