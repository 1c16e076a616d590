//! Files that cannot be made again: flushed before they have their names, and seen by nobody else.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags, RenameFlags};
use zeroize::Zeroizing;

use crate::state::write_aside;

/// Largest file of a keyring: a root with a thousand keys.
const MAX_SIZE: u64 = 1 << 20;

/// What becomes of a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    Kept,
    Replaced,
}

/// Makes a directory that only its owner enters, if it is not there.
pub(super) fn directory(path: &std::path::Path) -> io::Result<OwnedFd> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    open(path)
}

/// Opens a directory.
pub(super) fn open(path: &std::path::Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?)
}

/// Waits until nobody else changes the directory; the turn ends with the descriptor.
pub(super) fn lock(dir: &OwnedFd) -> io::Result<()> {
    Ok(rustix::fs::flock(dir, FlockOperation::LockExclusive)?)
}

/// Writes a file of mode 0600. When this returns, it outlives a power cut; until then it is not there.
pub(super) fn write(dir: &OwnedFd, name: &str, bytes: &[u8], existing: Existing) -> io::Result<()> {
    let how = match existing {
        Existing::Kept => RenameFlags::NOREPLACE,
        Existing::Replaced => RenameFlags::empty(),
    };
    let mode = Mode::RUSR | Mode::WUSR;
    write_aside(dir, name, mode, how, |file| file.write_all(bytes).and_then(|()| file.sync_all()))?;
    Ok(rustix::fs::fsync(dir)?)
}

/// Reads a whole file; `None` if there is none. What was read is wiped when it is dropped.
pub(super) fn read(dir: impl AsFd, name: &str) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let file = match rustix::fs::openat(dir, name, flags, Mode::empty()) {
        Err(rustix::io::Errno::NOENT) => return Ok(None),
        file => File::from(file?),
    };
    // As large as it gets, so that no copy of a secret stays behind where it grew.
    let size = file.metadata()?.len().min(MAX_SIZE);
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(size).unwrap_or(0).saturating_add(1)));
    let read = file.take(MAX_SIZE + 1).read_to_end(&mut bytes)?;
    if read as u64 > MAX_SIZE {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than any file of a keyring"));
    }
    Ok(Some(bytes))
}

/// Removes a file that may be gone already.
pub(super) fn remove(dir: &OwnedFd, name: &str) -> io::Result<()> {
    match rustix::fs::unlinkat(dir, name, AtFlags::empty()) {
        Ok(()) => Ok(rustix::fs::fsync(dir)?),
        Err(rustix::io::Errno::NOENT) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// The names in a directory, sorted.
pub(super) fn names(path: &std::path::Path) -> io::Result<Vec<String>> {
    let entries = match std::fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let names = entries.map(|entry| entry.map(|entry| entry.file_name().into_string().ok()));
    let mut names: Vec<String> = names.filter_map(Result::transpose).collect::<io::Result<_>>()?;
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn what_is_kept_is_whole_private_and_never_written_over_by_mistake() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        let fd = directory(&path).unwrap();
        write(&fd, "key", b"one", Existing::Kept).unwrap();
        let taken = write(&fd, "key", b"two", Existing::Kept).unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(read(&fd, "key").unwrap().unwrap().as_slice(), b"one");
        write(&fd, "key", b"two", Existing::Replaced).unwrap();
        assert_eq!(read(&fd, "key").unwrap().unwrap().as_slice(), b"two");
        let modes = [path.clone(), path.join("key")].map(|path| path.metadata().unwrap().mode() & 0o777);
        assert_eq!(modes, [0o700, 0o600]);
        assert_eq!(names(&path).unwrap(), ["key"]);
        remove(&fd, "key").unwrap();
        remove(&fd, "key").unwrap();
        assert!(read(&fd, "key").unwrap().is_none());
    }
}
