//! Files that are being written: nobody sees them before they are whole and flushed.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{
    AtFlags, FlockOperation, Mode, OFlags, RenameFlags, flock, fsync, openat, renameat_with, unlinkat,
};
use rustix::io::{Errno, pwrite};

use super::tree::{Changed, Tree};
use crate::server::shelf::upload::random_hex;

/// A file under a name that nobody looks for. If it gets no other, it goes when this is dropped.
pub(super) struct Temporary<'a> {
    tree: &'a Tree,
    file: OwnedFd,
    name: String,
}

/// What publishing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Published {
    /// The file has its name.
    Done,
    /// What has that name is to keep it.
    Refused,
}

/// The exclusive right to replace and remove what is in a directory.
pub(super) struct Turn<'a>(&'a OwnedFd);

impl<'a> Turn<'a> {
    pub(super) fn take(directory: &'a OwnedFd) -> rustix::io::Result<Self> {
        flock(directory, FlockOperation::LockExclusive).map(|()| Self(directory))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let _closing_gives_it_back_too = flock(self.0, FlockOperation::Unlock);
    }
}

impl<'a> Temporary<'a> {
    /// Writes a file, but does not flush it.
    pub(super) fn write(tree: &'a Tree, bytes: &[u8], mode: Mode) -> io::Result<Self> {
        let name = random_hex().map_err(io::Error::other)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = openat(tree.temporary(), &name, flags, mode)?;
        let temporary = Self { tree, file, name };
        write_at(&temporary.file, bytes, 0)?;
        Ok(temporary)
    }

    pub(super) fn flush(&self) -> io::Result<()> {
        Ok(fsync(&self.file)?)
    }

    /// Gives a flushed file its name if nothing has that.
    pub(super) fn publish_new(self, path: &str, changed: &mut Changed) -> io::Result<Published> {
        let moved = self
            .tree
            .within(path, changed, |directory, name| self.rename(directory, name, RenameFlags::NOREPLACE));
        match moved {
            Ok(()) => Ok(Published::Done),
            Err(Errno::EXIST) => Ok(Published::Refused),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives a flushed file its name, in place of what has it, if `allowed` says so of that.
    pub(super) fn publish_over(
        self,
        path: &str,
        changed: &mut Changed,
        mut allowed: impl FnMut(&OwnedFd, &str) -> rustix::io::Result<bool>,
    ) -> io::Result<Published> {
        Ok(self.tree.within(path, changed, |directory, name| {
            let _turn = Turn::take(directory)?;
            if !allowed(directory, name)? {
                return Ok(Published::Refused);
            }
            self.rename(directory, name, RenameFlags::empty()).map(|()| Published::Done)
        })?)
    }

    fn rename(&self, directory: &OwnedFd, name: &str, flags: RenameFlags) -> rustix::io::Result<()> {
        renameat_with(self.tree.temporary(), &self.name, directory, name, flags)
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        let _published_or_gone = unlinkat(self.tree.temporary(), &self.name, AtFlags::empty());
    }
}

/// Writes all of `bytes` at `offset`.
pub(super) fn write_at(file: impl AsFd, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = rustix::io::retry_on_intr(|| pwrite(&file, bytes, offset))?;
        bytes = bytes.get(written..).unwrap_or_default();
        offset += written as u64;
    }
    Ok(())
}
