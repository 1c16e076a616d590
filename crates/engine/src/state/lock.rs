//! Who looks after a container: whoever holds flock(2) on its directory. The kernel lets go of it when
//! the holder dies, however it dies. A record may also be changed by others: they take turns.

use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;
use rustix::io::Errno;
use serde::Serialize;
use sys::clone::Cloned;

use super::tree::REMOVING;
use super::{Containers, RECORD, Record, StateError, files, link_target, read_record, tree};
use crate::foreground;
use crate::id::ContainerId;

/// A container's directory, locked: nobody else changes it.
#[derive(Debug)]
pub(crate) struct Held {
    id: ContainerId,
    path: PathBuf,
    dir: OwnedFd,
}

/// The answer to an attempt to lock.
#[derive(Debug)]
pub(crate) enum Lock {
    /// It is ours now.
    Held(Held),
    /// Somebody looks after it.
    Busy,
    /// There is no such container.
    Gone,
}

impl Held {
    pub(crate) fn new(id: ContainerId, path: PathBuf, dir: OwnedFd) -> Self {
        Self { id, path, dir }
    }

    /// The container's directory.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The same, open.
    pub(crate) fn dir(&self) -> BorrowedFd<'_> {
        self.dir.as_fd()
    }

    /// Reads the record; `None` where the container's making or removal was cut short.
    pub(crate) fn record(&self) -> Result<Option<Record>, StateError> {
        read_record(&self.dir, &self.id, &self.path)
    }

    /// Replaces the record.
    pub(crate) fn write_record(&self, record: &Record) -> Result<(), StateError> {
        self.write(RECORD, record)
    }

    /// Replaces one of the container's JSON files.
    pub(crate) fn write(&self, name: &str, value: &impl Serialize) -> Result<(), StateError> {
        let failed = |error| StateError::io("write to", &self.path)(error);
        let bytes = serde_json::to_vec(value).map_err(|error| failed(error.into()))?;
        files::replace(&self.dir, name, &bytes).map_err(failed)
    }
}

fn lock_directory(path: &Path, id: &ContainerId) -> Result<Lock, StateError> {
    let dir = match files::open_dir(path) {
        Ok(dir) => dir,
        Err(Errno::NOENT) => return Ok(Lock::Gone),
        Err(errno) => return Err(StateError::errno("open", path)(errno)),
    };
    match rustix::fs::flock(&dir, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Lock::Held(Held::new(id.clone(), path.to_owned(), dir))),
        Err(Errno::WOULDBLOCK) => Ok(Lock::Busy),
        Err(errno) => Err(StateError::errno("lock", path)(errno)),
    }
}

impl Containers {
    /// Locks a container unless somebody else has it.
    pub(crate) fn lock(&self, id: &ContainerId) -> Result<Lock, StateError> {
        lock_directory(&self.path(id), id)
    }

    /// Changes the record of a container, whoever looks after it: keepers write down how it stands while
    /// commands rename or update it, so each reads what the other wrote. Their turn is flock(2) on the
    /// directory of names.
    pub(crate) fn change_record(
        &self,
        id: &ContainerId,
        change: impl FnOnce(&mut Record),
    ) -> Result<Record, StateError> {
        let _turn = self.turn()?;
        let path = self.path(id);
        let unknown = || StateError::Unknown(id.short().to_owned());
        let dir = match files::open_dir(&path) {
            Err(Errno::NOENT) => return Err(unknown()),
            opened => opened.map_err(StateError::errno("open", &path))?,
        };
        let held = Held::new(id.clone(), path, dir);
        let mut record = held.record()?.ok_or_else(unknown)?;
        change(&mut record);
        held.write_record(&record)?;
        Ok(record)
    }

    fn turn(&self) -> Result<OwnedFd, StateError> {
        let names = files::open_dir(&self.names).map_err(StateError::errno("open", &self.names))?;
        rustix::io::retry_on_intr(|| rustix::fs::flock(&names, FlockOperation::LockExclusive))
            .map_err(StateError::errno("lock", &self.names))?;
        Ok(names)
    }

    /// Removes a container and everything that was reserved for it.
    pub(crate) fn remove(&self, held: &Held, record: Option<&Record>) -> Result<(), StateError> {
        self.forget(held, record)?;
        self.clear(held)
    }

