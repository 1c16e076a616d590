//! The files of a log as its readers see them, while the writer renames them.

use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::files::name;

/// A writer that renames faster than this looks is not waited for: what it renames is gone in a moment.
const ATTEMPTS: usize = 100;

/// Device and inode; no other file has them as long as this one is open.
type Identity = (u64, u64);

/// The files of one log.
#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) dir: OwnedFd,
    /// How many there can be.
    pub(super) most: u32,
}

impl Shelf {
    /// The file with the earliest lines.
    pub(super) fn oldest(&self) -> io::Result<Option<OwnedFd>> {
        self.pick(|there| there.iter().rposition(Option::is_some))
    }

    /// The file that is written.
    pub(super) fn newest(&self) -> io::Result<Option<OwnedFd>> {
        self.pick(|there| there.iter().position(Option::is_some))
    }

    /// The file that was written after this one; the oldest, if this one has been removed.
    pub(super) fn after(&self, file: &OwnedFd) -> io::Result<Option<OwnedFd>> {
        let this = Some(identity(&rustix::fs::fstat(file)?));
        self.pick(|there| {
            let newer = there.iter().position(|other| *other == this).unwrap_or(there.len());
            there.iter().take(newer).rposition(Option::is_some)
        })
    }

    /// The file that was written before this one.
    pub(super) fn before(&self, file: &OwnedFd) -> io::Result<Option<OwnedFd>> {
        let this = Some(identity(&rustix::fs::fstat(file)?));
        self.pick(|there| {
            let at = there.iter().position(|other| *other == this)?;
            there.iter().skip(at + 1).position(Option::is_some).map(|next| at + 1 + next)
        })
    }

    /// Opens the file that `choose` wants of those that are there. Only if they are the same before and
    /// after, it is the one that was meant.
    fn pick(&self, choose: impl Fn(&[Option<Identity>]) -> Option<usize>) -> io::Result<Option<OwnedFd>> {
        let mut last = None;
        for _ in 0..ATTEMPTS {
            let there = self.there()?;
            let Some(number) = choose(&there) else { return Ok(None) };
            let Some(file) = self.open(number)? else { continue };
            let meant = there.get(number).copied().flatten() == Some(identity(&rustix::fs::fstat(&file)?));
            last = Some(file);
            if meant && self.there()? == there {
                break;
            }
        }
        Ok(last)
    }

    fn there(&self) -> io::Result<Vec<Option<Identity>>> {
        (0..self.most)
            .map(|number| match rustix::fs::statat(&self.dir, name(number), AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => Ok(Some(identity(&stat))),
                Err(Errno::NOENT) => Ok(None),
                Err(errno) => Err(errno.into()),
            })
            .collect()
    }

    fn open(&self, number: usize) -> io::Result<Option<OwnedFd>> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let name = name(u32::try_from(number).unwrap_or(u32::MAX));
        match rustix::fs::openat(&self.dir, name, flags, Mode::empty()) {
            Ok(file) => Ok(Some(file)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }
}

fn identity(stat: &Stat) -> Identity {
    (stat.st_dev, stat.st_ino)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Read as _;
    use std::path::Path;

    fn shelf(dir: &Path, numbers: &[u32]) -> Shelf {
        for number in numbers {
            fs::write(dir.join(name(*number)), number.to_string()).unwrap();
        }
        Shelf { dir: crate::state::open_dir(dir).unwrap(), most: 5 }
    }

    fn content(file: io::Result<Option<OwnedFd>>) -> String {
        let mut text = String::new();
        if let Some(file) = file.unwrap() {
            fs::File::from(file).read_to_string(&mut text).unwrap();
        }
        text
    }

    #[test]
    fn neighbours_are_found_over_a_gap() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = shelf(dir.path(), &[0, 2, 3]);
        assert_eq!((content(shelf.newest()), content(shelf.oldest())), ("0".into(), "3".into()));
        let second = shelf.open(2).unwrap().unwrap();
        assert_eq!((content(shelf.before(&second)), content(shelf.after(&second))), ("3".into(), "0".into()));
        let newest = shelf.newest().unwrap().unwrap();
        assert!(shelf.after(&newest).unwrap().is_none());
        assert!(shelf.before(&shelf.oldest().unwrap().unwrap()).unwrap().is_none());
    }

    #[test]
    fn a_file_is_found_by_what_it_is_and_not_by_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = shelf(dir.path(), &[0]);
        let held = shelf.newest().unwrap().unwrap();
        for (from, to) in [(0, 1), (1, 2)] {
            fs::rename(dir.path().join(name(from)), dir.path().join(name(to))).unwrap();
            fs::write(dir.path().join(name(from)), format!("{from} again")).unwrap();
        }
        assert_eq!(content(shelf.after(&held)), "1 again");
        fs::remove_file(dir.path().join(name(2))).unwrap();
        assert_eq!(content(shelf.after(&held)), "1 again", "the oldest of what is left");
        assert!(shelf.before(&held).unwrap().is_none());
    }
}
