//! Blobs: files that nobody writes to again.

use std::io;
use std::ops::Range;
use std::os::fd::OwnedFd;

use bytes::Bytes;
use rustix::fs::{Mode, OFlags, fstat};
use rustix::io::Errno;

use super::Disk;
use super::reading::Reading;
use super::temporary::Temporary;
use super::tree::{Changed, Lookup, Tree};
use crate::server::shelf::error::{Result, ShelfError};
use crate::server::shelf::{BlobBody, ContentDigest};

impl Disk {
    pub(in crate::server::shelf) async fn blob_size(&self, digest: &ContentDigest) -> Result<Option<u64>> {
        Ok(self.open_blob(digest).await?.map(|(_, size)| size))
    }

    pub(in crate::server::shelf) async fn read_blob(
        &self,
        digest: &ContentDigest,
        range: Range<u64>,
    ) -> Result<BlobBody> {
        let opened = self.open_blob(digest).await?;
        let (file, size) = opened.ok_or_else(|| ShelfError::NoBlob(digest.clone()))?;
        let length = range.end.min(size).saturating_sub(range.start);
        Ok(BlobBody::disk(length, Reading::new(file, range.start, self.buffers.clone())))
    }

    pub(in crate::server::shelf) async fn put_blob(
        &self,
        digest: &ContentDigest,
        bytes: Bytes,
    ) -> Result<()> {
        digest.check(ContentDigest::of(digest.algorithm(), &bytes))?;
        let path = path(digest);
        self.wait(&path.clone(), move |tree| {
            write(tree, &path, &bytes).map_err(|error| ShelfError::place("write", path, error))
        })
        .await
    }

    async fn open_blob(&self, digest: &ContentDigest) -> Result<Option<(OwnedFd, u64)>> {
        let path = path(digest);
        match open(&self.tree, &path, Lookup::Memory) {
            Err(Errno::AGAIN) => {
                self.wait(&path.clone(), move |tree| {
                    open(tree, &path, Lookup::Disk).map_err(|error| ShelfError::place("read", path, error))
                })
                .await
            }
            opened => opened.map_err(|error| ShelfError::place("read", path, error)),
        }
    }
}

/// A directory for each first two digits: file systems are slow where one has millions of names.
pub(super) fn path(digest: &ContentDigest) -> String {
    let fan = digest.hex().get(..2).unwrap_or_default();
    format!("blobs/{}/{fan}/{}", digest.algorithm().name(), digest.hex())
}

fn write(tree: &Tree, path: &str, bytes: &[u8]) -> io::Result<()> {
    let mut changed = Changed::default();
    // Where it is there, only the directory is flushed: it may have come this very moment.
    if !is_there(tree, path, &mut changed)? {
        let temporary = Temporary::write(tree, bytes, Mode::RUSR)?;
        temporary.flush()?;
        temporary.publish_new(path, &mut changed)?;
    }
    Ok(tree.flush(&changed)?)
}

/// Whether there is a blob at `path`; if so, its directory still has to be flushed.
pub(super) fn is_there(tree: &Tree, path: &str, changed: &mut Changed) -> rustix::io::Result<bool> {
    let is_there = open(tree, path, Lookup::Disk)?.is_some();
    if is_there {
        changed.add_parent(path);
    }
    Ok(is_there)
}

fn open(tree: &Tree, path: &str, lookup: Lookup) -> rustix::io::Result<Option<(OwnedFd, u64)>> {
    match tree.find(path, OFlags::RDONLY, lookup) {
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
        Ok(file) => {
            let size = fstat(&file)?.st_size as u64;
            Ok(Some((file, size)))
        }
    }
}
