//! Blobs: segments that a pointer names.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::Bucket;
use super::objects::Written;
use super::pointer::{self, Pointer, Segment, State};
use super::reading::Reading;
use crate::server::shelf::error::{Result, ShelfError};
use crate::server::shelf::upload::random_hex;
use crate::server::shelf::{BlobBody, ContentDigest};

/// How often, and how long apart, it is looked whether a blob's destruction is over.
const LOOKS: usize = 50;
const APART: Duration = Duration::from_millis(100);

impl Bucket {
    pub(in crate::server::shelf) async fn blob_size(&self, digest: &ContentDigest) -> Result<Option<u64>> {
        Ok(self.find(digest).await?.map(|pointer| pointer.size()))
    }

    pub(in crate::server::shelf) async fn read_blob(
        &self,
        digest: &ContentDigest,
        range: Range<u64>,
    ) -> Result<BlobBody> {
        let missing = || ShelfError::NoBlob(digest.clone());
        if let Some(pointer) = self.known.get(digest)
            && let Some(body) = Reading::open(&self.objects, &pointer, range.clone()).await?
        {
            return Ok(body);
        }
        let pointer = self.find(digest).await?.ok_or_else(missing)?;
        Reading::open(&self.objects, &pointer, range).await?.ok_or_else(missing)
    }

    pub(in crate::server::shelf) async fn put_blob(
        &self,
        digest: &ContentDigest,
        bytes: Bytes,
    ) -> Result<()> {
        digest.check(ContentDigest::of(digest.algorithm(), &bytes))?;
        if self.find(digest).await?.is_some() {
            return Ok(());
        }
        let segment = Segment { name: random_hex()?, size: bytes.len() as u64 };
        let pointer = Pointer { data: random_hex()?, segments: vec![segment], state: State::Here };
        for segment in &pointer.segments {
            self.objects.put(&pointer::segment(&pointer.data, segment), bytes.clone().into()).await?;
        }
        self.publish(digest, &pointer).await
    }

    /// The pointer of a blob that is on the shelf.
    async fn find(&self, digest: &ContentDigest) -> Result<Option<Arc<Pointer>>> {
        let found = pointer::read(&self.objects, digest).await?;
        let Some((pointer, _)) = found.filter(|(pointer, _)| pointer.state == State::Here) else {
            self.known.forget(digest);
            return Ok(None);
        };
        let pointer = Arc::new(pointer);
        self.known.keep(digest, Arc::clone(&pointer));
        Ok(Some(pointer))
    }

    /// Puts segments on the shelf that have the right bytes. Of two that do so, one's segments stay.
    pub(super) async fn publish(&self, digest: &ContentDigest, ours: &Pointer) -> Result<()> {
        for _ in 0..LOOKS {
            if let Written::Done(_) = pointer::create(&self.objects, digest, ours).await? {
                return Ok(());
            }
            let Some((theirs, tag)) = pointer::read(&self.objects, digest).await? else { continue };
            match theirs.state {
                State::Here => return self.give_way(ours, &theirs).await,
                State::Trashed { .. } => {
                    let back = theirs.in_state(State::Here);
                    if let Written::Done(_) = pointer::change(&self.objects, digest, &back, &tag).await? {
                        return self.give_way(ours, &theirs).await;
                    }
                }
                State::Leaving { .. } => tokio::time::sleep(APART).await,
            }
        }
        Err(ShelfError::Busy(digest.to_string()))
    }

    /// Removes our segments in favour of others with the same bytes. They may be ours: an answer was lost then.
    async fn give_way(&self, ours: &Pointer, theirs: &Pointer) -> Result<()> {
        if ours.data == theirs.data {
            return Ok(());
        }
        pointer::destroy(&self.objects, &ours.data).await
    }
}
