//! A tree, or one file, as a tar stream.
//!
//! The tree may change meanwhile, and by somebody's design: nothing is followed or waited for, what is gone
//! is left out, and what grows is cut at the size that its header says.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt as _;

use rustix::buffer::spare_capacity;
use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, SeekFrom, Stat, flistxattr, fstat, fstatfs, openat,
    openat2, readlinkat, statat,
};
use rustix::io::Errno;

use super::error::CopyError;
use super::path::TypedPath;
use super::{MAX_ENTRIES, MAX_PATH, NoticeKind, Notices, PIECE, View, patiently};
use crate::archive::{Entry, Kind, MAX_SEGMENTS, Mtime, Segment, Writer};
use crate::settle::Settler;
use crate::stamp::Stamp;
use crate::unpack::{is_kept, printable};

/// What is collected.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Where it is.
    pub path: TypedPath,
    /// What a link at its end means.
    pub links: Links,
    /// What the entries are called.
    pub naming: Naming,
}

/// What a link at the end of a path means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// The link.
    Kept,
    /// What it leads to.
    Followed,
}

/// What the entries are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// Below the top, which is `.`.
    Bare,
    /// Below the top's own name, if it has one.
    Named,
    /// Below the top, which has no entry of its own.
    Content,
}

/// Content of files that claim to be empty, as those of /proc do: no more is read of them.
const MAX_UNSIZED: usize = 1 << 20;
/// The kernel's limit for a list of attributes and for the value of one.
const MAX_XATTR: usize = 64 << 10;
const PROC_SUPER_MAGIC: u64 = 0x9fa0;
const SYSFS_MAGIC: u64 = 0x6265_6572;

/// Writes what is selected to `out`. `advanced` is told of bytes of files as they are read.
///
/// # Errors
/// [`CopyError`]; what was written is then of no use.
pub fn collect(
    view: View,
    selection: &Selection,
    out: impl Write,
    advanced: &mut dyn FnMut(u64),
) -> Result<Notices, CopyError> {
    let top = open_top(view, selection)?;
    let stat = fstat(&top).map_err(CopyError::kernel("read", selection.path.as_bytes()))?;
    let prefix = match selection.naming {
        Naming::Named => selection.path.name().unwrap_or_default().to_owned(),
        Naming::Bare | Naming::Content => Vec::new(),
    };
    let mut collector = Collector {
        top: selection.path.as_bytes().to_owned(),
        prefix,
        ..Collector::new(out, &|id| id, advanced)
    };
    if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
        collector.tree(&top, &stat, selection.naming)?;
    } else {
        collector.single(view, selection, &top, &stat)?;
    }
    collector.out.finish().map_err(CopyError::kernel("write", b"the stream"))?;
    Ok(collector.notices)
}

fn open_top(view: View, selection: &Selection) -> Result<OwnedFd, CopyError> {
    let path = &selection.path;
    let follow = selection.links == Links::Followed || path.is_directory();
    let flags = if follow { OFlags::PATH } else { OFlags::PATH | OFlags::NOFOLLOW };
    let only = if path.is_directory() { OFlags::DIRECTORY } else { OFlags::empty() };
    view.open(path.as_bytes(), flags | only).map_err(|errno| match errno {
        Errno::NOENT => CopyError::Missing { path: printable(path.as_bytes()) },
        Errno::NOTDIR => CopyError::NotADirectory { path: printable(path.as_bytes()) },
        errno => CopyError::kernel("open", path.as_bytes())(errno),
    })
}

pub(super) struct Collector<'a, W> {
    pub(super) out: Writer<W>,
    /// What an owner's id on disk is called in the stream.
    ids: &'a dyn Fn(u32) -> u32,
    /// What a person calls the top.
    top: Vec<u8>,
    /// What all paths begin with.
    prefix: Vec<u8>,
    /// First name of each file that has several, and its owners then: they may have been mended since.
    links: HashMap<(u64, u64), (Vec<u8>, u32, u32)>,
    entries: u64,
    pub(super) notices: Notices,
    /// Which times the entries get.
    pub(super) stamp: Stamp,
    /// Who makes an unpacked layer of the tree meanwhile.
    pub(super) settler: Option<&'a mut Settler>,
    /// The first bytes of the current file.
    start: [u8; 4],
    advanced: &'a mut dyn FnMut(u64),
    buffer: Vec<u8>,
}

