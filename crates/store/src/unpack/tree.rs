//! Directories by descriptor: opened beneath an owned root, and never through a symbolic link.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, chmodat, openat, openat2, statat, unlinkat,
};
use rustix::io::{Errno, Result};

/// Neither upwards, nor through links of any kind, nor onto another file system.
const INSIDE: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::NO_MAGICLINKS)
    .union(ResolveFlags::NO_XDEV);

/// Opens the directory `path` under `root` as a place to create in; empty is `root` itself.
pub(crate) fn open_place(root: impl AsFd, path: &[u8]) -> Result<OwnedFd> {
    open(root, path, OFlags::PATH | OFlags::DIRECTORY)
}

/// Opens the directory `path` under `root` for reading and for changing its metadata.
pub(crate) fn open_directory(root: impl AsFd, path: &[u8]) -> Result<OwnedFd> {
    open(root, path, OFlags::RDONLY | OFlags::DIRECTORY)
}

/// Opens what is at `path` under `root`, whatever it is, without waiting for fifos.
pub(crate) fn open_file(root: impl AsFd, path: &[u8]) -> Result<OwnedFd> {
    open(root, path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)
}

fn open(root: impl AsFd, path: &[u8], flags: OFlags) -> Result<OwnedFd> {
    let path = if path.is_empty() { b"." } else { path };
    openat2(root, path, flags | OFlags::CLOEXEC | OFlags::NOFOLLOW, Mode::empty(), INSIDE)
}

/// Removes `name` in `parent` and everything under it; nothing there is fine.
pub(crate) fn remove(parent: impl AsFd, name: &[u8]) -> Result<()> {
    match unlinkat(&parent, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(error) => return Err(error),
    }
    empty(&parent, name)?;
    unlinkat(&parent, name, AtFlags::REMOVEDIR)
}

fn empty(parent: impl AsFd, name: &[u8]) -> Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = openat(&parent, name, flags, Mode::empty()).or_else(|error| {
        // A directory of the image that its owner may not read or write.
        if error != Errno::ACCESS {
            return Err(error);
        }
        chmodat(&parent, name, Mode::RWXU, AtFlags::empty())?;
        openat(&parent, name, flags, Mode::empty())
    })?;
    for entry in Dir::read_from(&directory)? {
        let entry = entry?;
        let child = entry.file_name().to_bytes();
        if matches!(child, b"." | b"..") {
            continue;
        }
        match remove(&directory, child) {
            Err(Errno::ACCESS) => {
                rustix::fs::fchmod(&directory, Mode::RWXU)?;
                remove(&directory, child)?;
            }
            result => result?,
        }
    }
    Ok(())
}

/// What kind of file is at `name` in `parent`; links are not followed.
pub(crate) fn kind(parent: impl AsFd, name: &[u8]) -> Result<FileType> {
    Ok(FileType::from_raw_mode(statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)?.st_mode))
}