    /// The same, but the files go in a process of their own: nobody has to wait until a file system has
    /// given back what a container wrote. If it is killed, [`Self::sweep`] finds what is left.
    pub(crate) fn remove_behind(&self, held: &Held, record: &Record) -> Result<(), StateError> {
        self.forget(held, Some(record))?;
        match sys::clone::clone3(0, None) {
            Ok(Cloned::Child) => {
                foreground::leave_terminal();
                let alone = sys::fds::keep_only(3, &[held.dir()]);
                sys::exec::exit(i32::from(alone.is_err() || self.clear(held).is_err()))
            }
            Ok(Cloned::Parent { .. }) => Ok(()),
            Err(_) => self.clear(held),
        }
    }

    /// Gives name and ids back and takes the directory its name: from now on there is no such container.
    fn forget(&self, held: &Held, record: Option<&Record>) -> Result<(), StateError> {
        if let Some(record) = record {
            for name in std::iter::once(&record.name).chain(&record.other_name) {
                self.release(&self.names.join(name), &held.id);
            }
            if let Some(range) = record.range {
                self.release(&self.ranges.join(range.number().to_string()), &held.id);
            }
        }
        match std::fs::rename(&held.path, self.leaving(&held.id)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(StateError::io("remove", &held.path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Removes the files of a container that was forgotten.
    fn clear(&self, held: &Held) -> Result<(), StateError> {
        let failed = |error| StateError::io("remove", &held.path)(error);
        let root = files::open_dir(&self.root).map_err(StateError::errno("open", &self.root))?;
        let name = CString::new(format!("{REMOVING}{}", held.id)).map_err(|error| failed(error.into()))?;
        tree::remove(root, &name).map_err(failed)
    }

    fn leaving(&self, id: &ContainerId) -> PathBuf {
        self.root.join(format!("{REMOVING}{id}"))
    }

    /// Takes a name from the container.
    pub(crate) fn leave_name(&self, id: &ContainerId, name: &str) {
        self.release(&self.names.join(name), id);
    }

    /// Gives a reservation back if it is still the container's.
    fn release(&self, link: &Path, id: &ContainerId) {
        if link_target(link).as_ref() == Some(id) {
            // A link that stays is recognised by its missing container when somebody wants it.
            let _left_for_later = std::fs::remove_file(link);
        }
    }

    /// Removes what killed makers and removers left: directories without a record that nobody holds.
    /// Does nothing while a container is being made.
    pub(crate) fn sweep(&self) -> Result<(), StateError> {
        let root = files::open_dir(&self.root).map_err(StateError::errno("open", &self.root))?;
        if rustix::fs::flock(&root, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Ok(());
        }
        let entries = std::fs::read_dir(&self.root).map_err(StateError::io("list", &self.root))?;
        for entry in entries.flatten() {
            let name = entry.file_name();
            match name.to_str().and_then(|text| text.parse::<ContainerId>().ok()) {
                Some(id) => self.sweep_one(&id)?,
                None => self.sweep_stray(&root, &name)?,
            }
        }
        Ok(())
    }

    fn sweep_one(&self, id: &ContainerId) -> Result<(), StateError> {
        if self.path(id).join(RECORD).exists() {
            return Ok(());
        }
        match self.lock(id)? {
            Lock::Held(held) => self.remove(&held, None),
            Lock::Busy | Lock::Gone => Ok(()),
        }
    }

    /// A part of a tree whose removal was cut short; its remover is alive if it can hold the lock.
    fn sweep_stray(&self, root: &OwnedFd, name: &std::ffi::OsStr) -> Result<(), StateError> {
        let owner = name.to_str().and_then(|text| text.strip_prefix(REMOVING)?.get(..64)?.parse().ok());
        let Some(owner): Option<ContainerId> = owner else { return Ok(()) };
        if let Lock::Busy = lock_directory(&self.leaving(&owner), &owner)? {
            return Ok(());
        }
        if let Ok(name) = CString::new(name.as_encoded_bytes()) {
            // Its remover may still be at it; then there is nothing left for the next sweep.
            let _next_time = tree::remove(root, &name);
        }
        Ok(())
    }
}