impl<'a, W: Write> Collector<'a, W> {
    pub(super) fn new(out: W, ids: &'a dyn Fn(u32) -> u32, advanced: &'a mut dyn FnMut(u64)) -> Self {
        Self {
            out: Writer::new(out),
            ids,
            top: Vec::new(),
            prefix: Vec::new(),
            links: HashMap::new(),
            entries: 0,
            notices: Notices::default(),
            stamp: Stamp::default(),
            settler: None,
            start: [0; 4],
            advanced,
            buffer: vec![0; PIECE],
        }
    }

    /// Tells whoever settles the tree, if anybody does.
    pub(super) fn settle(&mut self, tell: impl FnOnce(&mut Settler)) {
        if let Some(settler) = self.settler.as_deref_mut() {
            tell(settler);
        }
    }

    /// Parents before children. A directory is opened from the top when its turn comes, so that a tree of any
    /// depth takes two descriptors.
    fn tree(&mut self, top: &OwnedFd, stat: &Stat, naming: Naming) -> Result<(), CopyError> {
        let mut waiting = vec![Vec::new()];
        while let Some(path) = waiting.pop() {
            let Some(directory) = self.enter(top, &path)? else { continue };
            if naming != Naming::Content || !path.is_empty() {
                self.directory(&directory, &path)?;
            }
            if self.is_the_kernels(&directory, &path, stat)? {
                continue;
            }
            let mut below = Vec::new();
            for name in sorted_names(&directory).map_err(CopyError::kernel("read", &path))? {
                let path =
                    if path.is_empty() { name.clone() } else { [&path, b"/".as_slice(), &name].concat() };
                self.child(&directory, &name, path, &mut below)?;
            }
            below.reverse();
            waiting.append(&mut below);
        }
        Ok(())
    }

    /// `None` where it is gone, or something else by now.
    pub(super) fn enter(&self, top: &OwnedFd, path: &[u8]) -> Result<Option<OwnedFd>, CopyError> {
        if path.len() > MAX_PATH {
            let (what, allowed) = (printable(path), MAX_PATH as u64);
            return Err(CopyError::Limit { what, limit: "bytes in a path".to_owned(), allowed });
        }
        let path = if path.is_empty() { b"." } else { path };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        match patiently(|| openat2(top, path, flags, Mode::empty(), resolve)) {
            Ok(directory) => Ok(Some(directory)),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
            Err(errno) => Err(CopyError::kernel("open", path)(errno)),
        }
    }

    pub(super) fn directory(&mut self, directory: &OwnedFd, path: &[u8]) -> Result<(), CopyError> {
        let stat = fstat(directory).map_err(CopyError::kernel("read", path))?;
        let mut entry = self.entry(path, Kind::Directory, &stat);
        entry.path.extend_from_slice(if entry.path.is_empty() { b"./" } else { b"/" });
        entry.xattrs = xattrs(directory, self.ids);
        self.begin(&entry)?;
        self.settle(|settler| settler.directory(path, &entry, &stat));
        Ok(())
    }

    /// Processes come and go in /proc, and /sys has no end: below a tree they are left out.
    fn is_the_kernels(&mut self, directory: &OwnedFd, path: &[u8], top: &Stat) -> Result<bool, CopyError> {
        let failed = |errno| CopyError::kernel("read", path)(errno);
        if path.is_empty() || fstat(directory).map_err(failed)?.st_dev == top.st_dev {
            return Ok(false);
        }
        let magic = fstatfs(directory).map_err(failed)?.f_type as u64;
        let kernels = matches!(magic, PROC_SUPER_MAGIC | SYSFS_MAGIC);
        if kernels {
            self.notice(path, NoticeKind::Kernel);
        }
        Ok(kernels)
    }

