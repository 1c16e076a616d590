//! Layers that are made here, of entries that come one after the other: written as a plain tar stream, hashed
//! and unpacked at the same time.

mod archive;
mod tee;

use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::sync::atomic::AtomicBool;

use model::digest::Digest;
use model::image::Layer;

use crate::archive::{Entry, Kind, Mtime, Reader, Writer};
use crate::compress::BUFFER;
use crate::disk::Store;
use crate::error::{Result, StoreError};
use crate::layer::fresh_root;
use crate::listing::Listing;
use crate::pipe::{Piped, pipe};
use crate::unpack::{Job, printable, split, tar_limits, unpack};
pub use archive::{Archive, ArchiveContent, ArchiveEntry, is_archive};
use tee::Tee;

/// What an entry carries besides its content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// Permission bits and the three special ones.
    pub mode: u32,
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// Seconds since the epoch: no builder writes more than that into a layer.
    pub mtime: i64,
    /// Extended attributes, sorted by name.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

/// What an entry is.
pub enum Content<'a> {
    /// A directory.
    Directory,
    /// A file of exactly so many bytes.
    File(u64, &'a mut dyn Read),
    /// A symbolic link, and its target.
    Symlink(&'a [u8]),
    /// Another name of a file of the same layer, which came before.
    HardLink(&'a [u8]),
    /// A pipe with a name.
    Fifo,
}

/// A layer that is being made.
pub struct LayerMaker {
    out: Writer<Tee>,
    label: String,
    buffer: Vec<u8>,
}

/// The blob's digest and size.
type Written = (Digest, u64);

impl Store {
    /// Makes a layer of the entries that `fill` adds, parents before children. `label` is for errors. The layer
    /// stays as long as this store is open in a living process, or somebody keeps it.
    ///
    /// # Errors
    /// What `fill` says; an entry that no layer may have, by name; what the disk says. Nothing is left then.
    pub fn make_layer<E: From<StoreError>>(
        &self,
        label: &str,
        fill: impl FnOnce(&mut LayerMaker) -> std::result::Result<(), E>,
    ) -> std::result::Result<Layer, E> {
        let _present = self.begin_import()?;
        let scratch = self.scratch()?;
        let (directory, root) = fresh_root(&scratch)?;
        let blob = scratch.fresh();
        let stop = AtomicBool::new(false);
        let job = Job { label, owner: self.owner, limits: &self.limits, stop: &stop };
        let (feeder, piped) = pipe();
        let out = Writer::new(Tee::new(&blob, feeder)?);
        let maker = LayerMaker { out, label: label.to_owned(), buffer: vec![0; BUFFER] };
        let (filled, unpacked) = std::thread::scope(|scope| {
            let far = scope.spawn(|| unpacked(&root, piped, job));
            let filled = filled(maker, fill);
            (filled, far.join().unwrap_or(Err(StoreError::Stopped)))
        });
        let ((diff_id, size), listing) = both(filled, unpacked)?;
        let layer = Layer { blob: diff_id, diff_id, size };
        let _alone = self.lock(&diff_id.hex())?;
        self.hold(&[layer])?;
        self.place_blob(&blob, &diff_id)?;
        if !matches!(self.listing(&diff_id), Ok(Some(_))) {
            self.place_layer(&directory, &diff_id, &Listing { tar_bytes: size, ..listing })?;
        }
        Ok(layer)
    }
}

/// The maker ends here, whatever happens: with it the far end learns that nothing more comes.
fn filled<E: From<StoreError>>(
    mut maker: LayerMaker,
    fill: impl FnOnce(&mut LayerMaker) -> std::result::Result<(), E>,
) -> std::result::Result<Written, E> {
    fill(&mut maker)?;
    let LayerMaker { out, label, .. } = maker;
    let written = out.finish().and_then(Tee::finish);
    Ok(written.map_err(|error| StoreError::write(label, error))?)
}

fn unpacked(root: &OwnedFd, piped: Piped, job: Job<'_>) -> Result<Listing> {
    let mut reader = Reader::new(piped, tar_limits(job.limits));
    let listing = unpack(root, &mut reader, job, |_, _| {})?;
    let drained = reader.into_input().drain();
    drained.map_err(|error| StoreError::stream(job.label.to_owned(), error))?;
    Ok(listing)
}

/// Whoever finds the other end gone is not to blame.
fn both<E: From<StoreError>>(
    filled: std::result::Result<Written, E>,
    unpacked: Result<Listing>,
) -> std::result::Result<(Written, Listing), E> {
    match (filled, unpacked) {
        (Ok(written), Ok(listing)) => Ok((written, listing)),
        (Err(error), Err(StoreError::Truncated { .. }) | Ok(_)) => Err(error),
        (_, Err(error)) => Err(error.into()),
    }
}

impl LayerMaker {
    /// Adds an entry. `path` is relative to the root, which itself is empty.
    ///
    /// # Errors
    /// A name that would hide something below instead of being a file; content of another size than was said.
    pub fn add(&mut self, path: &[u8], attributes: &Attributes, content: Content<'_>) -> Result<()> {
        let (_, name) = split(path).unwrap_or_default();
        if name.starts_with(b".wh.") {
            let why = "begins with `.wh.`, which in a layer hides a file of those below";
            return Err(StoreError::Path { entry: printable(path), why });
        }
        let begun = self.out.entry(&entry(path, attributes, &content));
        begun.map_err(|error| StoreError::write(printable(path), error))?;
        match content {
            Content::File(size, read) => self.data(path, size, read),
            _ => Ok(()),
        }
    }

    fn data(&mut self, path: &[u8], size: u64, read: &mut dyn Read) -> Result<()> {
        let mut left = size;
        while left > 0 {
            let room = usize::try_from(left).unwrap_or(BUFFER).min(BUFFER);
            let room = self.buffer.get_mut(..room).unwrap_or_default();
            let length = match read.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Ok(0) => return Err(StoreError::Truncated { what: printable(path) }),
                length => length.map_err(|error| StoreError::read(printable(path), error))?,
            };
            let piece = self.buffer.get(..length).unwrap_or_default();
            self.out.data(piece).map_err(|error| StoreError::write(printable(path), error))?;
            left = left.saturating_sub(length as u64);
        }
        Ok(())
    }
}

fn entry(path: &[u8], attributes: &Attributes, content: &Content<'_>) -> Entry {
    let (kind, link, size) = match content {
        Content::Directory => (Kind::Directory, b"".as_slice(), 0),
        Content::File(size, _) => (Kind::File, b"".as_slice(), *size),
        Content::Symlink(target) => (Kind::Symlink, *target, 0),
        Content::HardLink(target) => (Kind::HardLink, *target, 0),
        Content::Fifo => (Kind::Fifo, b"".as_slice(), 0),
    };
    let mut path = path.to_owned();
    if kind == Kind::Directory {
        path.extend_from_slice(if path.is_empty() { b"./" } else { b"/" });
    }
    Entry {
        path,
        kind,
        link: link.to_owned(),
        mode: attributes.mode,
        uid: attributes.uid,
        gid: attributes.gid,
        mtime: Mtime { seconds: attributes.mtime, nanoseconds: 0 },
        size,
        device: (0, 0),
        xattrs: attributes.xattrs.clone(),
        sparse: None,
    }
}
