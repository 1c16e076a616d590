//! The directory of a ledger: locking, bounded reads, durable replacement. Everything goes through
//! one directory descriptor, so a directory moved away is not confused with one put in its place.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{self, AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use crate::error::LedgerError;

/// The private state is for its owner; the served tree is for everybody who may reach it.
pub(crate) const PRIVATE: Mode = Mode::from_raw_mode(0o600);
pub(crate) const SERVED: Mode = Mode::from_raw_mode(0o644);

/// How long to wait for the lock in all.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Directory {
    fd: OwnedFd,
    path: String,
}

/// Dropping it releases the lock.
pub(crate) struct Lock(OwnedFd);

/// Not by closing: a process that was cloned meanwhile has the descriptor too, and holds the lock with it.
impl Drop for Lock {
    fn drop(&mut self) {
        // Unlocking what is locked cannot fail.
        let _ = fs::flock(&self.0, FlockOperation::Unlock);
    }
}

const OPEN_DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

impl Directory {
    /// Opens the directory, making it (mode 0700) if its parent exists.
    pub(crate) fn open(path: &Path) -> Result<Self, LedgerError> {
        let name = path.display().to_string();
        let opened = match fs::open(path, OPEN_DIRECTORY, Mode::empty()) {
            Err(Errno::NOENT) => match fs::mkdir(path, Mode::RWXU) {
                Ok(()) | Err(Errno::EXIST) => fs::open(path, OPEN_DIRECTORY, Mode::empty()),
                Err(error) => return Err(LedgerError::io("make", name, error)),
            },
            other => other,
        };
        let fd = opened.map_err(|error| LedgerError::io("open", name.as_str(), error))?;
        Ok(Self { fd, path: name })
    }

    pub(crate) fn path_of(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }

    fn error(&self, action: &'static str, name: &str) -> impl Fn(Errno) -> LedgerError {
        let path = self.path_of(name);
        move |errno| LedgerError::io(action, path.as_str(), errno)
    }

    /// Locks are per open file description, so every call opens its own: threads that share a
    /// [`crate::Ledger`] exclude each other as processes do.
    pub(crate) fn lock(&self, operation: FlockOperation) -> Result<Lock, LedgerError> {
        self.lock_within(PATIENCE, operation)
    }

    fn lock_within(&self, patience: Duration, operation: FlockOperation) -> Result<Lock, LedgerError> {
        let fd = fs::openat(&self.fd, ".", OPEN_DIRECTORY, Mode::empty()).map_err(self.error("open", "."))?;
        let mut pause = Duration::from_micros(50);
        let mut waited = Duration::ZERO;
        while waited < patience {
            match fs::flock(&fd, operation) {
                Ok(()) => return Ok(Lock(fd)),
                Err(Errno::WOULDBLOCK | Errno::INTR) => {}
                Err(errno) => return Err(self.error("lock", ".")(errno)),
            }
            std::thread::sleep(pause);
            waited += pause;
            pause = (pause * 2).min(Duration::from_millis(2));
        }
        Err(LedgerError::Locked { path: self.path.clone(), seconds: patience.as_secs() })
    }

    /// The file for reading and writing, or `None` if it does not exist.
    pub(crate) fn open_file(&self, name: &str, flags: OFlags) -> Result<Option<File>, LedgerError> {
        let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        match fs::openat(&self.fd, name, flags, PRIVATE) {
            Ok(fd) => Ok(Some(File::from(fd))),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(self.error("open", name)(errno)),
        }
    }

    /// The bytes of a file, at most `limit` of them; `None` if it does not exist.
    pub(crate) fn read(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, LedgerError> {
        let Some(file) = self.open_file(name, OFlags::RDONLY)? else { return Ok(None) };
        let length = file.metadata().map_or(0, |data| data.len()).min(limit);
        let mut bytes = Vec::with_capacity(length as usize + 1);
        let read = file.take(limit).read_to_end(&mut bytes);
        read.map_err(|error| LedgerError::io("read", self.path_of(name), error))?;
        Ok(Some(bytes))
    }

    pub(crate) fn exists(&self, name: &str) -> Result<bool, LedgerError> {
        match fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(errno) => Err(self.error("look at", name)(errno)),
        }
    }

