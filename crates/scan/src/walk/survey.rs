//! What is where: names and kinds of everything in a tree, before any file is read.

use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use model::inventory::Gap;
use rustix::fs::{AtFlags, FileType, RawDir, Stat, fgetxattr, flistxattr_query, fstat, readlinkat, statat};
use rustix::io::{Errno, Result};

use super::kept::Kept;
use super::queue::{Queue, Taken, Waiting};
use super::{Bounds, place};
use crate::facts::{Documents, MOST_DOCUMENTS, MOST_GAPS, MOST_ODDITIES, by_path, by_place};
use crate::mark::Mark;
use crate::misconfiguration::{Entry, Kind, Oddity, observe};
use crate::scope::Scope;
use crate::system::documents;
use crate::text;

/// Bytes of names that the kernel is asked for at once.
const LISTING: usize = 64 << 10;

/// What is in a tree.
#[derive(Debug)]
pub(crate) struct Survey {
    /// The directories that have files.
    pub(super) directories: Vec<Directory>,
    /// Everything that is neither file nor directory: links, and the devices that are whiteouts.
    pub(super) others: Vec<Mark>,
    /// All directories but the root.
    pub(super) below: Vec<Mark>,
    /// Those that hide what lower layers have in them.
    pub(super) opaque: Vec<Mark>,
    /// Links to the documents of other packages.
    pub(super) documents: Kept<Documents>,
    /// What is odd about anything but files.
    pub(super) oddities: Kept<Oddity>,
    /// What could not be listed.
    pub(super) gaps: Kept<Gap>,
}

impl Default for Survey {
    fn default() -> Self {
        Self {
            directories: Vec::new(),
            others: Vec::new(),
            below: Vec::new(),
            opaque: Vec::new(),
            documents: Kept::first(MOST_DOCUMENTS, Documents::cmp),
            oddities: Kept::first(MOST_ODDITIES, by_path),
            gaps: Kept::first(MOST_GAPS, by_place),
        }
    }
}

impl Survey {
    /// Takes up what another lister has found.
    fn add(&mut self, other: Self) {
        self.directories.extend(other.directories);
        self.others.extend(other.others);
        self.below.extend(other.below);
        self.opaque.extend(other.opaque);
        self.documents.extend(other.documents.into_list());
        self.oddities.extend(other.oddities.into_list());
        self.gaps.extend(other.gaps.into_list());
    }
}

/// A directory, and the names of its files.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) path: Vec<u8>,
    pub(super) files: Vec<Box<[u8]>>,
}

/// Lists a tree, by several threads that have ended when this returns. Directories that cannot be listed, and what
/// exceeds the bounds, are gaps. Nothing comes back if a thread has panicked.
pub(crate) fn survey(root: BorrowedFd<'_>, bounds: &Bounds, threads: usize) -> Option<Survey> {
    let (queue, tally) = (Queue::of_root(), Tally::default());
    let list = || {
        let mut lister = Lister {
            root,
            bounds,
            tally: &tally,
            survey: Survey::default(),
            buffer: Vec::with_capacity(LISTING),
        };
        while let Some(mut taken) = queue.take() {
            lister.directory(&mut taken);
            drop(taken);
            if tally.is_full(bounds) && queue.close() {
                tally.is_cut.store(true, Ordering::Relaxed);
            }
        }
        lister.survey
    };
    let mut survey = together(threads, list)?;
    if tally.is_cut.into_inner() {
        let reason = "there are more files than are looked at".to_owned();
        survey.gaps.push(Gap { location: String::new(), reason });
    }
    Some(survey)
}

/// What all listers find; of those that the machine refuses the others do the work.
fn together(threads: usize, list: impl Fn() -> Survey + Sync) -> Option<Survey> {
    thread::scope(|scope| {
        let others = 1..threads;
        let others: Vec<_> =
            others.filter_map(|_| thread::Builder::new().spawn_scoped(scope, &list).ok()).collect();
        let mut survey = list();
        for other in others {
            survey.add(other.join().ok()?);
        }
        Some(survey)
    })
}

/// How much all listers have found.
#[derive(Debug, Default)]
struct Tally {
    entries: AtomicUsize,
    name_bytes: AtomicUsize,
    /// Whether something was left out.
    is_cut: AtomicBool,
}

impl Tally {
    fn is_full(&self, bounds: &Bounds) -> bool {
        self.entries.load(Ordering::Relaxed) >= bounds.entries
            || self.name_bytes.load(Ordering::Relaxed) >= bounds.name_bytes
    }
}

struct Lister<'a> {
    root: BorrowedFd<'a>,
    bounds: &'a Bounds,
    tally: &'a Tally,
    survey: Survey,
    buffer: Vec<u8>,
}

