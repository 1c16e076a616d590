//! A directory that overlayfs wrote, settled in the store as a layer: mended where it is, until it is what
//! unpacking its own archive would have made.
//!
//! Whiteouts and opaque marks are the store's own form already. Owners are the container's ids on disk and
//! become those of the archive; what overlayfs and access lists have noted in attributes goes, and so does
//! everything that the archive does not say.

use std::collections::HashSet;
use std::ffi::CString;
use std::os::fd::{AsRawFd as _, OwnedFd};

use rustix::buffer::spare_capacity;
use rustix::fs::{
    AtFlags, Gid, Stat, Uid, chownat, flistxattr, fremovexattr, fstat, llistxattr, lremovexattr,
};
use rustix::io::{Errno, Result};

use crate::archive::{Entry, Kind};
use crate::copy::{CopyError, sorted_names};
use crate::limits::Limits;
use crate::listing::{Listing, Node};
use crate::unpack::{Applier, Meta, Owner, absolute, split, tree};

/// The kernel's limit for a list of attributes.
const MAX_XATTR: usize = 64 << 10;

/// The beginning of every ELF object.
const ELF: [u8; 4] = *b"\x7fELF";

/// Settles one layer while its archive is written.
pub(crate) struct Settler {
    applier: Applier,
    listing: Listing,
    limits: Limits,
    /// Every path that the archive says.
    kept: HashSet<Vec<u8>>,
    /// Parents before children; they are mended last, because what is taken out of them changes their times.
    directories: Vec<Settled>,
    /// Names of attributes, read and forgotten again and again.
    names: Vec<u8>,
}

/// A directory that is to be mended.
struct Settled {
    path: Vec<u8>,
    meta: Meta,
    own: (u32, u32),
    opaque: bool,
}

impl Settler {
    pub(crate) fn new(owner: Owner, limits: Limits) -> Self {
        Self {
            applier: Applier::new(owner),
            listing: Listing { version: Listing::VERSION, ..Listing::default() },
            limits,
            kept: HashSet::new(),
            directories: Vec::new(),
            names: Vec::with_capacity(MAX_XATTR),
        }
    }

    /// A regular file whose entry was written; `start` are its first bytes.
    pub(crate) fn file(
        &mut self,
        file: &OwnedFd,
        entry: &Entry,
        stat: &Stat,
        start: [u8; 4],
    ) -> std::result::Result<(), CopyError> {
        self.count(entry)?;
        let meta = Meta::of(entry);
        let mended = strip(file, &mut self.names, &meta, None).and_then(|()| {
            self.applier.already((stat.st_uid, stat.st_gid));
            self.applier.apply(file, &meta)
        });
        mended.map_err(CopyError::kernel("change", &entry.path))?;
        self.list(&entry.path, Node::of_file(&meta, start == ELF));
        Ok(())
    }

    /// One more name of a file that was written already.
    pub(crate) fn linked(&mut self, entry: &Entry) {
        let (parent, name) = split(&entry.link).unwrap_or_default();
        let node = self.listing.get(&absolute(parent), &String::from_utf8_lossy(name));
        self.list(&entry.path, node.unwrap_or(Node::FILE));
    }

    /// What cannot be opened: a symbolic link or a fifo, in its directory.
    pub(crate) fn named(
        &mut self,
        directory: &OwnedFd,
        name: &[u8],
        entry: &Entry,
        stat: &Stat,
    ) -> std::result::Result<(), CopyError> {
        let meta = Meta::of(entry);
        let mended = strip_at(directory, name, &mut self.names).and_then(|()| {
            self.applier.already((stat.st_uid, stat.st_gid));
            self.applier.apply_at(directory, name, &meta)
        });
        mended.map_err(CopyError::kernel("change", &entry.path))?;
        self.list(&entry.path, if entry.kind == Kind::Symlink { Node::SYMLINK } else { Node::FIFO });
        if entry.kind == Kind::Symlink && !entry.path.contains(&b'/') {
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            self.listing.root_links.insert(text(&entry.path), text(&entry.link));
        }
        Ok(())
    }

    /// A directory whose entry was written.
    pub(crate) fn directory(&mut self, path: &[u8], entry: &Entry, stat: &Stat) {
        let own = (stat.st_uid, stat.st_gid);
        self.directories.push(Settled { path: path.to_owned(), meta: Meta::of(entry), own, opaque: false });
        self.list(path, Node::DIRECTORY);
    }

    /// The directory that was written last hides what lower layers have in it.
    pub(crate) fn opaque(&mut self, path: &[u8]) {
        if let Some(last) = self.directories.last_mut().filter(|last| last.path == path) {
            last.opaque = true;
            self.list(path, Node::DIRECTORY.with(Node::OPAQUE));
        }
    }