    /// Puts a whole file in place so that after a crash there is the old one or the new one, and
    /// after the return the new one. The caller holds the exclusive lock.
    pub(crate) fn place(&self, name: &str, bytes: &[u8], mode: Mode) -> Result<(), LedgerError> {
        const NEW: &str = "new";
        let parent = name.rsplit_once('/').map_or(".", |(parent, _)| parent);
        self.make_parents(name)?;
        let placed = self
            .write_synced(NEW, bytes, mode)
            .and_then(|()| fs::renameat(&self.fd, NEW, &self.fd, name).map_err(self.error("write", name)));
        if placed.is_err() {
            let _already_failing = fs::unlinkat(&self.fd, NEW, AtFlags::empty());
        }
        placed?;
        self.sync(parent)
    }

    fn write_synced(&self, name: &str, bytes: &[u8], mode: Mode) -> Result<(), LedgerError> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let mut file =
            File::from(fs::openat(&self.fd, name, flags, mode).map_err(self.error("write", name))?);
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        written.map_err(|error| LedgerError::io("write", self.path_of(name), error))
    }

    fn make_parents(&self, name: &str) -> Result<(), LedgerError> {
        for (at, _) in name.match_indices('/') {
            let Some(directory) = name.get(..at) else { continue };
            match fs::mkdirat(&self.fd, directory, Mode::from_raw_mode(0o755)) {
                Ok(()) => self.sync(directory.rsplit_once('/').map_or(".", |(parent, _)| parent))?,
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(self.error("make", directory)(errno)),
            }
        }
        Ok(())
    }

    fn sync(&self, directory: &str) -> Result<(), LedgerError> {
        let fd = fs::openat(&self.fd, directory, OPEN_DIRECTORY, Mode::empty());
        fd.and_then(fs::fsync).map_err(self.error("write", directory))
    }

    /// Removes a file and then its directory if that is empty now; what is gone already is fine.
    pub(crate) fn prune(&self, name: &str) {
        let _may_be_gone = fs::unlinkat(&self.fd, name, AtFlags::empty());
        if let Some((parent, _)) = name.rsplit_once('/') {
            let _may_hold_others = fs::unlinkat(&self.fd, parent, AtFlags::REMOVEDIR);
        }
    }
}

/// Identifies this boot, or `None` where the kernel does not tell. While it is the same, the page
/// cache has lost nothing, so neither has a file.
pub(crate) fn boot_id() -> Option<[u8; 16]> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let digits: Vec<u8> = text.chars().filter_map(|c| Some(c.to_digit(16)? as u8)).collect();
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_is_held_is_waited_for_and_then_an_error() {
        let temporary = tempfile::TempDir::new().unwrap();
        let directory = Directory::open(temporary.path()).unwrap();
        let exclusive = FlockOperation::NonBlockingLockExclusive;
        let held = directory.lock(exclusive).unwrap();
        let refused = directory.lock_within(Duration::from_millis(5), exclusive).err().unwrap();
        assert_eq!(refused.code(), "E-ledger-locked");
        drop(held);
        directory.lock(exclusive).unwrap();
    }

    #[test]
    fn a_copy_of_the_descriptor_in_a_cloned_process_does_not_hold_the_lock() {
        let temporary = tempfile::TempDir::new().unwrap();
        let directory = Directory::open(temporary.path()).unwrap();
        let exclusive = FlockOperation::NonBlockingLockExclusive;
        let held = directory.lock(exclusive).unwrap();
        let _copy = held.0.try_clone().unwrap();
        drop(held);
        directory.lock_within(Duration::from_millis(5), exclusive).unwrap();
    }

    #[test]
    fn a_file_in_place_is_whole_and_nothing_else_is_left() {
        let temporary = tempfile::TempDir::new().unwrap();
        let directory = Directory::open(temporary.path()).unwrap();
        directory.place("a/b/c", b"first", SERVED).unwrap();
        directory.place("a/b/c", b"2nd", SERVED).unwrap();
        assert_eq!(directory.read("a/b/c", 100).unwrap().unwrap(), b"2nd");
        assert_eq!(directory.read("a/b/d", 100).unwrap(), None);
        assert!(!directory.exists("new").unwrap());
        directory.prune("a/b/c");
        assert!(!directory.exists("a/b").unwrap());
    }

    #[test]
    fn the_boot_is_known_and_stays_the_same() {
        assert!(boot_id().is_some());
        assert_eq!(boot_id(), boot_id());
    }
}
