//! A part of a file that is read as a file of its own.

use std::io::{self, BufReader, Read};

use crate::content::{Content, Flaw};

/// Some bytes of a file, one after the other.
#[derive(Debug, Clone, Copy)]
pub(in crate::language) struct Window<'a> {
    content: &'a Content<'a>,
    start: u64,
    size: u64,
}

impl<'a> Window<'a> {
    /// All of a file.
    pub(in crate::language) fn of(content: &'a Content<'a>) -> Self {
        Self { content, start: 0, size: content.size() }
    }

    /// How many bytes it shows.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// A part of it, if it is one.
    pub(super) fn part(&self, start: u64, size: u64) -> Option<Self> {
        let end = start.checked_add(size)?;
        (end <= self.size).then(|| Self {
            content: self.content,
            start: self.start.saturating_add(start),
            size,
        })
    }

    /// `size` bytes from an offset, if it shows so many.
    pub(super) fn read(&self, start: u64, size: u64) -> Result<Option<Vec<u8>>, Flaw> {
        let Some(part) = self.part(start, size) else { return Ok(None) };
        let mut bytes = vec![0; usize::try_from(size).unwrap_or_default()];
        let read = self.content.read_at(part.start, &mut bytes)?;
        Ok((read as u64 == size).then_some(bytes))
    }

    /// From its first byte to its last.
    pub(super) fn reader(self) -> impl Read + use<'a> {
        BufReader::with_capacity(32 << 10, Forward { window: self, position: 0 })
    }
}

struct Forward<'a> {
    window: Window<'a>,
    position: u64,
}

impl Read for Forward<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.window.size - self.position).unwrap_or(usize::MAX);
        let wanted = left.min(buffer.len());
        let Some(buffer) = buffer.get_mut(..wanted) else { return Ok(0) };
        let from = self.window.start.saturating_add(self.position);
        let read = self.window.content.read_at(from, buffer).map_err(|flaw| match flaw {
            Flaw::Unreadable(error) => error,
            other => io::Error::other(other),
        })?;
        self.position += read as u64;
        Ok(read)
    }
}
