//! Regular files.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;

use rustix::fs::{Mode, OFlags, openat};

use super::{Meta, Place, Unpacker, failed, printable};
use crate::archive::{Entry, Input, Reader, TarError};
use crate::error::{Result, StoreError};
use crate::listing::Node;

const ELF: &[u8] = b"\x7fELF";

/// A piece of data either could not be read or could not be written.
enum PieceError {
    Tar(TarError),
    Write(io::Error),
}

impl From<TarError> for PieceError {
    fn from(error: TarError) -> Self {
        Self::Tar(error)
    }
}

impl Unpacker<'_> {
    pub(super) fn file<R: Input>(
        &mut self,
        entry: &Entry,
        place: Place<'_>,
        reader: &mut Reader<R>,
    ) -> Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        let file = self
            .replacing(place, |parent, name| openat(parent, name, flags, mode))
            .map_err(|error| failed(entry, error))?;
        let file = File::from(file);
        let start = fill(&file, entry, reader).map_err(|error| match error {
            PieceError::Tar(error) => StoreError::tar(self.job.label, error),
            PieceError::Write(error) => StoreError::write(printable(&entry.path), error),
        })?;
        let meta = Meta::of(entry);
        self.applier.apply(&OwnedFd::from(file), &meta).map_err(|error| failed(entry, error))?;
        self.list(place, Node::of_file(&meta, start == ELF));
        Ok(())
    }
}

impl Node {
    /// A regular file.
    pub(crate) fn of_file(meta: &Meta, is_elf: bool) -> Self {
        let flag = |holds: bool, flag| if holds { flag } else { 0 };
        Self::FILE
            .with(flag(meta.mode & 0o111 != 0 || is_elf, Self::EXECUTABLE))
            .with(flag(meta.mode & 0o6000 != 0, Self::SETID))
            .with(flag(meta.has_capability(), Self::CAPABLE))
    }
}

/// Writes the entry's data; returns the first bytes of the file.
fn fill<R: Input>(
    mut file: &File,
    entry: &Entry,
    reader: &mut Reader<R>,
) -> std::result::Result<Vec<u8>, PieceError> {
    let mut start = Vec::with_capacity(ELF.len());
    let mut note = |piece: &[u8]| start.extend(piece.iter().take(ELF.len() - start.len()));
    let Some(map) = &entry.sparse else {
        reader.each_piece(entry.size, &mut |piece| {
            note(piece);
            file.write_all(piece).map_err(PieceError::Write)
        })?;
        return Ok(start);
    };
    file.set_len(entry.size).map_err(PieceError::Write)?;
    for segment in map {
        let mut offset = segment.offset;
        reader.each_piece(segment.length, &mut |piece| {
            if offset < ELF.len() as u64 {
                note(piece);
            }
            file.write_all_at(piece, offset).map_err(PieceError::Write)?;
            offset += piece.len() as u64;
            Ok::<_, PieceError>(())
        })?;
    }
    Ok(start)
}
