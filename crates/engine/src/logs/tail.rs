//! The last lines of a log, found from its end.

use std::io;
use std::os::fd::OwnedFd;

use super::entry::{Entry, Parser};
use super::lines::{BLOCK, Place, size};
use super::piece::End;
use super::shelf::Shelf;

/// Bytes that are read at once; more where a line is longer.
const STEP: usize = 64 * 1024;

/// Counts entries from the last one on.
pub(super) struct Tail<'a> {
    shelf: &'a Shelf,
    /// Lines that are still wanted.
    wanted: u64,
    /// Whether an entry is one of the lines that are looked for.
    counts: &'a dyn Fn(&Entry<'_>) -> bool,
    /// The last entry of all ends its line even if it has no newline.
    is_last: bool,
    parser: Parser,
    block: Vec<u8>,
}

impl<'a> Tail<'a> {
    pub(super) fn new(shelf: &'a Shelf, wanted: u64, counts: &'a dyn Fn(&Entry<'_>) -> bool) -> Self {
        Self { shelf, wanted, counts, is_last: true, parser: Parser::default(), block: vec![0; STEP] }
    }

    /// Where the first of the wanted lines begins; `None` where there is no log.
    pub(super) fn start(mut self) -> io::Result<Option<Place>> {
        let Some(mut file) = self.shelf.newest()? else { return Ok(None) };
        loop {
            if let Some(offset) = self.search(&file)? {
                return Ok(Some(Place { file, offset }));
            }
            match self.shelf.before(&file)? {
                Some(before) => file = before,
                None => return Ok(Some(Place { file, offset: 0 })),
            }
        }
    }

    /// The same in one file; `None` if more lines are wanted than it has.
    fn search(&mut self, file: &OwnedFd) -> io::Result<Option<u64>> {
        let mut end = size(file)?;
        while end > 0 {
            let start = end.saturating_sub(self.block.len() as u64);
            let length = read_whole(file, &mut self.block, start, end)?;
            let at_beginning = start == 0;
            let block = std::mem::take(&mut self.block);
            let (found, rest) = self.count(block.get(..length).unwrap_or_default(), at_beginning);
            self.block = block;
            if let Some(found) = found {
                return Ok(Some(start + found as u64));
            }
            end = match rest {
                _ if at_beginning => 0,
                // No line begins in the block: a longer one is needed, up to what can be an entry.
                rest if rest == length && self.block.len() < BLOCK => {
                    self.block.resize(BLOCK, 0);
                    end
                }
                rest if rest == length => start,
                rest => start + rest as u64,
            };
        }
        Ok(None)
    }

    /// Counts the lines that begin in the block. The offset where enough have been seen, and the end of
    /// the piece in front that belongs to a line of an earlier block.
    fn count(&mut self, block: &[u8], at_beginning: bool) -> (Option<usize>, usize) {
        let mut end = block.len();
        loop {
            let Some(text) = block.get(..end) else { return (None, 0) };
            let text = text.strip_suffix(b"\n").unwrap_or(text);
            let begin = text.iter().rposition(|byte| *byte == b'\n').map(|newline| newline + 1);
            let Some(begin) = begin.or(at_beginning.then_some(0)) else { return (None, end) };
            if self.is_enough(text.get(begin..).unwrap_or_default()) {
                return (Some(end), end);
            }
            if begin == 0 {
                return (None, 0);
            }
            end = begin;
        }
    }

    /// Takes note of the line in front of those that were seen; whether it is one too many.
    fn is_enough(&mut self, line: &[u8]) -> bool {
        let Some(entry) = self.parser.parse(line).filter(|entry| (self.counts)(entry)) else { return false };
        if entry.end == End::Open && !std::mem::take(&mut self.is_last) {
            return false;
        }
        self.is_last = false;
        match self.wanted.checked_sub(1) {
            Some(wanted) => {
                self.wanted = wanted;
                false
            }
            None => true,
        }
    }
}

fn read_whole(file: &OwnedFd, block: &mut [u8], start: u64, end: u64) -> io::Result<usize> {
    let length = usize::try_from(end - start).unwrap_or(usize::MAX).min(block.len());
    let mut read = 0;
    while let Some(rest) = block.get_mut(read..length).filter(|rest| !rest.is_empty()) {
        match rustix::io::pread(file, rest, start + read as u64)? {
            0 => break,
            more => read += more,
        }
    }
    Ok(read)
}
