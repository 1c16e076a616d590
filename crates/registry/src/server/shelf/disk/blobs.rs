//! Blobs: files that nobody writes to again.

use std::ops::Range;
use std::os::fd::OwnedFd;

use bytes::Bytes;
use rustix::fs::{Mode, OFlags, fstat, fsync};
use rustix::io::Errno;

use super::Disk;
use super::reading::Reading;
use super::temporary::Temporary;
use super::tree::{Lookup, Tree};
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
            let failed = |error| ShelfError::place("write", path.clone(), error);
            if !is_there(tree, &path).map_err(|error| failed(error.into()))? {
                let temporary = Temporary::write(tree, &bytes, Mode::RUSR).map_err(failed)?;
                temporary.flush().map_err(failed)?;
                temporary.publish_new(&path).map_err(failed)?;
            }
            flush_parent(tree, &path).map_err(|error| failed(error.into()))
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

pub(super) fn is_there(tree: &Tree, path: &str) -> rustix::io::Result<bool> {
    Ok(open(tree, path, Lookup::Disk)?.is_some())
}

/// Makes durable what has changed in the directory that `path` is in.
pub(super) fn flush_parent(tree: &Tree, path: &str) -> rustix::io::Result<()> {
    match tree.parent(path) {
        Ok((directory, _)) => fsync(&directory),
        Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error),
    }
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
