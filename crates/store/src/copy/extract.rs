//! A tar stream as a tree, below a directory that is there already.
//!
//! The stream may be a stranger's, and the tree be changed meanwhile: every name is opened below the owned
//! directory, what is made is made anew and never written through, and only what was made here gets an owner,
//! a mode or a second name.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{BufReader, Read, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::FileExt as _;

use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, Uid, XattrFlags, chownat, fchmod, fchown, fsetxattr, fstat,
    futimens, linkat, mkdirat, mknodat, openat, openat2, statat, symlinkat, unlinkat, utimensat,
};
use rustix::io::Errno;

use super::error::CopyError;
use super::path::TypedPath;
use super::place::{self, Place, Top};
use super::{MAX_ENTRIES, MAX_PATHS, NoticeKind, Notices, PIECE, View, patiently};
use crate::archive::{Entry, Kind, Reader, TarError, TarLimits};
use crate::limits::Limits;
use crate::unpack::{EntryPath, is_kept, printable, split, times};

/// Where a stream goes.
#[derive(Debug, Clone)]
pub enum Destination {
    /// The stream is one tree, bare of its name: it goes where Docker's rules say.
    Copy {
        /// As typed.
        path: TypedPath,
        /// What the source is called; `None` where only its content is meant.
        name: Option<Vec<u8>>,
    },
    /// The stream is any archive: its entries go into this directory.
    Directory(TypedPath),
}

/// What of a stream is taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// To whom files belong.
    pub owners: Owners,
    /// Whether the stream comes from a stranger.
    pub trust: Trust,
}

/// To whom files belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owners {
    /// To whoever makes them.
    Maker,
    /// To the ids that the stream gives.
    Kept,
}

/// Whether a stream comes from a stranger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Set-id bits, capabilities and fifos are left out.
    Stranger,
    /// They are kept.
    Invoker,
}

/// Extracts the stream, to its very end. `advanced` is told of bytes of files as they are written.
///
/// # Errors
/// [`CopyError`]; what was extracted so far stays, but no file stays half written.
pub fn extract(
    view: View,
    destination: &Destination,
    input: impl Read,
    rules: Rules,
    advanced: &mut dyn FnMut(u64),
) -> Result<Notices, CopyError> {
    let limits = TarLimits { entries: MAX_ENTRIES, path_bytes: MAX_PATHS };
    let mut reader = Reader::new(BufReader::with_capacity(PIECE, input), limits);
    let mut extractor = Extractor {
        view,
        rules,
        limits: Limits { entries: MAX_ENTRIES, depth: usize::MAX, ..Limits::default() },
        base: None,
        parent: None,
        made: HashSet::new(),
        directories: BTreeMap::new(),
        notices: Notices::default(),
        advanced,
    };
    match destination {
        Destination::Directory(path) => extractor.base = Some(place::directory(view, path)?),
        Destination::Copy { path, name } => {
            let first = reader.next_entry()?.ok_or(CopyError::Cut)?;
            extractor.top(path, name.as_deref(), first, &mut reader)?;
        }
    }
    while let Some(entry) = reader.next_entry()? {
        extractor.entry(&entry, &mut reader)?;
    }
    let notices = extractor.finish()?;
    // Whoever writes the stream is told of nothing by a pipe that closes early.
    std::io::copy(&mut reader.into_input(), &mut std::io::sink()).map_err(TarError::Io)?;
    Ok(notices)
}

type Source<R> = Reader<BufReader<R>>;

struct Extractor<'a> {
    view: View,
    rules: Rules,
    limits: Limits,
    /// The directory below which entries go; none where the top was a file.
    base: Option<OwnedFd>,
    /// The directory of the previous entry, because the next one is mostly in it too.
    parent: Option<(Vec<u8>, OwnedFd)>,
    /// Device and inode of every file made here.
    made: HashSet<(u64, u64)>,
    /// Directories made here get their metadata at the end: their contents change their times.
    directories: BTreeMap<Vec<u8>, Entry>,
    notices: Notices,
    advanced: &'a mut dyn FnMut(u64),
}

