//! Uploads: files that grow until they are blobs.

use std::error::Error;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Body;
use rustix::fs::{
    AtFlags, FlockOperation, Mode, OFlags, fchmod, flock, fstat, fsync, renameat, statat, unlinkat,
};
use rustix::io::{Errno, pread, retry_on_intr};

use super::Disk;
use super::blobs;
use super::buffers::Buffers;
use super::listing::smallest;
use super::tree::{Changed, Lookup, Tree};
use super::writing::Writing;
use crate::server::shelf::digest::Hashing;
use crate::server::shelf::error::{Result, ShelfError};
use crate::server::shelf::pump::{Sink as _, join, pump};
use crate::server::shelf::{Algorithm, ContentDigest, Stale, UploadId};

impl Disk {
    pub(in crate::server::shelf) async fn begin_upload(&self) -> Result<UploadId> {
        let id = UploadId::random()?;
        let path = path(&id);
        self.wait(&path.clone(), move |tree| {
            let made = tree.within(&path, &mut Changed::default(), |uploads, name| {
                let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
                rustix::fs::openat(uploads, name, flags, Mode::RUSR | Mode::WUSR)
            });
            made.map(drop).map_err(|error| ShelfError::place("write", path, error))
        })
        .await?;
        self.running.keep(id.clone(), 0, Hashing::new(Algorithm::Sha256));
        Ok(id)
    }

    pub(in crate::server::shelf) async fn upload_size(&self, id: &UploadId) -> Result<Option<u64>> {
        let path = path(id);
        self.wait(&path.clone(), move |tree| match tree.find(&path, OFlags::RDONLY, Lookup::Disk) {
            Err(Errno::NOENT) => Ok(None),
            found => found
                .and_then(|file| Ok(Some(fstat(&file)?.st_size as u64)))
                .map_err(|error| ShelfError::place("read", path, error)),
        })
        .await
    }

    pub(in crate::server::shelf) async fn append<B>(
        &self,
        id: &UploadId,
        offset: u64,
        body: B,
        limit: u64,
    ) -> Result<u64>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let held = self.hold(id).await?;
        if held.size != offset {
            return Err(ShelfError::Offset { offset, has: held.size });
        }
        let hashing = self.running.take(id, offset);
        let writing = Writing::new(path(id), held.file, offset, hashing);
        let (running, id) = (self.running.clone(), id.clone());
        // A task of its own, so that what has arrived is written even if the caller is dropped.
        let pumped = tokio::spawn(async move {
            let (writing, ended) = pump(writing, body, limit).await?;
            let size = writing.size();
            if let Some(hashing) = writing.into_hashing() {
                running.keep(id, size, hashing);
            }
            ended.map(|()| size)
        });
        join(pumped).await?
    }

    pub(in crate::server::shelf) async fn finish(
        &self,
        id: &UploadId,
        digest: &ContentDigest,
    ) -> Result<u64> {
        let held = self.hold(id).await?;
        let hashing =
            self.running.take(id, held.size).filter(|hashing| hashing.algorithm() == digest.algorithm());
        let (path, digest, buffers) = (path(id), digest.clone(), self.buffers.clone());
        self.wait(&path.clone(), move |tree| {
            let failed = |error: io::Error| ShelfError::place("finish", path.clone(), error);
            let hashed = match hashing {
                Some(hashing) => hashing.finish(),
                None => hash(&held.file, digest.algorithm(), &buffers).map_err(failed)?,
            };
            if let Err(wrong) = digest.check(hashed) {
                remove(tree, &path).map_err(|error| failed(error.into()))?;
                return Err(wrong);
            }
            publish(tree, &held.file, &path, &blobs::path(&digest)).map_err(|error| failed(error.into()))?;
            Ok(held.size)
        })
        .await
    }

    pub(in crate::server::shelf) async fn abort(&self, id: &UploadId) -> Result<bool> {
        let held = match self.hold(id).await {
            Err(ShelfError::NoUpload(_)) => return Ok(false),
            held => held?,
        };
        self.running.forget(id);
        let path = path(id);
        self.wait(&path.clone(), move |tree| {
            let removed = remove(tree, &path);
            drop(held);
            removed.map(|()| true).map_err(|error| ShelfError::place("remove", path, error))
        })
        .await
    }

    pub(in crate::server::shelf) async fn stale_uploads(
        &self,
        before: u64,
        limit: usize,
    ) -> Result<Vec<Stale>> {
        self.wait("uploads", move |tree| {
            sweep(tree, before).map_err(|error| ShelfError::place("sweep", "temporary", error))?;
            let names = smallest(tree, "uploads", "", usize::MAX);
            let names = names.map_err(|error| ShelfError::place("list", "uploads", error))?;
            let stale = names.iter().filter_map(|name| name.parse().ok()).filter_map(|id| {
                let file = tree.find(&path(&id), OFlags::RDONLY, Lookup::Disk).ok()?;
                let about = fstat(&file).ok()?;
                let when = u64::try_from(about.st_mtime).unwrap_or(0);
                (when < before).then_some(Stale { id, size: about.st_size as u64, when })
            });
            Ok(stale.take(limit).collect())
        })
        .await
    }

    /// Opens an upload that nobody else changes until this is dropped.
    async fn hold(&self, id: &UploadId) -> Result<Held> {
        let (path, id) = (path(id), id.clone());
        self.wait(&path.clone(), move |tree| match hold(tree, &path) {
            Ok(Some(held)) => Ok(held),
            Ok(None) | Err(Errno::NOENT) => Err(ShelfError::NoUpload(id)),
            Err(Errno::WOULDBLOCK) => Err(ShelfError::Busy(id.to_string())),
            Err(error) => Err(ShelfError::place("open", path, error)),
        })
        .await
    }
}

