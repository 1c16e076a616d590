//! The shelf: where a registry keeps its bytes, a directory of this host or a bucket of an object store.
//!
//! It knows small records under keys, blobs under their digests and uploads that become blobs, and nothing of
//! repositories. What a call has acknowledged survives a power cut. Several servers may share one shelf.

mod digest;
mod error;
mod key;
mod upload;
mod body;
mod pump;
mod running;
mod disk;
mod bucket;

use std::fmt;
use std::ops::Range;
use std::path::Path;

use bytes::Bytes;
use hyper::body::Body;

pub use body::BlobBody;
pub use bucket::{Addressing, Bucket, BucketSettings, Plain};
pub(crate) use digest::Hashing;
pub use digest::{Algorithm, ContentDigest, DigestText};
pub use disk::Disk;
pub use error::{Result, ShelfError};
pub use key::{Key, KeyError};
pub use upload::{UploadId, UploadIdError};

/// The largest record, as large as the largest manifest that a registry has to take.
pub const RECORD_LIMIT: u64 = 4 * 1024 * 1024;

/// One of the places. Cheap to clone: the clones share descriptors, connections and caches.
#[derive(Debug, Clone)]
pub enum Shelf {
    /// A directory of this host.
    Disk(Disk),
    /// A bucket of an S3-compatible object store.
    Bucket(Bucket),
}

/// A record as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Small {
    /// All of it.
    pub bytes: Bytes,
    /// For [`When::Unchanged`].
    pub version: Version,
}

/// What a record was when it was read or written. Means something only to the shelf it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(Known);

/// By what a record is known again.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Known {
    /// By its bytes: a directory compares them.
    Bytes(Bytes),
    /// By its ETag: a bucket does.
    Tag(String),
}

/// On what condition a record is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// Whatever is there.
    Always,
    /// Nothing is there.
    Absent,
    /// What is there is still what was read.
    Unchanged(Version),
}

/// What became of a conditional write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// The record is there, and durable.
    Done(Version),
    /// The condition did not hold. Nothing was written, and whatever made it fail is durable.
    Refused,
}

/// A blob that has been taken off the shelf and can still be put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trashed {
    /// Which blob.
    pub digest: ContentDigest,
    /// Its bytes.
    pub size: u64,
    /// When it was taken off, in seconds since 1970.
    pub when: u64,
    /// Tells this time from every other time at which the same blob was trashed.
    pub(crate) ticket: String,
}

/// An upload that nobody has finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// Which one.
    pub id: UploadId,
    /// The bytes it has.
    pub size: u64,
    /// When it last got some, in seconds since 1970.
    pub when: u64,
}

/// Calls the same method of whichever place it is.
macro_rules! either {
    ($self:ident, $place:ident => $call:expr) => {
        match $self {
            Self::Disk($place) => $call,
            Self::Bucket($place) => $call,
        }
    };
}

impl Shelf {
    /// A directory, made if it is not there, for this user alone.
    ///
    /// # Errors
    /// A directory that cannot be made or opened, or that others may write to.
    pub fn disk(root: &Path) -> Result<Self> {
        Disk::open(root).map(Self::Disk)
    }

    /// A bucket, if it can be reached and keeps conditions.
    ///
    /// # Errors
    /// Settings that cannot be used, a store that refuses them, and one that ignores conditions.
    pub async fn bucket(settings: &BucketSettings) -> Result<Self> {
        Bucket::open(settings).await.map(Self::Bucket)
    }

    /// Reads a record.
    ///
    /// # Errors
    /// A place that cannot be read.
    pub async fn get(&self, key: &Key) -> Result<Option<Small>> {
        either!(self, place => place.get(key).await)
    }

    /// Writes a record. It is whole and durable when this returns, or as it was before.
    ///
    /// # Errors
    /// A place that cannot be written, a full one among them; a record over [`RECORD_LIMIT`].
    pub async fn put(&self, key: &Key, bytes: Bytes, when: When) -> Result<Put> {
        either!(self, place => place.put(key, bytes, when).await)
    }

    /// Writes records unconditionally, for little more than the price of one. Each is whole, all are durable
    /// when this returns; when it fails, some may have been written.
    ///
    /// # Errors
    /// As [`Shelf::put`].
    pub async fn put_all(&self, records: Vec<(Key, Bytes)>) -> Result<()> {
        either!(self, place => place.put_all(records).await)
    }

    /// Removes a record, durably, and says whether it was there.
    ///
    /// # Errors
    /// A place that cannot be written.
    pub async fn delete(&self, key: &Key) -> Result<bool> {
        either!(self, place => place.delete(key).await)
    }

    /// Removes records, whether or not they are there, for little more than the price of one.
    ///
    /// # Errors
    /// As [`Shelf::delete`]; some may have been removed.
    pub async fn delete_all(&self, keys: Vec<Key>) -> Result<()> {
        either!(self, place => place.delete_all(keys).await)
    }

