//! One layer, from a stream of entries to a directory, under an owned descriptor.

mod file;
mod meta;
mod path;
pub(crate) mod tree;
mod whiteout;

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{AtFlags, FileType, Mode, linkat, mkdirat, symlinkat};
use rustix::io::Errno;

use crate::archive::{Entry, Input, Kind, Reader, TarLimits};
use crate::error::{Result, StoreError};
use crate::limits::Limits;
use crate::listing::{Listing, Node};
pub use meta::Owner;
pub(crate) use meta::{Applier, Meta, is_kept, times};
pub(crate) use path::{EntryPath, absolute, printable, split};

/// What unpacking a layer needs to know besides its bytes.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    /// What errors call the layer.
    pub(crate) label: &'a str,
    pub(crate) owner: Owner,
    pub(crate) limits: &'a Limits,
    /// Set when the rest of the import failed.
    pub(crate) stop: &'a AtomicBool,
}

/// The walk's limits for a layer.
pub(crate) fn tar_limits(limits: &Limits) -> TarLimits {
    TarLimits { entries: limits.entries, path_bytes: limits.path_bytes }
}

/// Unpacks every entry of `reader` under `root`, an empty directory that nobody else knows yet.
/// `progress` is told how far in the stream it is, in bytes.
///
/// # Errors
/// The first entry that is refused or cannot be written, by name; `root` is then of no use.
pub(crate) fn unpack<R: Input>(
    root: &OwnedFd,
    reader: &mut Reader<R>,
    job: Job<'_>,
    mut progress: impl FnMut(&R, u64),
) -> Result<Listing> {
    let mut unpacker = Unpacker {
        root,
        job,
        applier: Applier::new(job.owner),
        listing: Listing { version: Listing::VERSION, ..Listing::default() },
        parent: None,
        directories: BTreeMap::from([(Vec::new(), Directory { meta: Meta::implied(), opaque: false })]),
        entries: 0,
    };
    while let Some(entry) = reader.next_entry().map_err(|error| StoreError::tar(job.label, error))? {
        unpacker.place(&entry, reader)?;
        progress(reader.input(), reader.position());
        if job.stop.load(Ordering::Relaxed) {
            return Err(StoreError::Stopped);
        }
    }
    unpacker.finish()
}

struct Unpacker<'a> {
    root: &'a OwnedFd,
    job: Job<'a>,
    applier: Applier,
    listing: Listing,
    /// The directory of the previous entry, because the next one is mostly in it too.
    parent: Option<(Vec<u8>, OwnedFd)>,
    /// Directories get their metadata at the end: their contents change their times, and may need write access.
    directories: BTreeMap<Vec<u8>, Directory>,
    entries: u64,
}

struct Directory {
    meta: Meta,
    opaque: bool,
}

/// Where an entry goes.
#[derive(Clone, Copy)]
struct Place<'p> {
    path: &'p [u8],
    parent: &'p [u8],
    name: &'p [u8],
}

