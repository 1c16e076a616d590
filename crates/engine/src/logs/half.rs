//! One stream of a container on its way to the log.

use super::Stream;
use super::piece::{LONGEST, Piece};
use super::scan;
use super::target::{Full, Target};

/// A larger buffer is given back when it is empty.
const KEPT: usize = 1024;

/// What is known of a stream between two writes.
#[derive(Debug)]
pub(super) struct Half {
    stream: Stream,
    /// The beginning of a line that has no end yet; at most a byte longer than an entry can be.
    held: Vec<u8>,
    /// So many bytes of what is being written are taken already: a full disk stopped the rest.
    taken: usize,
}

impl Half {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, held: Vec::new(), taken: 0 }
    }

    /// Whether the beginning of a line waits for its end.
    pub(super) fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// Takes all of the bytes, or as many as there is room for; the next call with the same bytes goes on
    /// from there.
    pub(super) fn carry(&mut self, bytes: &[u8], target: &mut Target) -> Result<(), Full> {
        loop {
            if self.is_complete() {
                self.release(target)?;
            }
            let rest = bytes.get(self.taken..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(());
            }
            match Piece::first(rest) {
                Some(piece) if !self.holds() => self.taken += target.take(self.stream, &piece)?,
                _ => self.taken += self.hold(rest),
            }
        }
    }

    /// All of what was to be written is taken.
    pub(super) fn done(&mut self) {
        self.taken = 0;
    }

    /// Nothing of what is held is kept, and nothing of what is being written; how many bytes are lost.
    pub(super) fn lose(&mut self, bytes: &[u8]) -> usize {
        let lost = self.held.len() + bytes.len().saturating_sub(self.taken);
        self.held = Vec::new();
        self.taken = 0;
        lost
    }

    /// Drops the beginning of a line; how many bytes that were.
    pub(super) fn lose_held(&mut self) -> usize {
        std::mem::take(&mut self.held).len()
    }

    /// Lets go of the beginning of a line, although it has no end; of the beginning of a character only
    /// when nothing can follow.
    pub(super) fn flush(&mut self, what: Flush, target: &mut Target) -> Result<(), Full> {
        if self.is_complete() {
            self.release(target)?;
        }
        while self.holds() {
            let piece = Piece::open(&self.held);
            if what == Flush::Characters && super::piece::whole_characters(&self.held) == 0 {
                break;
            }
            let taken = target.take(self.stream, &piece)?;
            self.let_go(taken);
        }
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.held.last() == Some(&b'\n') || self.held.len() > LONGEST
    }

    /// Puts bytes behind those that are held, up to the end of the line.
    fn hold(&mut self, rest: &[u8]) -> usize {
        let room = (LONGEST + 1).saturating_sub(self.held.len());
        let window = rest.get(..room).unwrap_or(rest);
        let more = window.get(..scan::after_newline(window).unwrap_or(window.len())).unwrap_or(window);
        self.held.extend_from_slice(more);
        more.len()
    }

    fn release(&mut self, target: &mut Target) -> Result<(), Full> {
        while let Some(piece) = Piece::first(&self.held) {
            let taken = target.take(self.stream, &piece)?;
            self.let_go(taken);
        }
        Ok(())
    }

    fn let_go(&mut self, taken: usize) {
        self.held.drain(..taken.min(self.held.len()));
        if self.held.is_empty() && self.held.capacity() > KEPT {
            self.held = Vec::new();
        }
    }
}

/// How much of a line's beginning is let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flush {
    /// Whole characters: the rest of the last one is on its way.
    Characters,
    /// Everything: nothing follows.
    Everything,
}
