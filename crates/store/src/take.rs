//! A layer made of what a step of a build wrote: its archive is written once, and where nobody else can write
//! to the files any more, they themselves become the unpacked layer.

mod search;

use std::fs::{DirBuilder, File};
use std::io::{self, BufWriter, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use model::digest::{Digest, Hasher};
use model::image::Layer;
use rustix::fs::renameat;
use rustix::io::Errno;

use crate::copy::layer::{Treatment, write_with};
use crate::copy::{LayerChange, Notices, Upper};
use crate::disk::{Scratch, Store};
use crate::error::{Result, StoreError};
use crate::layer::{Claim, Work};
use crate::limits::Limits;
use crate::settle::Settler;
use crate::stamp::Stamp;
use crate::unpack::{EntryPath, printable};
use search::Search;

/// What the blob of such a layer is called in messages.
const LABEL: &str = "what the step wrote";

/// The writable directory of an overlay whose container has ended, and where it lies.
pub struct Written<'a> {
    /// The directory.
    pub upper: Upper<'a>,
    /// The directory that it lies in.
    pub home: &'a OwnedFd,
    /// Its name there.
    pub name: &'a str,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy)]
pub struct Treating<'a> {
    /// Which times the layer has.
    pub stamp: Stamp,
    /// How the directory becomes one.
    pub taking: Taking,
    /// Bytes that it may not have anywhere, no part empty.
    pub unwanted: &'a [&'a [u8]],
}

/// How a directory becomes a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taking {
    /// It is moved into the store. Only where nobody can have a file of it open for writing any more: what was
    /// hashed would not be what is there.
    Moved,
    /// It is copied.
    Copied,
}

/// The archive of a layer, hashed.
struct Tar {
    path: PathBuf,
    digest: Digest,
    size: u64,
}

impl Store {
    /// Makes a layer of the changes. It is in no image yet: it stays as long as this store is open in a living process,
    /// or somebody keeps it. On another file system than the store's it is copied in any case.
    ///
    /// # Errors
    /// [`StoreError::Copy`] where the directory cannot be read, [`StoreError::Path`], [`StoreError::Limit`] and
    /// [`StoreError::Unwanted`] for what no layer may hold, and what the disk says.
    pub fn take_layer(
        &self,
        written: &Written<'_>,
        changes: &[LayerChange],
        treating: Treating<'_>,
    ) -> Result<(Layer, Notices)> {
        check(changes, LABEL, &self.limits)?;
        let _present = self.share("sweep")?;
        let scratch = self.scratch()?;
        let moved = match treating.taking {
            Taking::Moved => take_over(written, &scratch)?,
            Taking::Copied => None,
        };
        let (layer, notices) = match moved {
            Some(place) => self.settled(written, changes, treating, (place, &scratch))?,
            None => self.copied(written, changes, treating, &scratch)?,
        };
        self.hold(&[layer])?;
        Ok((layer, notices))
    }

    fn settled(
        &self,
        written: &Written<'_>,
        changes: &[LayerChange],
        treating: Treating<'_>,
        (place, scratch): (PathBuf, &Scratch),
    ) -> Result<(Layer, Notices)> {
        let mut settler = Settler::new(self.owner, self.limits);
        let (tar, notices) = self.spool(written, changes, treating, (Some(&mut settler), scratch))?;
        let mut listing = settler.finish(written.upper.directory)?;
        listing.tar_bytes = tar.size;
        let _alone = self.lock(&tar.digest.hex())?;
        self.keep_tar(&tar)?;
        self.place_layer(&place, &tar.digest, &listing)?;
        Ok((tar.layer(), notices))
    }

    fn copied(
        &self,
        written: &Written<'_>,
        changes: &[LayerChange],
        treating: Treating<'_>,
        scratch: &Scratch,
    ) -> Result<(Layer, Notices)> {
        let (tar, notices) = self.spool(written, changes, treating, (None, scratch))?;
        let _alone = self.lock(&tar.digest.hex())?;
        self.keep_tar(&tar)?;
        let (claim, stop) = (Claim { label: LABEL, diff_id: None }, AtomicBool::new(false));
        let work = Work { scratch, stop: &stop };
        let admitted = self.admit_present((tar.digest, tar.size), claim, work, &mut |_| {})?;
        Ok((admitted.layer, notices))
    }