/// A name in an open directory.
#[derive(Clone, Copy)]
struct Spot<'s> {
    parent: &'s OwnedFd,
    name: &'s [u8],
}

impl Extractor<'_> {
    /// The top decides by its kind where all goes.
    fn top<R: Read>(
        &mut self,
        path: &TypedPath,
        name: Option<&[u8]>,
        mut entry: Entry,
        reader: &mut Source<R>,
    ) -> Result<(), CopyError> {
        if EntryPath::parse(&entry.path, &self.limits)?.split().is_some() {
            return Err(CopyError::entry(&entry.path, "comes before the top"));
        }
        let kind = if entry.kind == Kind::Directory { Top::Directory } else { Top::Other };
        let (parent, name) = match place::decide(self.view, path, name, kind)? {
            Place::Within(directory) => {
                self.base = Some(directory);
                return Ok(());
            }
            Place::Named(parent, name) => (parent, name),
        };
        let spot = Spot { parent: &parent, name: &name };
        // What errors call it: in the stream it has no name.
        entry.path.clone_from(&name);
        if kind == Top::Other {
            return self.make(&entry, spot, reader);
        }
        if self.directory(spot)? {
            self.directories.insert(Vec::new(), bare(&entry));
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let base = openat(&parent, name.as_slice(), flags, Mode::empty());
        self.base = Some(base.map_err(CopyError::kernel("open", &name))?);
        Ok(())
    }

    fn entry<R: Read>(&mut self, entry: &Entry, reader: &mut Source<R>) -> Result<(), CopyError> {
        let path = EntryPath::parse(&entry.path, &self.limits)?;
        let Some((parent, name)) = path.split() else {
            return match entry.kind {
                Kind::Directory => Ok(()),
                _ => Err(CopyError::entry(&entry.path, "replaces the top")),
            };
        };
        // Taken out and put back, so that it can be lent while the rest changes.
        let directory = self.enter(parent, entry)?;
        let spot = Spot { parent: &directory, name };
        let made = match entry.kind {
            Kind::Directory => self.directory(spot).map(|made| {
                if made {
                    self.directories.insert(path.as_bytes().to_owned(), bare(entry));
                }
            }),
            _ => self.make(entry, spot, reader),
        };
        self.parent = Some((parent.to_owned(), directory));
        made
    }

    /// Opens the directory of an entry; directories that no entry describes are made.
    fn enter(&mut self, path: &[u8], entry: &Entry) -> Result<OwnedFd, CopyError> {
        match self.parent.take() {
            Some((known, directory)) if known == path => return Ok(directory),
            _ => {}
        }
        match self.open(path, OFlags::PATH) {
            Err(Errno::NOENT) => {}
            opened => return opened.map_err(|errno| refused(entry, errno)),
        }
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        for end in ends.chain([path.len()]) {
            let Some((parent, name)) = split(path.get(..end).unwrap_or_default()) else { continue };
            let parent = self.open(parent, OFlags::PATH).map_err(|errno| refused(entry, errno))?;
            match mkdirat(&parent, name, Mode::from_raw_mode(0o755)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(errno) => return Err(failed(entry)(errno)),
            }
        }
        self.open(path, OFlags::PATH).map_err(|errno| refused(entry, errno))
    }

    fn open(&self, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
        let base = self.base.as_ref().ok_or(Errno::NOTDIR)?;
        let path = if path.is_empty() { b"." } else { path };
        let flags = flags | OFlags::DIRECTORY | OFlags::CLOEXEC;
        patiently(|| openat2(base, path, flags, Mode::empty(), self.view.below()))
    }

    /// Makes a directory, or takes the one that is there, as it is; whether it was made.
    fn directory(&self, spot: Spot<'_>) -> Result<bool, CopyError> {
        match mkdirat(spot.parent, spot.name, Mode::RWXU) {
            Ok(()) => return Ok(true),
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(CopyError::kernel("make the directory", spot.name)(errno)),
        }
        let stat = statat(spot.parent, spot.name, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(CopyError::kernel("read", spot.name))?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => Ok(false),
            _ => Err(CopyError::NotADirectory { path: printable(spot.name) }),
        }
    }

    /// Makes what is no directory.
    fn make<R: Read>(
        &mut self,
        entry: &Entry,
        spot: Spot<'_>,
        reader: &mut Source<R>,
    ) -> Result<(), CopyError> {
        match entry.kind {
            Kind::File => self.file(entry, spot, reader),
            Kind::Symlink => {
                replacing(entry, spot, || symlinkat(entry.link.as_slice(), spot.parent, spot.name))?;
                self.describe_link(entry, spot)
            }
            Kind::HardLink => self.hard_link(entry, spot),
            Kind::Fifo if self.rules.trust == Trust::Invoker => {
                let mode = Mode::from_raw_mode(entry.mode & 0o777);
                replacing(entry, spot, || mknodat(spot.parent, spot.name, FileType::Fifo, mode, 0))?;
                self.describe_link(entry, spot)
            }
            _ => {
                self.notices.add(printable(&entry.path), NoticeKind::Special);
                Ok(())
            }
        }
    }

    fn file<R: Read>(
        &mut self,
        entry: &Entry,
        spot: Spot<'_>,
        reader: &mut Source<R>,
    ) -> Result<(), CopyError> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        let file = replacing(entry, spot, || openat(spot.parent, spot.name, flags, mode))?;
        let file = File::from(file);
        let written = self.fill(&file, entry, reader).and_then(|()| {
            let stat = fstat(&file).map_err(failed(entry))?;
            self.made.insert((stat.st_dev, stat.st_ino));
            self.describe(file.as_fd(), entry)
        });
        if written.is_err() {
            // The error says more than a name that cannot be taken back.
            let _what_is_left = unlinkat(spot.parent, spot.name, AtFlags::empty());
        }
        written
    }

    fn fill<R: Read>(
        &mut self,
        mut file: &File,
        entry: &Entry,
        reader: &mut Source<R>,
    ) -> Result<(), CopyError> {
        let Some(map) = &entry.sparse else {
            return reader.each_piece(entry.size, &mut |piece| {
                file.write_all(piece).map_err(failed(entry))?;
                (self.advanced)(piece.len() as u64);
                Ok(())
            });
        };
        file.set_len(entry.size).map_err(failed(entry))?;
        for run in map {
            let mut at = run.offset;
            reader.each_piece(run.length, &mut |piece| {
                file.write_all_at(piece, at).map_err(failed(entry))?;
                at += piece.len() as u64;
                (self.advanced)(piece.len() as u64);
                Ok::<_, CopyError>(())
            })?;
        }
        Ok(())
    }

    /// Only of a file that was made here.
    fn hard_link(&self, entry: &Entry, spot: Spot<'_>) -> Result<(), CopyError> {
        let stranger = || CopyError::entry(&entry.path, "is a second name of a file that is not in the copy");
        let target = EntryPath::parse(&entry.link, &self.limits)?;
        let (parent, name) = target.split().ok_or_else(stranger)?;
        let parent = self.open(parent, OFlags::PATH).map_err(|_| stranger())?;
        let stat = statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW).map_err(|_| stranger())?;
        if !self.made.contains(&(stat.st_dev, stat.st_ino)) {
            return Err(stranger());
        }
        replacing(entry, spot, || linkat(&parent, name, spot.parent, spot.name, AtFlags::empty()))
    }

    /// Owner first: changing it clears the set-id bits and the capabilities. Times last.
    fn describe(&self, file: std::os::fd::BorrowedFd<'_>, entry: &Entry) -> Result<(), CopyError> {
        if let Some((uid, gid)) = self.owners(entry) {
            fchown(file, uid, gid).map_err(failed(entry))?;
        }
        let mask = if self.rules.trust == Trust::Stranger { 0o1777 } else { 0o7777 };
        fchmod(file, Mode::from_raw_mode(entry.mode & mask)).map_err(failed(entry))?;
        for (name, value) in entry.xattrs.iter().filter(|(name, _)| self.takes(name)) {
            match fsetxattr(file, name.as_slice(), value, XattrFlags::empty()) {
                // Not every file system has them, and not everybody may set them.
                Ok(()) | Err(Errno::OPNOTSUPP | Errno::PERM) => {}
                Err(errno) => return Err(failed(entry)(errno)),
            }
        }
        futimens(file, &times(entry.mtime)).map_err(failed(entry))
    }

    /// For what cannot be opened: links and fifos.
    fn describe_link(&self, entry: &Entry, spot: Spot<'_>) -> Result<(), CopyError> {
        if let Some((uid, gid)) = self.owners(entry) {
            chownat(spot.parent, spot.name, uid, gid, AtFlags::SYMLINK_NOFOLLOW).map_err(failed(entry))?;
        }
        utimensat(spot.parent, spot.name, &times(entry.mtime), AtFlags::SYMLINK_NOFOLLOW)
            .map_err(failed(entry))
    }

    fn owners(&self, entry: &Entry) -> Option<(Option<Uid>, Option<Gid>)> {
        let ids = || (Some(Uid::from_raw(entry.uid)), Some(Gid::from_raw(entry.gid)));
        (self.rules.owners == Owners::Kept).then(ids)
    }

    fn takes(&self, name: &[u8]) -> bool {
        is_kept(name) && (self.rules.trust == Trust::Invoker || name.starts_with(b"user."))
    }

    /// Children before parents, because a parent's mode may shut its children out.
    fn finish(mut self) -> Result<Notices, CopyError> {
        for (path, entry) in std::mem::take(&mut self.directories).into_iter().rev() {
            match self.open(&path, OFlags::RDONLY | OFlags::NOFOLLOW) {
                Ok(directory) => self.describe(directory.as_fd(), &entry)?,
                // Somebody else has taken it away since.
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
                Err(errno) => return Err(failed(&entry)(errno)),
            }
        }
        Ok(self.notices)
    }
}