    pub(super) fn child(
        &mut self,
        directory: &OwnedFd,
        name: &[u8],
        path: Vec<u8>,
        below: &mut Vec<Vec<u8>>,
    ) -> Result<(), CopyError> {
        self.count()?;
        let stat = match statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(errno) if is_gone(errno) => return Ok(()),
            stat => stat.map_err(CopyError::kernel("read", &path))?,
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => {
                below.push(path);
                Ok(())
            }
            FileType::Symlink => match readlinkat(directory, name, Vec::new()) {
                Ok(target) => {
                    let entry = self.link(&path, &stat, target.into_bytes())?;
                    self.settle_named(directory, name, &entry, &stat)
                }
                Err(errno) if is_gone(errno) || errno == Errno::INVAL => Ok(()),
                Err(errno) => Err(CopyError::kernel("read", &path)(errno)),
            },
            FileType::RegularFile => {
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
                match openat(directory, name, flags | OFlags::CLOEXEC, Mode::empty()) {
                    Ok(file) => self.file(file, &path),
                    Err(errno) if is_gone(errno) || errno == Errno::LOOP => Ok(()),
                    Err(errno) => Err(CopyError::kernel("open", &path)(errno)),
                }
            }
            kind => match self.special(&path, &stat, kind)? {
                Some(entry) => self.settle_named(directory, name, &entry, &stat),
                None => Ok(()),
            },
        }
    }

    pub(super) fn settle_whiteout(
        &mut self,
        directory: &OwnedFd,
        name: &[u8],
        path: &[u8],
    ) -> Result<(), CopyError> {
        match self.settler.as_deref_mut() {
            Some(settler) => settler.whiteout(directory, name, path),
            None => Ok(()),
        }
    }

    fn settle_named(
        &mut self,
        directory: &OwnedFd,
        name: &[u8],
        entry: &Entry,
        stat: &Stat,
    ) -> Result<(), CopyError> {
        match self.settler.as_deref_mut() {
            Some(settler) => settler.named(directory, name, entry, stat),
            None => Ok(()),
        }
    }

    /// Something that is no directory.
    fn single(
        &mut self,
        view: View,
        selection: &Selection,
        top: &OwnedFd,
        stat: &Stat,
    ) -> Result<(), CopyError> {
        let failed = |errno| CopyError::kernel("open", selection.path.as_bytes())(errno);
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Symlink => {
                let target = readlinkat(top, "", Vec::new()).map_err(failed)?;
                self.link(b"", stat, target.into_bytes()).map(drop)
            }
            FileType::RegularFile => {
                let follow =
                    if selection.links == Links::Followed { OFlags::empty() } else { OFlags::NOFOLLOW };
                let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | follow;
                let file = view.open(selection.path.as_bytes(), flags).map_err(failed)?;
                self.file(file, b"")
            }
            FileType::Fifo => self.special(b"", stat, FileType::Fifo).map(drop),
            _ => Err(CopyError::Special { path: printable(selection.path.as_bytes()) }),
        }
    }

    fn link(&mut self, path: &[u8], stat: &Stat, target: Vec<u8>) -> Result<Entry, CopyError> {
        let entry = Entry { link: target, mode: 0o777, ..self.entry(path, Kind::Symlink, stat) };
        self.begin(&entry)?;
        Ok(entry)
    }

    /// Fifos have entries, because layers and archives may have them; the others have no use elsewhere.
    fn special(&mut self, path: &[u8], stat: &Stat, kind: FileType) -> Result<Option<Entry>, CopyError> {
        if kind == FileType::Fifo {
            let entry = self.entry(path, Kind::Fifo, stat);
            self.begin(&entry)?;
            return Ok(Some(entry));
        }
        self.notice(path, NoticeKind::Special);
        Ok(None)
    }

    fn file(&mut self, file: OwnedFd, path: &[u8]) -> Result<(), CopyError> {
        let stat = fstat(&file).map_err(CopyError::kernel("read", path))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Ok(());
        }
        let mut entry = self.entry(path, Kind::File, &stat);
        if stat.st_nlink > 1
            && let Some((first, uid, gid)) = self.links.get(&(stat.st_dev, stat.st_ino))
        {
            let (uid, gid) = (*uid, *gid);
            let entry = Entry { kind: Kind::HardLink, link: first.clone(), uid, gid, ..entry };
            self.begin(&entry)?;
            self.settle(|settler| settler.linked(&entry));
            return Ok(());
        }
        entry.xattrs = xattrs(&file, self.ids);
        entry.size = u64::try_from(stat.st_size).unwrap_or_default();
        let file = File::from(file);
        self.start = [0; 4];
        if entry.size == 0 {
            self.unsized_file(&file, &mut entry, path)?;
        } else {
            entry.sparse = runs(&file, &stat);
            self.begin(&entry)?;
            self.content(&file, &entry, path)?;
        }
        if let Some(settler) = self.settler.as_deref_mut() {
            settler.file(&file.into(), &entry, &stat, self.start)?;
        }
        if stat.st_nlink > 1 {
            self.links.insert((stat.st_dev, stat.st_ino), (self.full(path), entry.uid, entry.gid));
        }
        Ok(())
    }

    /// A file of the kernel's says that it is empty, and is not.
    fn unsized_file(&mut self, file: &File, entry: &mut Entry, path: &[u8]) -> Result<(), CopyError> {
        use std::io::Read as _;
        let mut content = Vec::new();
        if file.take(MAX_UNSIZED as u64).read_to_end(&mut content).is_err() && content.is_empty() {
            self.notice(path, NoticeKind::Unreadable);
        }
        entry.size = content.len() as u64;
        self.begin(entry)?;
        self.data(&content)
    }

    fn content(&mut self, file: &File, entry: &Entry, path: &[u8]) -> Result<(), CopyError> {
        let whole = [Segment { offset: 0, length: entry.size }];
        for run in entry.sparse.as_deref().unwrap_or(&whole) {
            let (mut at, end) = (run.offset, run.offset.saturating_add(run.length));
            while at < end {
                let length = self.piece(file, at, end, path)?;
                if length == 0 {
                    self.notice(path, NoticeKind::Shrunk);
                    return self.zeros();
                }
                at += length;
            }
        }
        Ok(())
    }

    /// Moves one piece of a file; 0 at its end.
    fn piece(&mut self, file: &File, at: u64, end: u64, path: &[u8]) -> Result<u64, CopyError> {
        let wanted = usize::try_from(end - at).unwrap_or(PIECE).min(PIECE);
        let window = self.buffer.get_mut(..wanted).unwrap_or_default();
        let length = file.read_at(window, at).map_err(CopyError::kernel("read", path))?;
        let piece = self.buffer.get(..length).unwrap_or_default();
        if let (0, Some(start)) = (at, piece.first_chunk()) {
            self.start = *start;
        }
        self.out.data(piece).map_err(CopyError::kernel("write", b"the stream"))?;
        (self.advanced)(length as u64);
        Ok(length as u64)
    }

    /// What the header has promised.
    fn zeros(&mut self) -> Result<(), CopyError> {
        self.buffer.fill(0);
        while self.out.left() > 0 {
            let length = usize::try_from(self.out.left()).unwrap_or(PIECE).min(PIECE);
            let piece = self.buffer.get(..length).unwrap_or_default();
            self.out.data(piece).map_err(CopyError::kernel("write", b"the stream"))?;
        }
        Ok(())
    }

    fn data(&mut self, piece: &[u8]) -> Result<(), CopyError> {
        if piece.is_empty() {
            return Ok(());
        }
        self.out.data(piece).map_err(CopyError::kernel("write", b"the stream"))
    }

    fn count(&mut self) -> Result<(), CopyError> {
        self.entries += 1;
        if self.entries > MAX_ENTRIES {
            let (what, limit) = ("the copy".to_owned(), "files".to_owned());
            return Err(CopyError::Limit { what, limit, allowed: MAX_ENTRIES });
        }
        Ok(())
    }

    pub(super) fn begin(&mut self, entry: &Entry) -> Result<(), CopyError> {
        self.out.entry(entry).map_err(CopyError::kernel("write", b"the stream"))
    }

    fn entry(&self, path: &[u8], kind: Kind, stat: &Stat) -> Entry {
        Entry {
            path: if kind == Kind::Directory { self.joined(path) } else { self.full(path) },
            kind,
            link: Vec::new(),
            mode: stat.st_mode & 0o7777,
            uid: (self.ids)(stat.st_uid),
            gid: (self.ids)(stat.st_gid),
            mtime: self.stamp.apply(Mtime {
                seconds: stat.st_mtime,
                nanoseconds: u32::try_from(stat.st_mtime_nsec).unwrap_or_default(),
            }),
            size: 0,
            device: (0, 0),
            xattrs: Vec::new(),
            sparse: None,
        }
    }

    /// The entry's name in the archive; of a nameless top it is `.`.
    fn full(&self, path: &[u8]) -> Vec<u8> {
        Some(self.joined(path)).filter(|path| !path.is_empty()).unwrap_or_else(|| b".".to_vec())
    }

    fn joined(&self, path: &[u8]) -> Vec<u8> {
        match (self.prefix.is_empty(), path.is_empty()) {
            (true, _) => path.to_owned(),
            (false, true) => self.prefix.clone(),
            (false, false) => [&self.prefix, b"/".as_slice(), path].concat(),
        }
    }

    fn notice(&mut self, path: &[u8], what: NoticeKind) {
        let path = if path.is_empty() { self.top.clone() } else { self.full(path) };
        self.notices.add(printable(&path), what);
    }
}

