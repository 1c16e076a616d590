//! The directory: every path is resolved beneath its descriptor, without symbolic links.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder};
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, FlockOperation, Mode, OFlags, ResolveFlags, flock, fstat, fsync, mkdirat, openat2, unlinkat,
};
use rustix::io::Errno;

use super::together::together;
use crate::server::shelf::error::{Result, ShelfError};

/// Says what the directory is, and in which layout.
const MARK: &str = "shelf";
const LAYOUT: &str = "coffer shelf 1\n";

/// How often a directory is made again that somebody else removes because it is empty.
const ATTEMPTS: usize = 64;

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// The root, and the directory of temporary files, which every write needs.
#[derive(Debug)]
pub(super) struct Tree {
    path: PathBuf,
    root: OwnedFd,
    temporary: OwnedFd,
}

/// Directories in which names have changed, until they are flushed: each once, whatever happened there.
#[derive(Debug, Default)]
pub(super) struct Changed(BTreeSet<String>);

impl Changed {
    /// Something has changed in the directory that `path` is in.
    pub(super) fn add_parent(&mut self, path: &str) {
        self.0.extend(path.rsplit_once('/').map(|(parent, _)| parent.to_owned()));
    }

    /// As much as somebody else has changed.
    pub(super) fn add(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

/// Whether a path may be looked for on the disk, or only where the kernel has it in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lookup {
    /// EAGAIN rather than waiting.
    Memory,
    /// As long as it takes.
    Disk,
}

impl Tree {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let failed =
            |doing| move |error: io::Error| ShelfError::place(doing, path.display().to_string(), error);
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed("make"))?;
        let root =
            rustix::fs::open(path, DIRECTORY, Mode::empty()).map_err(|error| failed("open")(error.into()))?;
        let temporary = prepare(path, &root)?;
        Ok(Self { path: path.to_owned(), root, temporary })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn temporary(&self) -> &OwnedFd {
        &self.temporary
    }

    /// Opens what is there, or makes a file in a directory that is there.
    pub(super) fn find(&self, path: &str, flags: OFlags, lookup: Lookup) -> rustix::io::Result<OwnedFd> {
        let mode = if flags.contains(OFlags::CREATE) { Mode::RUSR | Mode::WUSR } else { Mode::empty() };
        beneath(&self.root, path, flags, mode, lookup)
    }

