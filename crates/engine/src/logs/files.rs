//! The files of a log: `log.json`, and the older ones `log.json.1` (the latest of them) and so on.
//!
//! A file that is full is renamed and never written again, so that a reader that holds it open loses
//! nothing. All of them have an upper bound together: largest size times most files.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use model::upkeep::Log;
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

/// `--log-opt max-size`, where nobody said.
pub const MAX_SIZE: u64 = 10_000_000;
/// `--log-opt max-file`, where nobody said.
pub const MAX_FILES: u32 = 5;

/// The file that is written: number 0.
const CURRENT: &str = "log.json";

/// How a file of the log is called.
pub(super) fn name(number: u32) -> String {
    if number == 0 { CURRENT.to_owned() } else { format!("{CURRENT}.{number}") }
}

/// How many files there can be.
pub(super) fn most(log: &Log) -> u32 {
    log.max_files.unwrap_or(MAX_FILES).max(1)
}

/// The files of a container's log, for its only writer.
#[derive(Debug)]
pub(super) struct Files {
    dir: OwnedFd,
    current: Option<OwnedFd>,
    /// Of the current one, as far as it was written whole.
    size: u64,
    max_size: u64,
    max_files: u32,
}

impl Files {
    /// Files in the container's directory; those that were written before are continued.
    pub(super) fn open(dir: BorrowedFd<'_>, log: &Log) -> io::Result<Self> {
        let max_size = log.max_size.unwrap_or(MAX_SIZE);
        let dir = dir.try_clone_to_owned()?;
        let mut files = Self { dir, current: None, size: 0, max_size, max_files: most(log) };
        files.remove_surplus();
        files.current()?;
        Ok(files)
    }

    /// Those of a time when more were allowed.
    fn remove_surplus(&self) {
        let gone = |number: u32| rustix::fs::unlinkat(&self.dir, name(number), AtFlags::empty()).is_ok();
        let _all = (self.max_files..u32::MAX).take_while(|number| gone(*number)).count();
    }

    /// Whether the current file is full, if so many bytes are added. Nothing is too long for an empty one.
    pub(super) fn is_full_with(&self, length: usize) -> bool {
        self.size > 0 && self.size.saturating_add(length as u64) > self.max_size
    }