    /// The names directly beneath `prefix` that come after `after`, at most `limit`, sorted by their bytes.
    /// A name that has others beneath it ends in `/` and is sorted with it, so that `a-b` comes before `a/`:
    /// a walk that goes down in this order meets the keys in the order of their whole text. To go on, pass the
    /// last name as it was given.
    ///
    /// # Errors
    /// A place that cannot be read.
    pub async fn list(&self, prefix: &Key, after: Option<&str>, limit: usize) -> Result<Vec<String>> {
        either!(self, place => place.list(prefix, after, limit).await)
    }

    /// A blob's size, if the shelf has it.
    ///
    /// # Errors
    /// A place that cannot be read.
    pub async fn blob_size(&self, digest: &ContentDigest) -> Result<Option<u64>> {
        either!(self, place => place.blob_size(digest).await)
    }

    /// A part of a blob's bytes, cut at its end. It is not hashed again.
    ///
    /// # Errors
    /// [`ShelfError::NoBlob`], and a place that cannot be read.
    pub async fn read_blob(&self, digest: &ContentDigest, range: Range<u64>) -> Result<BlobBody> {
        either!(self, place => place.read_blob(digest, range).await)
    }

    /// Stores a small blob, a manifest say, that is in memory already.
    ///
    /// # Errors
    /// [`ShelfError::Digest`] if it is not what its digest says, and as [`Shelf::put`].
    pub async fn put_blob(&self, digest: &ContentDigest, bytes: Bytes) -> Result<()> {
        either!(self, place => place.put_blob(digest, bytes).await)
    }

    /// Takes a blob off the shelf, unless it is gone or somebody else does so. Nobody can read it until
    /// it is put back; an upload of the same bytes makes a new one.
    ///
    /// # Errors
    /// A place that cannot be written.
    pub async fn trash_blob(&self, digest: &ContentDigest, now: u64) -> Result<Option<Trashed>> {
        either!(self, place => place.trash_blob(digest, now).await)
    }

    /// Puts a blob back, durably, and says whether the shelf has it now.
    ///
    /// # Errors
    /// A place that cannot be written.
    pub async fn restore_blob(&self, trashed: &Trashed) -> Result<bool> {
        either!(self, place => place.restore_blob(trashed).await)
    }

    /// Destroys what was trashed, and nothing that has been uploaded or put back since. Says whether it did.
    ///
    /// # Errors
    /// A place that cannot be written.
    pub async fn purge_blob(&self, trashed: &Trashed, now: u64) -> Result<bool> {
        either!(self, place => place.purge_blob(trashed, now).await)
    }

    /// What is in the trash, at most `limit`: what a collector left there that was killed.
    ///
    /// # Errors
    /// A place that cannot be read.
    pub async fn trash(&self, limit: usize) -> Result<Vec<Trashed>> {
        either!(self, place => place.trash(limit).await)
    }

    /// Begins an upload.
    ///
    /// # Errors
    /// A place that cannot be written.
    pub async fn begin_upload(&self) -> Result<UploadId> {
        either!(self, place => place.begin_upload().await)
    }

    /// How many bytes an upload has, if there is one.
    ///
    /// # Errors
    /// A place that cannot be read.
    pub async fn upload_size(&self, id: &UploadId) -> Result<Option<u64>> {
        either!(self, place => place.upload_size(id).await)
    }

    /// Adds a body to an upload that has exactly `offset` bytes, and returns how many it has then. Of a body
    /// that breaks off, what arrived is kept, even if whoever called has gone.
    ///
    /// # Errors
    /// [`ShelfError::NoUpload`]; [`ShelfError::Offset`]; [`ShelfError::Busy`] while somebody else adds to it;
    /// [`ShelfError::Limit`] if it would have more than `limit` bytes; [`ShelfError::Body`]; a full place.
    pub async fn append<B>(&self, id: &UploadId, offset: u64, body: B, limit: u64) -> Result<u64>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        either!(self, place => place.append(id, offset, body, limit).await)
    }

    /// Makes an upload a blob, if its bytes are what `digest` says, and returns its size. The blob is durable
    /// when this returns.
    ///
    /// # Errors
    /// [`ShelfError::Digest`], after which the upload is gone; [`ShelfError::NoUpload`]; [`ShelfError::Busy`].
    pub async fn finish(&self, id: &UploadId, digest: &ContentDigest) -> Result<u64> {
        either!(self, place => place.finish(id, digest).await)
    }

    /// Ends an upload and removes its bytes. Says whether there was one.
    ///
    /// # Errors
    /// [`ShelfError::Busy`] while somebody adds to it; a place that cannot be written.
    pub async fn abort(&self, id: &UploadId) -> Result<bool> {
        either!(self, place => place.abort(id).await)
    }

    /// Uploads that got nothing since `before` (seconds since 1970), at most `limit`. What killed servers
    /// left of writes from before then is removed on the way.
    ///
    /// # Errors
    /// A place that cannot be read.
    pub async fn stale_uploads(&self, before: u64, limit: usize) -> Result<Vec<Stale>> {
        either!(self, place => place.stale_uploads(before, limit).await)
    }
}

impl fmt::Display for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        either!(self, place => fmt::Display::fmt(place, f))
    }
}