fn is_gone(errno: Errno) -> bool {
    matches!(errno, Errno::NOENT | Errno::SRCH | Errno::NXIO | Errno::NOTDIR)
}

/// What is in a directory, in order, so that equal trees give equal streams.
pub(crate) fn sorted_names(directory: &OwnedFd) -> rustix::io::Result<Vec<Vec<u8>>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        let name = entry?.file_name().to_bytes().to_owned();
        if !matches!(name.as_slice(), b"." | b"..") {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// A file's extended attributes that mean the same elsewhere, sorted by name.
#[must_use]
pub fn attributes(file: impl AsFd) -> Vec<(Vec<u8>, Vec<u8>)> {
    xattrs(file, &|id| id)
}

/// Attributes that mean the same elsewhere. What cannot be read is as good as not there.
fn xattrs(file: impl AsFd, ids: &dyn Fn(u32) -> u32) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut list = Vec::with_capacity(MAX_XATTR);
    if flistxattr(&file, spare_capacity(&mut list)).is_err() || list.is_empty() {
        return Vec::new();
    }
    let mut value = vec![0_u8; MAX_XATTR];
    let mut kept = Vec::new();
    for name in list.split(|byte| *byte == 0).filter(|name| is_kept(name)) {
        if let Ok(length) = rustix::fs::fgetxattr(&file, name, value.as_mut_slice()) {
            let value = value.get(..length).unwrap_or_default();
            kept.extend(portable(name, value, ids).map(|value| (name.to_owned(), value)));
        }
    }
    kept.sort();
    kept
}