impl Unpacker<'_> {
    fn place<R: Input>(&mut self, entry: &Entry, reader: &mut Reader<R>) -> Result<()> {
        self.count(entry)?;
        let path = EntryPath::parse(&entry.path, self.job.limits)?;
        let Some((parent, name)) = path.split() else { return self.root_entry(entry) };
        let place = Place { path: path.as_bytes(), parent, name };
        if is_inert_device(entry) {
            return Ok(());
        }
        self.enter(parent, entry)?;
        if let Some(hidden) = name.strip_prefix(b".wh.") {
            return self.whiteout(hidden, place, entry);
        }
        match entry.kind {
            Kind::File => self.file(entry, place, reader),
            Kind::Directory => self.directory(entry, place),
            Kind::Symlink => self.symlink(entry, place),
            Kind::HardLink => self.hard_link(entry, place),
            Kind::Fifo => self.fifo(entry, place),
            Kind::Character | Kind::Block => {
                let (major, minor) = entry.device;
                Err(StoreError::Device { entry: printable(&entry.path), major, minor })
            }
        }
    }

    fn count(&mut self, entry: &Entry) -> Result<()> {
        let limits = self.job.limits;
        let limit = |limit, allowed| StoreError::Limit { what: self.job.label.to_owned(), limit, allowed };
        self.entries += 1;
        if self.entries > limits.entries {
            return Err(limit("entries", limits.entries));
        }
        self.listing.bytes = self.listing.bytes.saturating_add(entry.size);
        if self.listing.bytes > limits.layer_bytes {
            return Err(limit("unpacked bytes", limits.layer_bytes));
        }
        let xattrs: usize = entry.xattrs.iter().map(|(name, value)| name.len() + value.len()).sum();
        if xattrs > limits.xattrs {
            let (what, allowed) = (printable(&entry.path), limits.xattrs as u64);
            return Err(StoreError::Limit { what, limit: "bytes of extended attributes", allowed });
        }
        Ok(())
    }

    fn root_entry(&mut self, entry: &Entry) -> Result<()> {
        if entry.kind != Kind::Directory {
            return Err(refused(entry, "replaces the root directory"));
        }
        self.describe(b"", entry);
        Ok(())
    }

    fn directory(&mut self, entry: &Entry, place: Place<'_>) -> Result<()> {
        self.make_directory(place).map_err(|error| failed(entry, error))?;
        self.describe(place.path, entry);
        Ok(())
    }

    fn describe(&mut self, path: &[u8], entry: &Entry) {
        let directory = Directory { meta: Meta::of(entry), opaque: false };
        let old = self.directories.insert(path.to_owned(), directory);
        if old.is_some_and(|old| old.opaque) {
            self.make_opaque(path);
        }
    }

    /// Makes a directory where there is none, removing what is there instead.
    fn make_directory(&mut self, place: Place<'_>) -> rustix::io::Result<()> {
        let made = mkdirat(self.here()?, place.name, Mode::RWXU);
        let exists = made == Err(Errno::EXIST);
        if exists && tree::kind(self.here()?, place.name)? == FileType::Directory {
            return Ok(());
        }
        let was_whiteout = exists && self.node(place).is_some_and(|node| node.is(Node::WHITEOUT));
        if exists {
            self.clear(place)?;
            mkdirat(self.here()?, place.name, Mode::RWXU)?;
        } else {
            made?;
        }
        self.directories.insert(place.path.to_owned(), Directory { meta: Meta::implied(), opaque: false });
        self.list(place, Node::DIRECTORY);
        if was_whiteout {
            self.make_opaque(place.path);
        }
        Ok(())
    }

    fn symlink(&mut self, entry: &Entry, place: Place<'_>) -> Result<()> {
        let target = entry.link.as_slice();
        if target.is_empty() || target.contains(&0) {
            return Err(refused(entry, "is a symbolic link to nothing"));
        }
        self.replacing(place, |parent, name| symlinkat(target, parent, name))
            .and_then(|()| self.apply_here(place, entry))
            .map_err(|error| failed(entry, error))?;
        self.list(place, Node::SYMLINK);
        if place.parent.is_empty() {
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            self.listing.root_links.insert(text(place.name), text(target));
        }
        Ok(())
    }

    fn fifo(&mut self, entry: &Entry, place: Place<'_>) -> Result<()> {
        let mode = Mode::from_raw_mode(entry.mode & 0o777);
        self.replacing(place, |parent, name| {
            rustix::fs::mknodat(parent, name, FileType::Fifo, mode, 0)?;
            // Nobody else knows this directory: the name is still the fifo just made.
            rustix::fs::chmodat(parent, name, mode, AtFlags::empty())
        })
        .and_then(|()| self.apply_here(place, entry))
        .map_err(|error| failed(entry, error))?;
        self.list(place, Node::FIFO);
        Ok(())
    }

    /// The target is in the same layer (OCI image-spec, layer.md "Hardlinks"), and is not followed.
    fn hard_link(&mut self, entry: &Entry, place: Place<'_>) -> Result<()> {
        let target = EntryPath::parse(&entry.link, self.job.limits)
            .map_err(|_| refused(entry, "is a hard link to a path that leads out of the layer"))?;
        let missing = || refused(entry, "is a hard link to something that is not in this layer");
        let (parent, name) = target.split().ok_or_else(missing)?;
        let node = self.listing.get(&absolute(parent), &String::from_utf8_lossy(name)).ok_or_else(missing)?;
        if node.is(Node::DIRECTORY) || node.is(Node::WHITEOUT) {
            return Err(refused(entry, "is a hard link to something that is not a file"));
        }
        if target.as_bytes() == place.path {
            return Ok(());
        }
        let from = tree::open_place(self.root, parent).map_err(|_| missing())?;
        self.replacing(place, |parent, link| linkat(&from, name, parent, link, AtFlags::empty()))
            .map_err(|error| if error == Errno::NOENT { missing() } else { failed(entry, error) })?;
        self.list(place, node);
        Ok(())
    }

    /// Creates with `make`, and if something of that name is there, again after removing it: the last entry wins.
    fn replacing<T>(
        &mut self,
        place: Place<'_>,
        make: impl Fn(&OwnedFd, &[u8]) -> rustix::io::Result<T>,
    ) -> rustix::io::Result<T> {
        match make(self.here()?, place.name) {
            Err(Errno::EXIST) => {
                self.clear(place)?;
                make(self.here()?, place.name)
            }
            result => result,
        }
    }

    fn apply_here(&mut self, place: Place<'_>, entry: &Entry) -> rustix::io::Result<()> {
        let Some((_, parent)) = &self.parent else { return Err(Errno::BADF) };
        self.applier.apply_at(parent, place.name, &Meta::of(entry))
    }

    fn clear(&mut self, place: Place<'_>) -> rustix::io::Result<()> {
        tree::remove(self.here()?, place.name)?;
        self.listing.forget(&absolute(place.parent), &String::from_utf8_lossy(place.name));
        if self.directories.remove(place.path).is_some() {
            let below = [place.path, b"/"].concat()..[place.path, b"0"].concat();
            let gone: Vec<Vec<u8>> = self.directories.range(below).map(|(path, _)| path.clone()).collect();
            gone.iter().for_each(|path| drop(self.directories.remove(path)));
        }
        Ok(())
    }

    fn list(&mut self, place: Place<'_>, node: Node) {
        self.listing.insert(&absolute(place.parent), &String::from_utf8_lossy(place.name), node);
    }

    fn node(&self, place: Place<'_>) -> Option<Node> {
        self.listing.get(&absolute(place.parent), &String::from_utf8_lossy(place.name))
    }

    fn here(&self) -> rustix::io::Result<&OwnedFd> {
        self.parent.as_ref().map(|(_, directory)| directory).ok_or(Errno::BADF)
    }

    /// Makes the directory `parent` current, with every directory above it that no entry described.
    fn enter(&mut self, parent: &[u8], entry: &Entry) -> Result<()> {
        if self.parent.as_ref().is_some_and(|(path, _)| path == parent) {
            return Ok(());
        }
        let opened = tree::open_place(self.root, parent).or_else(|error| match error {
            Errno::NOENT | Errno::NOTDIR => {
                self.make_parents(parent)?;
                tree::open_place(self.root, parent)
            }
            error => Err(error),
        });
        let directory = opened.map_err(|error| match error {
            Errno::LOOP | Errno::NOTDIR if self.has_link(parent) => {
                refused(entry, "goes through a symbolic link")
            }
            Errno::NOTDIR => refused(entry, "lies under something that is not a directory"),
            error => failed(entry, error),
        })?;
        self.parent = Some((parent.to_owned(), directory));
        Ok(())
    }

    /// Whether one of the path's components is a symbolic link of this layer.
    fn has_link(&self, mut path: &[u8]) -> bool {
        while let Some((parent, name)) = split(path) {
            if self.node(Place { path, parent, name }).is_some_and(|node| node.is(Node::SYMLINK)) {
                return true;
            }
            path = parent;
        }
        false
    }

    fn make_parents(&mut self, path: &[u8]) -> rustix::io::Result<()> {
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        for end in ends.chain([path.len()]) {
            let path = path.get(..end).unwrap_or_default();
            let Some((parent, name)) = split(path) else { continue };
            let place = Place { path, parent, name };
            self.parent = Some((parent.to_owned(), tree::open_place(self.root, parent)?));
            let node = self.node(place);
            if node.is_none_or(|node| node.is(Node::WHITEOUT)) {
                self.make_directory(place)?;
            }
        }
        Ok(())
    }

    /// Children before parents, because a parent's mode may shut its children out.
    fn finish(mut self) -> Result<Listing> {
        for (path, directory) in std::mem::take(&mut self.directories).into_iter().rev() {
            let failed = |error| StoreError::write(printable(&path), io::Error::from(error));
            let file = tree::open_directory(self.root, &path).map_err(failed)?;
            if directory.opaque {
                self.mark_opaque(&file).map_err(failed)?;
            }
            self.applier.apply(&file, &directory.meta).map_err(failed)?;
        }
        self.listing.flattened = self.applier.flattened;
        Ok(self.listing)
    }
}

/// Nodes of /dev that grant nothing and that every container gets anew: null, zero, full, random, urandom,
/// tty, ptmx and the console. They are left out. A 0:0 node is a whiteout in disguise and stays refused.
pub(crate) fn is_inert_device(entry: &Entry) -> bool {
    entry.kind == Kind::Character && matches!(entry.device, (1, 3 | 5 | 7 | 8 | 9) | (5, 0..=2))
}

fn refused(entry: &Entry, why: &'static str) -> StoreError {
    StoreError::Path { entry: printable(&entry.path), why }
}

fn failed(entry: &Entry, error: Errno) -> StoreError {
    StoreError::write(printable(&entry.path), io::Error::from(error))
}