    /// The directory that `path` is in, if it is there, and the name in it.
    pub(super) fn parent<'a>(&self, path: &'a str) -> rustix::io::Result<(OwnedFd, &'a str)> {
        let (parent, name) = path.rsplit_once('/').ok_or(Errno::INVAL)?;
        Ok((self.find(parent, DIRECTORY, Lookup::Disk)?, name))
    }

    /// Does something in the directory that `path` is in, which is made for it if need be. It is done again if
    /// somebody else has removed the empty directory meanwhile.
    pub(super) fn within<T>(
        &self,
        path: &str,
        changed: &mut Changed,
        mut work: impl FnMut(&OwnedFd, &str) -> rustix::io::Result<T>,
    ) -> rustix::io::Result<T> {
        let (parent, name) = path.rsplit_once('/').ok_or(Errno::INVAL)?;
        changed.add_parent(path);
        for _ in 0..ATTEMPTS {
            let directory = self.make(parent, changed)?;
            match work(&directory, name) {
                Err(Errno::NOENT) if fstat(&directory)?.st_nlink == 0 => {}
                done => return done,
            }
        }
        Err(Errno::NOENT)
    }

    /// The directory at `path`, made where it is not there.
    fn make(&self, path: &str, changed: &mut Changed) -> rustix::io::Result<OwnedFd> {
        for _ in 0..ATTEMPTS {
            match self.find(path, DIRECTORY, Lookup::Disk) {
                Err(Errno::NOENT) => self.make_last(path, changed)?,
                found => return found,
            }
        }
        Err(Errno::NOENT)
    }

    fn make_last(&self, path: &str, changed: &mut Changed) -> rustix::io::Result<()> {
        let (above, name) = path.rsplit_once('/').unwrap_or((".", path));
        changed.0.insert(above.to_owned());
        let above = if above == "." { rustix::io::dup(&self.root)? } else { self.make(above, changed)? };
        match mkdirat(&above, name, Mode::RWXU) {
            // If somebody else has removed the directory above, the caller tries again.
            Ok(()) | Err(Errno::EXIST | Errno::NOENT) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Makes durable what has changed in directories.
    pub(super) fn flush(&self, changed: &Changed) -> rustix::io::Result<()> {
        let directories: Vec<&String> = changed.0.iter().collect();
        together(&directories, |directory| match self.find(directory, DIRECTORY, Lookup::Disk) {
            Ok(directory) => fsync(&directory),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(()),
            Err(error) => Err(error),
        })
    }

    /// Removes the directory that `path` was in, and those above, as far as they are empty; the first component
    /// stays.
    pub(super) fn prune(&self, path: &str, changed: &mut Changed) -> rustix::io::Result<()> {
        let mut gone = path;
        while let Some((parent, _)) = gone.rsplit_once('/') {
            if !parent.contains('/') || !self.remove_empty(parent)? {
                break;
            }
            gone = parent;
        }
        changed.add_parent(gone);
        Ok(())
    }

    fn remove_empty(&self, path: &str) -> rustix::io::Result<bool> {
        let removed = self.parent(path).and_then(|(above, name)| unlinkat(&above, name, AtFlags::REMOVEDIR));
        match removed {
            Ok(()) | Err(Errno::NOENT) => Ok(true),
            Err(Errno::NOTEMPTY | Errno::EXIST | Errno::NOTDIR) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Looks whether the directory is fit, and makes what it needs.
fn prepare(path: &Path, root: &OwnedFd) -> Result<OwnedFd> {
    let failed = |error: io::Error| ShelfError::place("prepare", path.display().to_string(), error);
    flock(root, FlockOperation::LockExclusive).map_err(|error| failed(error.into()))?;
    let fit = check(path, root);
    let temporary = fit.and_then(|()| {
        let made = mkdirat(root, "temporary", Mode::RWXU);
        made.or_else(|error| if error == Errno::EXIST { Ok(()) } else { Err(error) })
            .and_then(|()| fsync(root))
            .and_then(|()| beneath(root, "temporary", DIRECTORY, Mode::empty(), Lookup::Disk))
            .map_err(|error| failed(error.into()))
    });
    flock(root, FlockOperation::Unlock).map_err(|error| failed(error.into()))?;
    temporary
}

fn check(path: &Path, root: &OwnedFd) -> Result<()> {
    let what = || path.display().to_string();
    let unfit = |why: &str| ShelfError::Unfit { what: what(), why: why.to_owned() };
    let failed = |error: io::Error| ShelfError::place("prepare", what(), error);
    let about = fs::metadata(path).map_err(failed)?;
    if about.uid() != rustix::process::geteuid().as_raw() || about.mode() & 0o022 != 0 {
        return Err(unfit("it has to belong to the user of the registry, and nobody else may write to it"));
    }
    match beneath(root, MARK, OFlags::RDONLY, Mode::empty(), Lookup::Disk) {
        Ok(mark) => {
            let mut layout = String::new();
            fs::File::from(mark).take(100).read_to_string(&mut layout).map_err(failed)?;
            if layout == LAYOUT {
                Ok(())
            } else {
                Err(unfit("its layout is not one that this version knows"))
            }
        }
        Err(Errno::NOENT) if fs::read_dir(path).map_err(failed)?.next().is_none() => {
            mark(root).map_err(failed)
        }
        Err(Errno::NOENT) => Err(unfit("it is not empty, and no registry has made it")),
        Err(error) => Err(failed(error.into())),
    }
}

fn mark(root: &OwnedFd) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
    let file = beneath(root, MARK, flags, Mode::RUSR | Mode::WUSR, Lookup::Disk)?;
    let mut file = fs::File::from(file);
    file.write_all(LAYOUT.as_bytes())?;
    file.sync_all()?;
    Ok(fsync(root)?)
}

fn beneath(
    root: &OwnedFd,
    path: &str,
    flags: OFlags,
    mode: Mode,
    lookup: Lookup,
) -> rustix::io::Result<OwnedFd> {
    let mut resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    if lookup == Lookup::Memory {
        resolve |= ResolveFlags::CACHED;
    }
    openat2(root, path, flags | OFlags::CLOEXEC, mode, resolve)
}
