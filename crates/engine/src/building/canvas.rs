//! Where files go: the root below, and over it what a step has placed so far.
//!
//! Paths are looked up as the container would, through its links and never out of its root (the class of
//! CVE-2024-11218), and nothing is written: what is placed becomes a layer.

use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

use store::Attributes;

use super::error::{FilesError, shown};
use super::tree::{Seen, Tree, components, join, resolve, split};
use store::Stamp;

/// Something that is placed.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) attributes: Attributes,
    pub(super) what: What,
}

/// What it is.
#[derive(Debug, Clone)]
pub(super) enum What {
    Directory,
    Symlink(Vec<u8>),
    Fifo,
    File(Source),
}

/// Where the bytes of a file come from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// The so-manieth entry of what was taken: source, top, entry.
    Taken(usize, usize, usize),
    /// A text.
    Text(Rc<[u8]>),
    /// A part of an archive: which one, where, and how long.
    Archived(usize, u64, u64),
}

/// What becomes of something that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// A directory and something else do not take each other's place.
    Kind,
    /// Everything may take everything's place, as where an archive is unpacked.
    Anything,
}

/// A root, and what is placed over it.
pub(super) struct Canvas<'a> {
    below: Option<&'a Tree>,
    /// By path with 0 for `/`, so that what is in a directory follows it.
    placed: BTreeMap<Vec<u8>, Placed>,
    /// To whom directories belong that nobody described.
    owner: (u32, u32),
    stamp: Stamp,
    /// The directory that is known to be there, because the next file mostly goes into it too.
    last: Option<Vec<u8>>,
}

impl<'a> Canvas<'a> {
    pub(super) fn new(below: Option<&'a Tree>, owner: (u32, u32), stamp: Stamp) -> Self {
        Self { below, placed: BTreeMap::new(), owner, stamp, last: None }
    }

    /// Where a path leads, links followed.
    pub(super) fn resolve(&self, path: &[u8]) -> Result<Vec<u8>, FilesError> {
        resolve(path, |path| self.look(path)).map_err(FilesError::read(path))
    }

    /// What is at a path of which no part but the last is a link.
    pub(super) fn seen(&self, path: &[u8]) -> Result<Seen, FilesError> {
        self.look(path).map_err(FilesError::read(path))
    }

    /// Makes a directory, and those above it that are missing. The path has no links.
    pub(super) fn make_directories(&mut self, path: &[u8]) -> Result<(), FilesError> {
        let mut at = Vec::new();
        for name in components(path) {
            let above = at;
            at = join(&above, name);
            match self.seen(&at)? {
                Seen::Directory => {}
                Seen::Nothing => {
                    let attributes = Attributes {
                        mode: 0o755,
                        uid: self.owner.0,
                        gid: self.owner.1,
                        mtime: self.time_within(&above)?,
                        xattrs: Vec::new(),
                    };
                    self.put(&at, Placed { attributes, what: What::Directory })?;
                }
                Seen::Link(_) | Seen::Other => return Err(FilesError::NotADirectory { path: shown(&at) }),
            }
        }
        Ok(())
    }

    /// Places something. The directory above it is there, and no part of the path is a link but the last.
    pub(super) fn place(&mut self, path: &[u8], placed: Placed, over: Over) -> Result<(), FilesError> {
        let is_directory = matches!(placed.what, What::Directory);
        match (self.seen(path)?, is_directory) {
            (Seen::Nothing, _) | (Seen::Directory, true) => {}
            (Seen::Link(_) | Seen::Other, false) => {}
            (Seen::Directory, false) if over == Over::Kind => {
                return Err(FilesError::IsADirectory { path: shown(path) });
            }
            (_, true) if over == Over::Kind => {
                return Err(FilesError::NotADirectory { path: shown(path) });
            }
            (_, true) => {}
            (Seen::Directory, false) => self.clear(path),
        }
        self.put(path, placed)
    }

