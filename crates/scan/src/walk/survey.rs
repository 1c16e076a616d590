//! What is where: names and kinds of everything in a tree, before any file is read.

use std::os::fd::{BorrowedFd, OwnedFd};

use model::inventory::Gap;
use rustix::fs::{AtFlags, FileType, RawDir, Stat, fgetxattr, fstat, readlinkat, statat};
use rustix::io::{Errno, Result};

use super::kept::Kept;
use super::{Bounds, place};
use crate::facts::{Documents, MOST_DOCUMENTS, MOST_GAPS, MOST_ODDITIES, by_path, by_place};
use crate::mark::Mark;
use crate::misconfiguration::{Entry, Kind, Oddity, observe};
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

/// A directory, and the names of its files.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) path: Vec<u8>,
    pub(super) files: Vec<Box<[u8]>>,
}

/// Lists a tree. Directories that cannot be listed, and what exceeds the bounds, are gaps.
pub(crate) fn survey(root: BorrowedFd<'_>, bounds: &Bounds) -> Survey {
    let mut lister = Lister {
        root,
        bounds,
        survey: Survey::default(),
        waiting: vec![(Vec::new(), 0)],
        entries: 0,
        name_bytes: 0,
        buffer: Vec::with_capacity(LISTING),
    };
    while let Some((path, depth)) = lister.waiting.pop() {
        if lister.is_full() {
            let reason = format!("there is more than {} files", lister.entries);
            lister.gap(&path, reason);
            break;
        }
        if let Err(errno) = lister.directory(&path, depth) {
            lister.gap(&path, unlisted(errno));
        }
    }
    lister.survey
}

struct Lister<'a> {
    root: BorrowedFd<'a>,
    bounds: &'a Bounds,
    survey: Survey,
    /// Directories still to be listed, and how many are above each.
    waiting: Vec<(Vec<u8>, usize)>,
    entries: usize,
    name_bytes: usize,
    buffer: Vec<u8>,
}

impl Lister<'_> {
    fn is_full(&self) -> bool {
        self.entries >= self.bounds.entries || self.name_bytes >= self.bounds.name_bytes
    }

    fn gap(&mut self, path: &[u8], reason: String) {
        self.survey.gaps.push(Gap { location: text::path(path), reason });
    }

    fn directory(&mut self, path: &[u8], depth: usize) -> Result<()> {
        let opened = place::list(self.root, path)?;
        let name = text::path(path);
        if is_opaque(&opened) {
            self.survey.opaque.push(Mark::of(&name));
        }
        if !path.is_empty() {
            self.observe(&name, Kind::Directory, &fstat(&opened)?);
        }
        let mut files = Vec::new();
        let mut buffer = std::mem::take(&mut self.buffer);
        let listed = self.names(path, depth, &opened, &mut buffer, &mut files);
        self.buffer = buffer;
        if !files.is_empty() {
            self.survey.directories.push(Directory { path: path.to_vec(), files });
        }
        listed
    }

    fn names(
        &mut self,
        path: &[u8],
        depth: usize,
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
            if self.is_full() {
                self.gap(path, "there are more files than are looked at".to_owned());
                return Ok(());
            }
            self.entries += 1;
            self.name_bytes += name.len();
            match kind(opened, name, entry.file_type())? {
                FileType::RegularFile => files.push(name.into()),
                FileType::Directory => self.descend(place::join(path, name), depth + 1),
                other => self.other(opened, &text::path(&place::join(path, name)), name, other)?,
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
        let stat = match statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Ok(()),
            stat => stat?,
        };
        if kind == Kind::Link && documents::wants(path) {
            self.link(directory, path, name);
        }
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

    fn descend(&mut self, path: Vec<u8>, depth: usize) {
        self.survey.below.push(Mark::of(&text::path(&path)));
        self.name_bytes += path.len();
        if depth > self.bounds.depth {
            self.gap(&path, format!("it is more than {} directories deep", self.bounds.depth));
        } else {
            self.waiting.push((path, depth));
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

/// Overlayfs has one name for this attribute where its mounter is root over the machine, and another elsewhere.
fn is_opaque(directory: &OwnedFd) -> bool {
    ["trusted.overlay.opaque", "user.overlay.opaque"].into_iter().any(|attribute| {
        let mut value = [0_u8; 1];
        fgetxattr(directory, attribute, &mut value[..]) == Ok(1) && value == *b"y"
    })
}