    /// Writes the bytes from `sent` on and moves `sent` along, until all are written.
    pub(super) fn append(&mut self, bytes: &[u8], sent: &mut usize) -> io::Result<()> {
        while let Some(rest) = bytes.get(*sent..).filter(|rest| !rest.is_empty()) {
            match rustix::io::write(self.current()?, rest) {
                Ok(0) => return Err(Errno::NOSPC.into()),
                Ok(written) => *sent += written,
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        self.size += bytes.len() as u64;
        *sent = 0;
        Ok(())
    }

    /// Takes back what [`Self::append`] could not finish.
    pub(super) fn take_back(&self) {
        if let Some(current) = &self.current {
            // Otherwise half an entry stays, which a reader recognises and the next writer ends.
            let _half = rustix::fs::ftruncate(current, self.size);
        }
    }

    /// Makes room for a new current file; the oldest goes if there are too many.
    pub(super) fn rotate(&mut self) -> io::Result<()> {
        let there = |number: &u32| rustix::fs::statat(&self.dir, name(*number), AtFlags::empty()).is_ok();
        // A gap is left where a rotation was cut short; then nothing has to go.
        let last =
            (1..self.max_files).find(|number| !there(number)).unwrap_or(self.max_files.saturating_sub(1));
        for number in (0..last).rev() {
            gone_or(rustix::fs::renameat(&self.dir, name(number), &self.dir, name(number + 1)))?;
        }
        if last == 0 {
            gone_or(rustix::fs::unlinkat(&self.dir, CURRENT, AtFlags::empty()))?;
        }
        (self.current, self.size) = (None, 0);
        Ok(())
    }

    /// Removes the oldest file that is not the current one; whether there was one.
    pub(super) fn give_back(&self) -> bool {
        let gone = |number: u32| rustix::fs::unlinkat(&self.dir, name(number), AtFlags::empty()).is_ok();
        (1..self.max_files).rev().any(gone)
    }

    fn current(&mut self) -> io::Result<BorrowedFd<'_>> {
        if self.current.is_none() {
            let flags = OFlags::RDWR | OFlags::APPEND | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
            let file = rustix::fs::openat(&self.dir, CURRENT, flags, Mode::RUSR | Mode::WUSR)?;
            self.size = end_last_line(&file)?;
            self.current = Some(file);
        }
        self.current.as_ref().map(AsFd::as_fd).ok_or_else(|| Errno::BADF.into())
    }
}

/// A writer that was killed may have left half an entry: it ends here, so that the next one is whole.
/// Returns the file's size.
fn end_last_line(file: &OwnedFd) -> io::Result<u64> {
    let size = u64::try_from(rustix::fs::fstat(file)?.st_size).unwrap_or(0);
    let mut last = [b'\n'];
    if let Some(before) = size.checked_sub(1) {
        rustix::io::pread(file, &mut last, before)?;
    }
    if last == *b"\n" {
        return Ok(size);
    }
    rustix::io::write(file, b"\n")?;
    Ok(size + 1)
}

fn gone_or(done: rustix::io::Result<()>) -> io::Result<()> {
    match done {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn files(dir: &Path, max_files: u32) -> Files {
        let fd = crate::state::open_dir(dir).unwrap();
        let log = Log { max_size: Some(10), max_files: Some(max_files), ..Log::default() };
        Files::open(fd.as_fd(), &log).unwrap()
    }

    fn write(files: &mut Files, text: &str) {
        if files.is_full_with(text.len()) {
            files.rotate().unwrap();
        }
        files.append(text.as_bytes(), &mut 0).unwrap();
    }

    fn contents(dir: &Path) -> Vec<String> {
        (0..9).map_while(|number| std::fs::read_to_string(dir.join(name(number))).ok()).collect()
    }

    #[test]
    fn full_files_move_on_and_the_oldest_goes() {
        let dir = tempfile::tempdir().unwrap();
        let mut files = files(dir.path(), 3);
        for text in ["one456\n", "two\n", "three\n", "four56\n", "five56\n"] {
            write(&mut files, text);
        }
        assert_eq!(contents(dir.path()), ["five56\n", "four56\n", "two\nthree\n"]);
    }

    #[test]
    fn a_single_file_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let mut files = files(dir.path(), 1);
        for text in ["one456\n", "two456\n", "three\n"] {
            write(&mut files, text);
        }
        assert_eq!(contents(dir.path()), ["three\n"]);
    }

    #[test]
    fn a_gap_of_a_rotation_that_was_cut_short_is_closed_and_nothing_goes() {
        let dir = tempfile::tempdir().unwrap();
        for (number, text) in [(0, "new\n"), (2, "older\n"), (3, "oldest\n")] {
            std::fs::write(dir.path().join(name(number)), text).unwrap();
        }
        let mut files = files(dir.path(), 4);
        files.rotate().unwrap();
        write(&mut files, "newest\n");
        assert_eq!(contents(dir.path()), ["newest\n", "new\n", "older\n", "oldest\n"]);
    }

    #[test]
    fn half_an_entry_is_ended_and_files_of_another_time_go() {
        let dir = tempfile::tempdir().unwrap();
        for (number, text) in [(0, "half"), (1, "1\n"), (2, "2\n"), (3, "3\n")] {
            std::fs::write(dir.path().join(name(number)), text).unwrap();
        }
        let mut files = files(dir.path(), 2);
        write(&mut files, "ab\n");
        assert_eq!(contents(dir.path()), ["half\nab\n", "1\n"]);
    }

    #[test]
    fn the_oldest_file_is_given_back_first_and_the_current_one_never() {
        let dir = tempfile::tempdir().unwrap();
        let mut files = files(dir.path(), 3);
        for text in ["one456\n", "two456\n", "three\n"] {
            write(&mut files, text);
        }
        assert!(files.give_back());
        assert_eq!(contents(dir.path()), ["three\n", "two456\n"]);
        assert!(files.give_back() && !files.give_back());
        assert_eq!(contents(dir.path()), ["three\n"]);
    }

    #[test]
    fn what_was_half_written_is_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let mut files = files(dir.path(), 3);
        write(&mut files, "one\n");
        rustix::io::write(files.current().unwrap(), b"tw").unwrap();
        files.take_back();
        write(&mut files, "three\n");
        assert_eq!(contents(dir.path()), ["one\nthree\n"]);
    }
}