/// An upload's file, locked, and its size.
struct Held {
    file: Arc<OwnedFd>,
    size: u64,
}

fn path(id: &UploadId) -> String {
    format!("uploads/{id}")
}

/// Nothing if the file is no upload any more: it was finished between opening and locking, and is a blob that
/// nobody may write to.
fn hold(tree: &Tree, path: &str) -> rustix::io::Result<Option<Held>> {
    let file = tree.find(path, OFlags::RDWR, Lookup::Disk)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    let (opened, (uploads, name)) = (fstat(&file)?, tree.parent(path)?);
    let named = statat(&uploads, name, AtFlags::SYMLINK_NOFOLLOW)?;
    let same = (opened.st_dev, opened.st_ino) == (named.st_dev, named.st_ino);
    Ok(same.then_some(Held { file: Arc::new(file), size: opened.st_size as u64 }))
}

fn hash(file: &OwnedFd, algorithm: Algorithm, buffers: &Buffers) -> io::Result<ContentDigest> {
    let (mut hashing, mut buffer, mut offset) = (Hashing::new(algorithm), buffers.take(), 0);
    loop {
        let room = buffer.room(u64::MAX);
        let read = retry_on_intr(|| pread(file, &mut *room, offset))?;
        if read == 0 {
            return Ok(hashing.finish());
        }
        hashing.update(room.get(..read).unwrap_or_default());
        offset += read as u64;
    }
}

/// The bytes first, then the name, then the directory: after a power cut the blob is whole or not there.
fn publish(tree: &Tree, file: &OwnedFd, from: &str, to: &str) -> rustix::io::Result<()> {
    let mut changed = Changed::default();
    if blobs::is_there(tree, to, &mut changed)? {
        remove(tree, from)?;
        return tree.flush(&changed);
    }
    fchmod(file, Mode::RUSR)?;
    fsync(file)?;
    let (uploads, name) = tree.parent(from)?;
    tree.within(to, &mut changed, |blobs, blob| renameat(&uploads, name, blobs, blob))?;
    tree.flush(&changed)
}

fn remove(tree: &Tree, path: &str) -> rustix::io::Result<()> {
    let (uploads, name) = tree.parent(path)?;
    unlinkat(&uploads, name, AtFlags::empty())
}

/// Removes temporary files that have not changed since `before`.
fn sweep(tree: &Tree, before: u64) -> io::Result<()> {
    for name in smallest(tree, "temporary", "", usize::MAX)? {
        let about = match statat(tree.temporary(), &name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => continue,
            about => about?,
        };
        if u64::try_from(about.st_mtime).unwrap_or(0) < before {
            match unlinkat(tree.temporary(), &name, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}
