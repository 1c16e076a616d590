//! Writing an upload: a segment is sent to the store while the next one arrives.

use bytes::Bytes;
use object_store::PutPayload;
use tokio::task::JoinHandle;

use super::objects::{Objects, Tag, Written};
use super::pointer::{self, Segment};
use super::uploads::{Progress, write};
use crate::server::shelf::UploadId;
use crate::server::shelf::digest::Hashing;
use crate::server::shelf::error::{Result, ShelfError};
use crate::server::shelf::pump::Sink;
use crate::server::shelf::upload::random_hex;

/// A last segment shorter than this is written again with what comes, so that uploads in tiny chunks do not
/// become thousands of objects.
const SHORT: u64 = 1024 * 1024;

/// An upload's progress, as it was last written down.
pub(super) struct Writing {
    objects: Objects,
    id: UploadId,
    progress: Progress,
    tag: Tag,
    hashing: Option<Hashing>,
}

impl Writing {
    pub(super) fn new(
        objects: Objects,
        id: UploadId,
        progress: Progress,
        tag: Tag,
        hashing: Option<Hashing>,
    ) -> Self {
        Self { objects, id, progress, tag, hashing }
    }

    pub(super) fn into_hashing(self) -> Option<Hashing> {
        self.hashing
    }

    async fn add(mut self, batch: Vec<Bytes>) -> (Self, Result<()>) {
        let added = self.try_add(batch).await;
        if added.is_err() {
            self.hashing = None;
        }
        (self, added)
    }

    /// Writes a segment, then that the upload has it. What it replaces is removed at the end.
    async fn try_add(&mut self, mut batch: Vec<Bytes>) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        if let Some(hashing) = &mut self.hashing {
            batch.iter().for_each(|piece| hashing.update(piece));
        }
        let mut progress = self.progress.clone();
        let short = progress.segments.pop_if(|last| last.size < SHORT);
        if let Some(short) = &short {
            batch.insert(0, self.read(short).await?);
        }
        let size = batch.iter().map(|piece| piece.len() as u64).sum();
        let segment = Segment { name: random_hex()?, size };
        let payload: PutPayload = batch.into_iter().collect();
        self.objects.put(&self.name(&segment), payload).await?;
        progress.segments.push(segment.clone());
        match write(&self.objects, &self.id, &progress, &self.tag).await? {
            Written::Done(tag) => (self.progress, self.tag) = (progress, tag),
            Written::Refused => {
                self.objects.delete(&self.name(&segment)).await?;
                return Err(ShelfError::Busy(self.id.to_string()));
            }
        }
        match short {
            Some(short) => self.objects.delete(&self.name(&short)).await,
            None => Ok(()),
        }
    }

    async fn read(&self, segment: &Segment) -> Result<Bytes> {
        let name = self.name(segment);
        let read = self.objects.get(&name, SHORT).await?;
        let (bytes, _) = read.ok_or_else(|| ShelfError::NoUpload(self.id.clone()))?;
        Ok(bytes)
    }

    fn name(&self, segment: &Segment) -> String {
        pointer::segment(self.id.as_str(), segment)
    }
}

impl Sink for Writing {
    /// How long a segment is.
    const BATCH: usize = 8 * 1024 * 1024;
    const PIECES: usize = 64 * 1024;

    fn size(&self) -> u64 {
        pointer::size(&self.progress.segments)
    }

    fn start(self, batch: Vec<Bytes>) -> JoinHandle<(Self, Result<()>)> {
        tokio::spawn(self.add(batch))
    }
}
