//! A shelf in a bucket of an S3-compatible object store.
//!
//! ```text
//! records/KEY       small records
//! blobs/sha256/HEX  a pointer: which segments are the blob, and whether it is on the shelf
//! data/ID/N         segments of a blob or an upload, written once
//! uploads/ID        an upload: the segments that it has
//! trash/sha256/HEX  a note that the blob's pointer says it is in the trash
//! ```
//!
//! Segments become a blob when a pointer names them, so no byte is copied when an upload is finished or a blob
//! put back. Pointers and uploads change only on the condition that they are what was read, which is all that
//! servers have to agree on. A server that is killed leaves at most segments that nothing names; they go with
//! the upload or the blob that they belong to.

mod blobs;
mod connector;
mod objects;
mod pointer;
mod reading;
mod records;
mod settings;
mod trash;
mod uploads;
mod writing;

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex};

pub(super) use reading::Reading;
pub use settings::{Addressing, BucketSettings, Plain};

use super::UploadId;
use super::error::{Result, ShelfError};
use super::running::Running;
use super::upload::random_hex;
use objects::{Objects, Written};
use pointer::Known;

/// A bucket, or what begins with a prefix in it, as a shelf.
#[derive(Debug, Clone)]
pub struct Bucket {
    objects: Objects,
    running: Running,
    known: Known,
    held: Arc<Mutex<HashSet<UploadId>>>,
}

impl Bucket {
    /// Connects, and looks whether the store keeps the conditions that everything here rests on.
    pub(super) async fn open(settings: &BucketSettings) -> Result<Self> {
        let objects = Objects::new(settings)?;
        probe(&objects).await?;
        Ok(Self { objects, running: Running::default(), known: Known::default(), held: Arc::default() })
    }

    /// Changes an upload that no other task of this server changes.
    fn hold(&self, id: &UploadId) -> Result<Held> {
        let busy = || ShelfError::Busy(id.to_string());
        let mut held = self.held.lock().map_err(|_| busy())?;
        if !held.insert(id.clone()) {
            return Err(busy());
        }
        Ok(Held { id: id.clone(), all: Arc::clone(&self.held) })
    }
}

/// The right to change an upload, until this is dropped.
struct Held {
    id: UploadId,
    all: Arc<Mutex<HashSet<UploadId>>>,
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Ok(mut held) = self.all.lock() {
            held.remove(&self.id);
        }
    }
}

/// Some stores ignore conditions that they do not know. There two servers would overwrite each other.
async fn probe(objects: &Objects) -> Result<()> {
    let at = format!("probe/{}", random_hex()?);
    let Written::Done(first) = objects.put_new(&at, "1".into()).await? else {
        return Err(objects.unfit("an object was there before it was written"));
    };
    let again = objects.put_new(&at, "2".into()).await?;
    let changed = objects.put_over(&at, "3".into(), &first).await?;
    let stale = objects.put_over(&at, "4".into(), &first).await?;
    objects.delete(&at).await?;
    match (again, changed, stale) {
        (Written::Refused, Written::Done(_), Written::Refused) => Ok(()),
        _ => Err(objects.unfit("it ignores conditions (If-None-Match, If-Match) when an object is written")),
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.objects.fmt(f)
    }
}
