//! The lines of a file that may still grow, in large blocks and in constant memory.

use std::io;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;

use super::scan;

/// Bytes that are read at once, and the longest line that is believed to be an entry; the longest that is
/// ever written has less than a tenth.
pub(super) const BLOCK: usize = 256 * 1024;

/// A file, and how far its lines were read.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) file: OwnedFd,
    /// Where the next line begins.
    pub(super) offset: u64,
}

/// Reads lines.
#[derive(Debug)]
pub(super) struct Lines {
    block: Vec<u8>,
    /// In the middle of a line that is too long.
    skipping: bool,
    /// Lines that were too long.
    pub(super) skipped: u64,
}

impl Lines {
    pub(super) fn new() -> Self {
        Self { block: vec![0; BLOCK], skipping: false, skipped: 0 }
    }

    /// Another file begins with a line.
    pub(super) fn begin(&mut self) {
        self.skipping = false;
    }

    /// Hands every line that is complete to `each`, without its newline, and moves the place behind it.
    pub(super) fn drain(
        &mut self,
        place: &mut Place,
        each: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> io::Result<ControlFlow<()>> {
        loop {
            let length = rustix::io::pread(&place.file, &mut self.block[..], place.offset)?;
            if length == 0 {
                place.offset = place.offset.min(size(&place.file)?);
                return Ok(ControlFlow::Continue(()));
            }
            let mut used = 0;
            while let Some(after) = self.block.get(used..length).and_then(scan::after_newline) {
                let line = self.block.get(used..used + after - 1).unwrap_or_default();
                used += after;
                if std::mem::take(&mut self.skipping) {
                    continue;
                }
                if each(line).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            if used == 0 && length < BLOCK && !self.skipping {
                return Ok(ControlFlow::Continue(()));
            }
            if used == 0 {
                self.skipped += u64::from(!self.skipping);
                self.skipping = true;
                used = length;
            }
            place.offset += used as u64;
        }
    }
}

/// Of an open file, in bytes.
pub(super) fn size(file: &OwnedFd) -> io::Result<u64> {
    Ok(u64::try_from(rustix::fs::fstat(file)?.st_size).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn drain(lines: &mut Lines, place: &mut Place) -> Vec<String> {
        let mut read = Vec::new();
        let ended = lines.drain(place, &mut |line| {
            read.push(String::from_utf8_lossy(line).into_owned());
            ControlFlow::Continue(())
        });
        assert!(ended.unwrap().is_continue());
        read
    }

    fn place(content: &[u8]) -> (std::fs::File, Place) {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        let place = Place { file: file.try_clone().unwrap().into(), offset: 0 };
        (file, place)
    }

    #[test]
    fn half_a_line_waits_for_its_other_half() {
        let (mut file, mut place) = place(b"one\ntw");
        let mut lines = Lines::new();
        assert_eq!(drain(&mut lines, &mut place), ["one"]);
        file.write_all(b"o\n\nthree\n").unwrap();
        assert_eq!(drain(&mut lines, &mut place), ["two", "", "three"]);
        assert_eq!(lines.skipped, 0);
    }

    #[test]
    fn an_endless_line_is_skipped_and_what_follows_is_read() {
        let content = [b"one\n".as_slice(), &vec![b'x'; 3 * BLOCK + 7], b"\ntwo\n"].concat();
        let (_file, mut place) = place(&content);
        let mut lines = Lines::new();
        assert_eq!(drain(&mut lines, &mut place), ["one", "two"]);
        assert_eq!(lines.skipped, 1);
    }

    #[test]
    fn lines_across_blocks_are_whole() {
        let content: String = (0..30_000).map(|number| format!("line {number}, and some more\n")).collect();
        let (_file, mut place) = place(content.as_bytes());
        assert_eq!(drain(&mut Lines::new(), &mut place).join("\n") + "\n", content);
    }

    #[test]
    fn what_was_taken_back_is_read_when_it_comes_again() {
        let (mut file, mut place) = place(b"one\ntwo\n");
        let mut lines = Lines::new();
        drain(&mut lines, &mut place);
        file.set_len(4).unwrap();
        assert!(drain(&mut lines, &mut place).is_empty());
        std::io::Seek::seek(&mut file, std::io::SeekFrom::End(0)).unwrap();
        file.write_all(b"three\n").unwrap();
        assert_eq!(drain(&mut lines, &mut place), ["three"]);
    }
}