impl Lister<'_> {
    fn gap(&mut self, path: &[u8], reason: String) {
        self.survey.gaps.push(Gap { location: text::path(path), reason });
    }

    fn directory(&mut self, taken: &mut Taken<'_>) {
        let mut files = Vec::new();
        if let Err(errno) = self.listed(taken, &mut files) {
            self.gap(&taken.directory.path, unlisted(errno));
        }
        if !files.is_empty() {
            self.survey.directories.push(Directory { path: taken.directory.path.clone(), files });
        }
    }

    fn listed(&mut self, taken: &mut Taken<'_>, files: &mut Vec<Box<[u8]>>) -> Result<()> {
        let opened = place::list(self.root, &taken.directory.path)?;
        let name = text::path(&taken.directory.path);
        if is_opaque(&opened) {
            self.survey.opaque.push(Mark::of(&name));
        }
        if !name.is_empty() && self.bounds.scope == Scope::Everything {
            self.observe(&name, Kind::Directory, &fstat(&opened)?);
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        let listed = self.names(taken, &opened, &mut buffer, files);
        self.buffer = buffer;
        listed
    }

    fn names(
        &mut self,
        taken: &mut Taken<'_>,
        opened: &OwnedFd,
        buffer: &mut Vec<u8>,
        files: &mut Vec<Box<[u8]>>,
    ) -> Result<()> {
        let mut listing = RawDir::new(opened, buffer.spare_capacity_mut());
        while let Some(entry) = listing.next() {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if matches!(name, b"." | b"..") {
                continue;
            }
            if self.tally.is_full(self.bounds) {
                self.tally.is_cut.store(true, Ordering::Relaxed);
                return Ok(());
            }
            self.tally.entries.fetch_add(1, Ordering::Relaxed);
            self.tally.name_bytes.fetch_add(name.len(), Ordering::Relaxed);
            match kind(opened, name, entry.file_type())? {
                FileType::RegularFile => files.push(name.into()),
                FileType::Directory => self.descend(taken, name),
                other => {
                    let path = text::path(&place::join(&taken.directory.path, name));
                    self.other(opened, &path, name, other)?;
                }
            }
        }
        Ok(())
    }

    /// Something that is not read, but may be odd.
    fn other(&mut self, directory: &OwnedFd, path: &str, name: &[u8], kind: FileType) -> Result<()> {
        self.survey.others.push(Mark::of(path));
        let kind = match kind {
            FileType::Symlink => Kind::Link,
            FileType::CharacterDevice | FileType::BlockDevice => Kind::Device,
            _ => Kind::Other,
        };
        if kind == Kind::Link && documents::wants(path) {
            self.link(directory, path, name);
        }
        if self.bounds.scope == Scope::Packages {
            return Ok(());
        }
        let stat = match statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Ok(()),
            stat => stat?,
        };
        let is_whiteout = kind == Kind::Device && stat.st_rdev == 0;
        if !is_whiteout {
            self.observe(path, kind, &stat);
        }
        Ok(())
    }

    /// Where a link leads is read and never followed. One that cannot be read leads nowhere.
    fn link(&mut self, directory: &OwnedFd, path: &str, name: &[u8]) {
        let target = readlinkat(directory, name, Vec::new());
        let target = target.ok().map(|target| text::path(target.as_bytes()));
        self.survey.documents.extend(target.and_then(|target| documents::read(path, &target)));
    }

    fn observe(&mut self, path: &str, kind: Kind, stat: &Stat) {
        self.survey.oddities.extend(observe(&entry(path, kind, stat)));
    }

    fn descend(&mut self, taken: &mut Taken<'_>, name: &[u8]) {
        let path = place::join(&taken.directory.path, name);
        let depth = taken.directory.depth + 1;
        self.survey.below.push(Mark::of(&text::path(&path)));
        self.tally.name_bytes.fetch_add(path.len(), Ordering::Relaxed);
        if depth > self.bounds.depth {
            self.gap(&path, format!("it is more than {} directories deep", self.bounds.depth));
        } else {
            taken.found.push(Waiting { path, depth });
        }
    }
}

fn unlisted(errno: Errno) -> String {
    match errno {
        Errno::XDEV => "another file system is mounted there, and is not looked at".to_owned(),
        other => format!("it cannot be listed: {}", std::io::Error::from(other)),
    }
}

/// What a rule about modes and names wants to know.
pub(super) fn entry<'a>(path: &'a str, kind: Kind, stat: &Stat) -> Entry<'a> {
    let size = u64::try_from(stat.st_size).unwrap_or_default();
    Entry { path, kind, mode: stat.st_mode, uid: stat.st_uid, gid: stat.st_gid, size }
}

/// Some file systems do not say in a listing.
fn kind(directory: &OwnedFd, name: &[u8], listed: FileType) -> Result<FileType> {
    if listed != FileType::Unknown {
        return Ok(listed);
    }
    match statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(FileType::from_raw_mode(stat.st_mode)),
        // It has gone meanwhile: the tree of a container that runs.
        Err(Errno::NOENT) => Ok(FileType::Unknown),
        Err(errno) => Err(errno),
    }
}

/// Overlayfs has one name for this attribute where its mounter is root over the machine, and another elsewhere. Nearly
/// no directory has attributes at all, and those need not be asked for any.
fn is_opaque(directory: &OwnedFd) -> bool {
    if flistxattr_query(directory) == Ok(0) {
        return false;
    }
    ["trusted.overlay.opaque", "user.overlay.opaque"].into_iter().any(|attribute| {
        let mut value = [0_u8; 1];
        fgetxattr(directory, attribute, &mut value[..]) == Ok(1) && value == *b"y"
    })
}