    /// The archive. One that has what it may not have is not kept.
    fn spool(
        &self,
        written: &Written<'_>,
        changes: &[LayerChange],
        treating: Treating<'_>,
        (settler, scratch): (Option<&mut Settler>, &Scratch),
    ) -> Result<(Tar, Notices)> {
        let path = scratch.fresh();
        let file = File::create_new(&path).map_err(StoreError::write_path(&path))?;
        let search = Search::new(treating.unwanted);
        let mut hashed = Hashed { file, hasher: Hasher::new(), search, size: 0, failed: None };
        let out = BufWriter::with_capacity(1 << 17, &mut hashed);
        let treatment = Treatment { stamp: treating.stamp, settler };
        let notices = match (write_with(&written.upper, changes, treatment, out), hashed.failed) {
            (Err(_), Some(error)) => return Err(StoreError::write(LABEL, error)),
            (notices, _) => notices?,
        };
        if let Some(found) = hashed.search.found() {
            let entry = search::entry_at(&path, found.at, &self.limits);
            return Err(StoreError::Unwanted { entry: entry.unwrap_or_default(), which: found.which });
        }
        Ok((Tar { path, digest: hashed.hasher.finish(), size: hashed.size }, notices))
    }

    fn keep_tar(&self, tar: &Tar) -> Result<()> {
        if self.blob_size(tar.digest).is_some() { Ok(()) } else { self.place_blob(&tar.path, &tar.digest) }
    }
}

impl Tar {
    fn layer(&self) -> Layer {
        Layer { blob: self.digest, diff_id: self.digest, size: self.size }
    }
}

/// What unpacking would refuse is refused before anything is touched. A name that means a whiteout would be
/// one to whoever unpacks the layer elsewhere, and a file here. `label` is for errors.
pub(crate) fn check(changes: &[LayerChange], label: &str, limits: &Limits) -> Result<()> {
    let (mut entries, mut bytes) = (0, 0);
    for change in changes {
        let path = EntryPath::parse(&change.path, limits)?;
        if path.split().is_some_and(|(_, name)| name.starts_with(b".wh.")) {
            let why = "has a name that means a deletion in an image";
            return Err(StoreError::Path { entry: printable(&change.path), why });
        }
        entries += 1;
        bytes += change.path.len() as u64;
        let limit = |limit, allowed| Err(StoreError::Limit { what: label.to_owned(), limit, allowed });
        if entries > limits.entries {
            return limit("entries", limits.entries);
        }
        if bytes > limits.path_bytes {
            return limit("bytes in paths", limits.path_bytes);
        }
    }
    Ok(())
}

/// Moves the directory to where a layer is made; `None` if it is on another file system.
fn take_over(written: &Written<'_>, scratch: &Scratch) -> Result<Option<PathBuf>> {
    let place = scratch.fresh();
    let failed = || StoreError::write_path(&place);
    DirBuilder::new().mode(0o700).create(&place).map_err(failed())?;
    let directory = File::open(&place).map_err(failed())?;
    match renameat(written.home, written.name, &directory, "fs") {
        Ok(()) => Ok(Some(place)),
        Err(Errno::XDEV) => Ok(None),
        Err(errno) => Err(failed()(io::Error::from(errno))),
    }
}

/// A file that is hashed, and looked through, as it is written.
struct Hashed<'a> {
    file: File,
    hasher: Hasher,
    search: Search<'a>,
    size: u64,
    /// Why no more could be written.
    failed: Option<Errno>,
}

impl Write for Hashed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.file.write(bytes).inspect_err(|error| self.failed = Errno::from_io_error(error))?;
        let bytes = bytes.get(..length).unwrap_or_default();
        self.hasher.update(bytes);
        self.search.piece(bytes);
        self.size += length as u64;
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests;