    /// A whiteout, which is nobody's but the store's.
    pub(crate) fn whiteout(
        &mut self,
        directory: &OwnedFd,
        name: &[u8],
        path: &[u8],
    ) -> std::result::Result<(), CopyError> {
        let (root, flags) = ((Some(Uid::ROOT), Some(Gid::ROOT)), AtFlags::SYMLINK_NOFOLLOW);
        chownat(directory, name, root.0, root.1, flags).map_err(CopyError::kernel("change", path))?;
        self.list(path, Node::WHITEOUT);
        Ok(())
    }

    /// Mends the directories, children first, and takes out of them whatever the archive does not say.
    pub(crate) fn finish(mut self, root: &OwnedFd) -> std::result::Result<Listing, CopyError> {
        for settled in std::mem::take(&mut self.directories).into_iter().rev() {
            let mended = tree::open_directory(root, &settled.path)
                .and_then(|directory| self.mend(&directory, &settled));
            mended.map_err(CopyError::kernel("change", &settled.path))?;
        }
        let top = |stat: Stat| {
            let own = (stat.st_uid, stat.st_gid);
            Settled { path: Vec::new(), meta: Meta::implied(), own, opaque: false }
        };
        let mended = fstat(root).and_then(|stat| self.mend(root, &top(stat)));
        mended.map_err(CopyError::kernel("change", b"/"))?;
        self.listing.flattened = self.applier.flattened;
        Ok(self.listing)
    }

    fn mend(&mut self, directory: &OwnedFd, settled: &Settled) -> Result<()> {
        for name in sorted_names(directory)? {
            if !self.kept.contains(below(&settled.path, &name).as_slice()) {
                tree::remove(directory, &name)?;
            }
        }
        let mark = settled.opaque.then(|| self.applier.owner.opaque_attribute());
        strip(directory, &mut self.names, &settled.meta, mark)?;
        self.applier.already(settled.own);
        self.applier.apply(directory, &settled.meta)
    }

    fn count(&mut self, entry: &Entry) -> std::result::Result<(), CopyError> {
        let limit = |what: &[u8], limit: &str, allowed| {
            let (what, limit) = (crate::unpack::printable(what), limit.to_owned());
            Err(CopyError::Limit { what, limit, allowed })
        };
        self.listing.bytes = self.listing.bytes.saturating_add(entry.size);
        if self.listing.bytes > self.limits.layer_bytes {
            return limit(b"the layer", "unpacked bytes", self.limits.layer_bytes);
        }
        let xattrs: usize = entry.xattrs.iter().map(|(name, value)| name.len() + value.len()).sum();
        if xattrs > self.limits.xattrs {
            return limit(&entry.path, "bytes of extended attributes", self.limits.xattrs as u64);
        }
        Ok(())
    }

    fn list(&mut self, path: &[u8], node: Node) {
        self.kept.insert(path.to_owned());
        let (parent, name) = split(path).unwrap_or_default();
        self.listing.insert(&absolute(parent), &String::from_utf8_lossy(name), node);
    }
}

fn below(directory: &[u8], name: &[u8]) -> Vec<u8> {
    if directory.is_empty() { name.to_owned() } else { [directory, b"/", name].concat() }
}

/// Whether an attribute is nothing that an archive would bring back: notes of overlayfs, access lists, and
/// rights that were given in a user namespace which is gone.
fn is_foreign(name: &[u8], meta: &Meta, mark: Option<&str>) -> bool {
    if name == b"security.capability" {
        return !meta.has_capability();
    }
    let noted = name.starts_with(b"trusted.") || name.starts_with(b"user.overlay.");
    (noted || name.starts_with(b"system.posix_acl_")) && mark.is_none_or(|mark| mark.as_bytes() != name)
}

fn strip(file: &OwnedFd, names: &mut Vec<u8>, meta: &Meta, mark: Option<&str>) -> Result<()> {
    names.clear();
    match flistxattr(file, spare_capacity(names)) {
        Err(Errno::OPNOTSUPP) => return Ok(()),
        listed => drop(listed?),
    }
    let foreign = |name: &&[u8]| !name.is_empty() && is_foreign(name, meta, mark);
    names.split(|byte| *byte == 0).filter(foreign).try_for_each(|name| gone(fremovexattr(file, name)))
}

/// The same for what cannot be opened.
fn strip_at(directory: &OwnedFd, name: &[u8], names: &mut Vec<u8>) -> Result<()> {
    let path = [format!("/proc/self/fd/{}/", directory.as_raw_fd()).as_bytes(), name].concat();
    let path = CString::new(path).map_err(|_| Errno::INVAL)?;
    names.clear();
    match llistxattr(path.as_c_str(), spare_capacity(names)) {
        Err(Errno::OPNOTSUPP) => return Ok(()),
        listed => drop(listed?),
    }
    let foreign = |name: &&[u8]| !name.is_empty() && is_foreign(name, &Meta::implied(), None);
    names
        .split(|byte| *byte == 0)
        .filter(foreign)
        .try_for_each(|name| gone(lremovexattr(path.as_c_str(), name)))
}

fn gone(removed: Result<()>) -> Result<()> {
    if removed == Err(Errno::NODATA) { Ok(()) } else { removed }
}
