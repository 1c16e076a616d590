//! What is taken of a tree: a list of entries, in order, with limits on everything.

use std::os::fd::OwnedFd;

use build::ignore::{Above, Fate, Ignore};
use rustix::fs::{FileType, OFlags, Stat};
use rustix::io::Errno;

use super::error::{FilesError, shown};
use super::tree::{Folder, Found, Tree, Whose, join, open_in};

/// Entries of one listing: as many as a layer may have.
const MAX_ENTRIES: u64 = 500_000;
/// Bytes of all files of one listing.
const MAX_BYTES: u64 = 64 << 30;
/// Directories below each other; each holds a descriptor for each layer that shows it.
const MAX_DEPTH: usize = 256;

/// Something that is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    /// Below the top; empty is the top itself.
    pub(super) path: Vec<u8>,
    /// The layer that it is in, from the top.
    pub(super) layer: usize,
    pub(super) kind: ListedKind,
    /// Permission bits and the three special ones.
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) state: State,
}

/// What is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ListedKind {
    Directory,
    File,
    Link(Vec<u8>),
    Fifo,
}

/// What changes when a file changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    pub(super) device: u64,
    pub(super) inode: u64,
    pub(super) size: u64,
    /// Names of the file, its own included.
    pub(super) names: u64,
    pub(super) modified: (i64, u32),
    pub(super) changed: (i64, u32),
}

impl State {
    pub(super) fn of(stat: &Stat) -> Self {
        let nanoseconds = |part: u64| u32::try_from(part).unwrap_or(0);
        Self {
            device: stat.st_dev,
            inode: stat.st_ino,
            size: u64::try_from(stat.st_size).unwrap_or(0),
            names: stat.st_nlink,
            modified: (stat.st_mtime, nanoseconds(stat.st_mtime_nsec)),
            changed: (stat.st_ctime, nanoseconds(stat.st_ctime_nsec)),
        }
    }
}

impl Listed {
    /// Opens the file, if it is still the one that was listed. `top` is where its path begins.
    pub(super) fn open(&self, layers: &[OwnedFd], top: &[u8]) -> Result<OwnedFd, FilesError> {
        let path = join(top, &self.path);
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        match open_in(layers, self.layer, &path, flags) {
            Ok(file) => self.unchanged(file, &path),
            // A link now, or under one, or gone.
            Err(error) if is_another(&error) => Err(FilesError::Changed { path: shown(&path) }),
            Err(error) => Err(FilesError::read(&path)(error)),
        }
    }

    /// The same descriptor, if what it shows is what was listed.
    pub(super) fn unchanged(&self, file: OwnedFd, path: &[u8]) -> Result<OwnedFd, FilesError> {
        let stat = rustix::fs::fstat(&file).map_err(|errno| FilesError::read(path)(errno.into()))?;
        let same =
            FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && State::of(&stat) == self.state;
        if same { Ok(file) } else { Err(FilesError::Changed { path: shown(path) }) }
    }
}

/// Whether the kernel says that a file is not what it was.
pub(super) fn is_another(error: &std::io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NXIO))
}

/// Rules about what is left out, and where the paths that they mean begin.
pub(super) struct Sieve<'a> {
    pub(super) rules: &'a Ignore,
    /// The top of the listing as these rules see it.
    pub(super) top: Vec<u8>,
    /// What is known of the top.
    pub(super) above: Above,
}

impl<'a> Sieve<'a> {
    /// Rules about paths below the top.
    pub(super) fn below(rules: &'a Ignore) -> Self {
        Self { rules, top: Vec::new(), above: rules.top() }
    }

    /// Rules about paths of the whole tree; `None` where they leave nothing of `path`.
    pub(super) fn whole(rules: &'a Ignore, path: &[u8], kind: FileType) -> Option<Self> {
        let mut above = rules.top();
        let mut at = Vec::new();
        let names: Vec<&[u8]> = super::tree::components(path).collect();
        for (index, name) in names.iter().enumerate() {
            at = join(&at, name);
            let text = String::from_utf8_lossy(&at);
            if index + 1 == names.len() && kind != FileType::Directory {
                return (!rules.file(&text, &above)).then_some(Self { rules, top: at, above });
            }
            let (fate, below) = rules.directory(&text, &above);
            if fate == Fate::Pruned {
                return None;
            }
            above = below;
        }
        Some(Self { rules, top: at, above })
    }
}