/// A capability that was given in a user namespace names the host's id of its root (capabilities(7),
/// "File capability extended attribute versioning"). Elsewhere it is root's, as one without a name is.
fn portable(name: &[u8], value: &[u8], ids: &dyn Fn(u32) -> u32) -> Option<Vec<u8>> {
    const REVISION: usize = 3;
    let of_a_namespace = name == b"security.capability" && value.get(REVISION) == Some(&3);
    if !of_a_namespace {
        return Some(value.to_owned());
    }
    let (sets, root) = value.split_at_checked(20)?;
    let root = u32::from_le_bytes(root.try_into().ok()?);
    let mut sets = sets.to_owned();
    *sets.get_mut(REVISION)? = 2;
    (ids(root) == 0).then_some(sets)
}

/// Where the data of a file lies that takes less room than it is long; `None` where that is everywhere.
fn runs(file: &File, stat: &Stat) -> Option<Vec<Segment>> {
    let size = u64::try_from(stat.st_size).ok()?;
    if u64::try_from(stat.st_blocks).ok()?.saturating_mul(512) >= size {
        return None;
    }
    let (mut runs, mut at) = (Vec::new(), 0);
    while at < size {
        let start = match rustix::fs::seek(file, SeekFrom::Data(at)) {
            Ok(start) if start < size => start,
            Ok(_) | Err(Errno::NXIO) => break,
            Err(_) => return None,
        };
        at = rustix::fs::seek(file, SeekFrom::Hole(start)).ok()?.min(size);
        if at <= start || runs.len() == MAX_SEGMENTS {
            return None;
        }
        runs.push(Segment { offset: start, length: at - start });
    }
    Some(runs)
}
