//! Small files, written so that a reader sees the old one or the new one and nothing between.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Mode, OFlags, RenameFlags};

/// Largest state file that is read, in bytes; a record with a full seccomp filter has about 30,000.
const MAX_SIZE: u64 = 4 << 20;

/// Replaces the file `name` of the directory with `bytes`, by writing aside and renaming.
///
/// Not synced: after a power cut the record of a container that cannot be running any more may be
/// old or empty, and both are recognised.
pub(crate) fn replace(dir: impl AsFd, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mode = Mode::RUSR | Mode::WUSR;
    write_aside(dir, name, mode, RenameFlags::empty(), |file| file.write_all(bytes))
}

/// Writes a file aside and gives it its name, which removes what stands there unless `how` keeps it. Nothing is left
/// of one that could not be written.
pub(crate) fn write_aside(
    dir: impl AsFd,
    name: &str,
    mode: Mode,
    how: RenameFlags,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let aside = format!(".{name}.{}", rustix::process::getpid().as_raw_nonzero());
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let mut file = File::from(rustix::fs::openat(&dir, &aside, flags, mode)?);
    let done = write(&mut file).and_then(|()| Ok(rustix::fs::renameat_with(&dir, &aside, &dir, name, how)?));
    if done.is_err() {
        let _gone_already = rustix::fs::unlinkat(&dir, &aside, rustix::fs::AtFlags::empty());
    }
    done
}

/// Reads the whole file `name` of the directory; `None` if there is none.
pub(crate) fn read(dir: impl AsFd, name: &str) -> io::Result<Option<Vec<u8>>> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    match rustix::fs::openat(dir, name, flags, Mode::empty()) {
        Err(rustix::io::Errno::NOENT) => Ok(None),
        Err(errno) => Err(errno.into()),
        Ok(file) => read_limited(file).map(Some),
    }
}

fn read_limited(file: OwnedFd) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let length = File::from(file).take(MAX_SIZE + 1).read_to_end(&mut bytes)?;
    if length as u64 > MAX_SIZE {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than any state file"));
    }
    Ok(bytes)
}

/// Opens a directory.
pub(crate) fn open_dir(path: &std::path::Path) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    rustix::fs::open(path, flags, Mode::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let fd = open_dir(dir.path()).unwrap();
        assert_eq!(read(&fd, "a").unwrap(), None);
        replace(&fd, "a", b"one").unwrap();
        replace(&fd, "a", b"2").unwrap();
        assert_eq!(read(&fd, "a").unwrap().unwrap(), b"2");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_replacement_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("a")).unwrap();
        let fd = open_dir(dir.path()).unwrap();
        assert!(replace(&fd, "a", b"x").is_err());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn endless_files_are_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let file = File::create(dir.path().join("a")).unwrap();
        file.set_len(MAX_SIZE + 1).unwrap();
        assert!(read(open_dir(dir.path()).unwrap(), "a").is_err());
    }
}