    /// When something was made that has no time of its own: with what is around it, so that the same build gives the
    /// same layer, and never before what zip archives know.
    pub(super) fn time_within(&self, path: &[u8]) -> Result<i64, FilesError> {
        const FIRST: i64 = 315_532_800;
        if let Some(epoch) = self.stamp.epoch {
            return Ok(epoch);
        }
        if let Some(placed) = self.placed.get(&key(path)) {
            return Ok(placed.attributes.mtime.max(FIRST));
        }
        let found = self.below.map(|tree| tree.find(path)).transpose().map_err(FilesError::read(path))?;
        Ok(found.flatten().map_or(FIRST, |found| found.stat.st_mtime.max(FIRST)))
    }

    /// Everything that was placed, in order, parents before children.
    pub(super) fn into_placed(self) -> impl Iterator<Item = (Vec<u8>, Placed)> {
        self.placed.into_iter().map(|(key, placed)| (path(&key), placed))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.placed.is_empty()
    }

    fn put(&mut self, path: &[u8], placed: Placed) -> Result<(), FilesError> {
        let (parent, _) = split(path).unwrap_or_default();
        if self.last.as_deref() != Some(parent) {
            self.carry(parent)?;
            self.last = Some(parent.to_owned());
        }
        self.placed.insert(key(path), placed);
        Ok(())
    }

    /// A layer that says nothing of a directory above its files would make it another one.
    fn carry(&mut self, directory: &[u8]) -> Result<(), FilesError> {
        let Some(tree) = self.below else { return Ok(()) };
        let mut at = Vec::new();
        for name in components(directory) {
            at = join(&at, name);
            if self.placed.contains_key(&key(&at)) {
                continue;
            }
            if let Some(found) = tree.find(&at).map_err(FilesError::read(&at))? {
                let attributes = Attributes {
                    mode: found.stat.st_mode & 0o7777,
                    uid: found.stat.st_uid,
                    gid: found.stat.st_gid,
                    mtime: self.stamp.existing(found.stat.st_mtime),
                    xattrs: Vec::new(),
                };
                self.placed.insert(key(&at), Placed { attributes, what: What::Directory });
            }
        }
        Ok(())
    }

    /// Takes away what was placed below a path.
    fn clear(&mut self, path: &[u8]) {
        let (mut first, mut end) = (key(path), key(path));
        first.push(0);
        end.push(1);
        let gone: Vec<Vec<u8>> = self.placed.range(first..end).map(|(key, _)| key.clone()).collect();
        gone.iter().for_each(|key| drop(self.placed.remove(key)));
        self.last = None;
    }

    fn look(&self, path: &[u8]) -> io::Result<Seen> {
        if let Some(placed) = self.placed.get(&key(path)) {
            return Ok(match &placed.what {
                What::Directory => Seen::Directory,
                What::Symlink(target) => Seen::Link(target.clone()),
                What::Fifo | What::File(_) => Seen::Other,
            });
        }
        if path.is_empty() {
            return Ok(Seen::Directory);
        }
        match self.below {
            Some(tree) if !self.is_hidden(path) => tree.look(path),
            _ => Ok(Seen::Nothing),
        }
    }

    /// Whether something was placed above a path that is no directory, or was none below.
    fn is_hidden(&self, path: &[u8]) -> bool {
        let mut above = path;
        while let Some((parent, _)) = split(above) {
            match self.placed.get(&key(parent)) {
                Some(placed) if !matches!(placed.what, What::Directory) => return true,
                _ => above = parent,
            }
        }
        false
    }
}

fn key(path: &[u8]) -> Vec<u8> {
    path.iter().map(|byte| if *byte == b'/' { 0 } else { *byte }).collect()
}

fn path(key: &[u8]) -> Vec<u8> {
    key.iter().map(|byte| if *byte == 0 { b'/' } else { *byte }).collect()
}
