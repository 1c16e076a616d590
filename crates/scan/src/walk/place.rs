//! Files and directories by descriptor: opened beneath an owned root, and never through a link.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use rustix::io::Result;

/// Neither upwards, nor through links of any kind, nor onto another file system.
const INSIDE: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::NO_MAGICLINKS)
    .union(ResolveFlags::NO_XDEV);

/// Whether a tree can be listed at all.
pub(crate) fn reachable(root: impl AsFd) -> Result<()> {
    list(root, b"").map(drop)
}

/// Opens the directory `path` under `root` to list it; empty is `root` itself.
pub(super) fn list(root: impl AsFd, path: &[u8]) -> Result<OwnedFd> {
    open(root, path, OFlags::RDONLY | OFlags::DIRECTORY)
}

/// Opens the directory `path` under `root` as a place to open files in.
pub(super) fn enter(root: impl AsFd, path: &[u8]) -> Result<OwnedFd> {
    open(root, path, OFlags::PATH | OFlags::DIRECTORY)
}

/// Opens a file for reading without waiting for whoever may be at its other end.
pub(super) fn file(place: impl AsFd, path: &[u8]) -> Result<OwnedFd> {
    open(place, path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)
}

fn open(root: impl AsFd, path: &[u8], flags: OFlags) -> Result<OwnedFd> {
    let path = if path.is_empty() { b"." } else { path };
    openat2(root, path, flags | OFlags::CLOEXEC | OFlags::NOFOLLOW, Mode::empty(), INSIDE)
}

/// A path one level down.
pub(super) fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    if directory.is_empty() { name.to_vec() } else { [directory, b"/", name].concat() }
}
