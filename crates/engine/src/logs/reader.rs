//! A reader of a log's files: everything that is there now, again and again, over renamings.

use std::io;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;

use model::upkeep::Log;

use super::entry::{Entry, Parser};
use super::files;
use super::lines::{Lines, Place};
use super::shelf::Shelf;
use super::tail::Tail;
use crate::time::Moment;

/// Which entries are wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Select {
    /// None from before.
    pub since: Option<Moment>,
    /// None from after.
    pub until: Option<Moment>,
    /// Only so many lines from the end.
    pub tail: Option<u64>,
}

impl Select {
    fn wants(&self, entry: &Entry<'_>) -> bool {
        self.since.is_none_or(|since| entry.time >= since)
            && self.until.is_none_or(|until| entry.time <= until)
    }
}

/// A reader of one container's log. Lines that are no entries are counted and left out: a power cut may
/// leave zeros in a file, and a writer that was killed half an entry.
#[derive(Debug)]
pub struct LogReader {
    shelf: Shelf,
    select: Select,
    place: Option<Place>,
    lines: Lines,
    parser: Parser,
    damaged: u64,
}

impl LogReader {
    /// A reader of the log in the container's directory.
    #[must_use]
    pub fn new(dir: OwnedFd, log: &Log, select: Select) -> Self {
        let shelf = Shelf { dir, most: files::most(log) };
        Self { shelf, select, place: None, lines: Lines::new(), parser: Parser::default(), damaged: 0 }
    }

    /// Whether there is a log.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn is_there(&self) -> io::Result<bool> {
        Ok(self.shelf.newest()?.is_some())
    }

    /// Lines that were no entries.
    #[must_use]
    pub fn damaged(&self) -> u64 {
        self.damaged + self.lines.skipped
    }

    /// Hands every entry that is there and was not handed out before to `each`, the oldest first, until it
    /// breaks off.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn read(
        &mut self,
        each: &mut dyn FnMut(&Entry<'_>) -> ControlFlow<()>,
    ) -> io::Result<ControlFlow<()>> {
        if self.place.is_none() {
            self.place = self.start()?;
        }
        loop {
            if self.drain(each)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            let Some(place) = &self.place else { return Ok(ControlFlow::Continue(())) };
            let Some(file) = self.shelf.after(&place.file)? else { return Ok(ControlFlow::Continue(())) };
            // The file was renamed, so nothing is added any more; something may have been, just before.
            if self.drain(each)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            self.lines.begin();
            self.place = Some(Place { file, offset: 0 });
        }
    }

    fn start(&self) -> io::Result<Option<Place>> {
        match self.select.tail {
            Some(wanted) => Tail::new(&self.shelf, wanted, &|entry| self.select.wants(entry)).start(),
            None => Ok(self.shelf.oldest()?.map(|file| Place { file, offset: 0 })),
        }
    }

    fn drain(&mut self, each: &mut dyn FnMut(&Entry<'_>) -> ControlFlow<()>) -> io::Result<ControlFlow<()>> {
        let Some(place) = &mut self.place else { return Ok(ControlFlow::Continue(())) };
        let (parser, damaged, select) = (&mut self.parser, &mut self.damaged, &self.select);
        self.lines.drain(place, &mut |line| match parser.parse(line) {
            Some(entry) if select.wants(&entry) => each(&entry),
            Some(_) => ControlFlow::Continue(()),
            None => {
                *damaged += 1;
                ControlFlow::Continue(())
            }
        })
    }
}

#[cfg(test)]
mod tests;