/// A directory's entry, to keep: it has no data, and its link says nothing.
fn bare(entry: &Entry) -> Entry {
    Entry { path: entry.path.clone(), link: Vec::new(), xattrs: entry.xattrs.clone(), sparse: None, ..*entry }
}

/// Makes something, and if a file or link of that name is there, in its place.
fn replacing<T>(
    entry: &Entry,
    spot: Spot<'_>,
    make: impl Fn() -> rustix::io::Result<T>,
) -> Result<T, CopyError> {
    match make() {
        Err(Errno::EXIST) => {}
        made => return made.map_err(failed(entry)),
    }
    match unlinkat(spot.parent, spot.name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => make().map_err(failed(entry)),
        Err(Errno::ISDIR) => Err(CopyError::IsADirectory { path: printable(spot.name) }),
        Err(errno) => Err(CopyError::kernel("replace", spot.name)(errno)),
    }
}

fn failed<E: Into<std::io::Error>>(entry: &Entry) -> impl FnOnce(E) -> CopyError {
    CopyError::kernel("write", &entry.path)
}

fn refused(entry: &Entry, errno: Errno) -> CopyError {
    match errno {
        Errno::LOOP => CopyError::entry(&entry.path, "goes through a symbolic link"),
        Errno::NOTDIR => CopyError::entry(&entry.path, "lies under something that is not a directory"),
        errno => failed(entry)(errno),
    }
}