/// Lists what is below a directory, in order, parents before children.
pub(super) fn below(
    tree: &Tree,
    top: &[u8],
    sieves: &[Sieve<'_>],
    what: &str,
    total: &mut Total,
) -> Result<Vec<Listed>, FilesError> {
    let mut lister = Lister { tree, top, sieves, what, total, listed: Vec::new(), waiting: Vec::new() };
    if let Some(folder) = tree.folder(top).map_err(FilesError::read(top))? {
        let above: Vec<Above> = sieves.iter().map(|sieve| sieve.above.clone()).collect();
        lister.directory(&folder, b"", &above, 0)?;
    }
    Ok(lister.listed)
}

/// Lists one thing that is no directory; nothing where it is a socket.
pub(super) fn single(
    tree: &Tree,
    path: &[u8],
    found: &Found,
    what: &str,
    total: &mut Total,
) -> Result<Option<Listed>, FilesError> {
    total.count(what, found)?;
    Ok(kind(tree, path, found)?.map(|kind| listed(Vec::new(), kind, found)))
}

/// How much was listed so far.
#[derive(Debug, Default)]
pub(super) struct Total {
    entries: u64,
    bytes: u64,
}

impl Total {
    fn count(&mut self, what: &str, found: &Found) -> Result<(), FilesError> {
        let limit = |limit, allowed| Err(FilesError::Limit { what: what.to_owned(), limit, allowed });
        self.entries += 1;
        if self.entries > MAX_ENTRIES {
            return limit("files", MAX_ENTRIES);
        }
        if found.kind() == FileType::RegularFile {
            self.bytes = self.bytes.saturating_add(u64::try_from(found.stat.st_size).unwrap_or(0));
        }
        if self.bytes > MAX_BYTES { limit("bytes", MAX_BYTES) } else { Ok(()) }
    }
}

struct Lister<'a> {
    tree: &'a Tree,
    top: &'a [u8],
    sieves: &'a [Sieve<'a>],
    what: &'a str,
    total: &'a mut Total,
    listed: Vec<Listed>,
    /// Directories that are left out unless something in them is not.
    waiting: Vec<Listed>,
}

impl Lister<'_> {
    fn directory(
        &mut self,
        folder: &Folder,
        path: &[u8],
        above: &[Above],
        depth: usize,
    ) -> Result<(), FilesError> {
        if depth > MAX_DEPTH {
            let (what, allowed) = (self.what.to_owned(), MAX_DEPTH as u64);
            return Err(FilesError::Limit { what, limit: "directories below each other", allowed });
        }
        let names = self.tree.list(folder).map_err(FilesError::read(&join(self.top, path)))?;
        for (name, found) in names {
            self.total.count(self.what, &found)?;
            let path = join(path, &name);
            if found.kind() == FileType::Directory {
                self.subdirectory(folder, &name, &path, &found, above, depth)?;
            } else if !self.is_left_out(&path, above)
                && let Some(kind) = kind(self.tree, &join(self.top, &path), &found)?
            {
                self.take(listed(path, kind, &found));
            }
        }
        Ok(())
    }

    fn subdirectory(
        &mut self,
        folder: &Folder,
        name: &[u8],
        path: &[u8],
        found: &Found,
        above: &[Above],
        depth: usize,
    ) -> Result<(), FilesError> {
        let mut fate = Fate::Kept;
        let mut below = Vec::with_capacity(above.len());
        for (sieve, above) in self.sieves.iter().zip(above) {
            let (one, known) = sieve.rules.directory(&text(&sieve.top, path), above);
            fate = match (fate, one) {
                (Fate::Pruned, _) | (_, Fate::Pruned) => return Ok(()),
                (Fate::Excluded, _) | (_, Fate::Excluded) => Fate::Excluded,
                (Fate::Kept, Fate::Kept) => Fate::Kept,
            };
            below.push(known);
        }
        let entry = listed(path.to_owned(), ListedKind::Directory, found);
        let waiting = self.waiting.len();
        if fate == Fate::Kept {
            self.take(entry)
        } else {
            self.waiting.push(entry)
        }
        let within = self.tree.within(folder, name).map_err(FilesError::read(&join(self.top, path)))?;
        if let Some(folder) = within {
            self.directory(&folder, path, &below, depth + 1)?;
        }
        // Those that still wait had nothing in them.
        self.waiting.truncate(waiting);
        Ok(())
    }

    fn take(&mut self, entry: Listed) {
        self.listed.append(&mut self.waiting);
        self.listed.push(entry);
    }

    fn is_left_out(&self, path: &[u8], above: &[Above]) -> bool {
        let mut sieves = self.sieves.iter().zip(above);
        sieves.any(|(sieve, above)| sieve.rules.file(&text(&sieve.top, path), above))
    }
}

fn text(top: &[u8], path: &[u8]) -> String {
    String::from_utf8_lossy(&join(top, path)).into_owned()
}

fn kind(tree: &Tree, path: &[u8], found: &Found) -> Result<Option<ListedKind>, FilesError> {
    Ok(match found.kind() {
        FileType::Directory => Some(ListedKind::Directory),
        FileType::RegularFile => Some(ListedKind::File),
        FileType::Fifo => Some(ListedKind::Fifo),
        FileType::Symlink => {
            Some(ListedKind::Link(tree.target(found, path).map_err(FilesError::read(path))?))
        }
        // Whoever listens is not in an image.
        FileType::Socket => None,
        _ if tree.whose == Whose::Image => None,
        _ => return Err(FilesError::Special { path: shown(path) }),
    })
}

fn listed(path: Vec<u8>, kind: ListedKind, found: &Found) -> Listed {
    let stat = &found.stat;
    Listed {
        path,
        layer: found.layer,
        kind,
        mode: stat.st_mode & 0o7777,
        uid: stat.st_uid,
        gid: stat.st_gid,
        state: State::of(stat),
    }
}
