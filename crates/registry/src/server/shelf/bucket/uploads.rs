//! Uploads: an object that says which segments have come.

use std::error::Error;

use bytes::Bytes;
use hyper::body::Body;
use serde::{Deserialize, Serialize};

use super::objects::{Objects, Tag, Written, next};
use super::pointer::{self, Pointer, Segment, State};
use super::writing::Writing;
use super::{Bucket, Held};
use crate::server::shelf::digest::Hashing;
use crate::server::shelf::error::{Result, ShelfError};
use crate::server::shelf::pump::{Sink as _, join, pump};
use crate::server::shelf::{Algorithm, ContentDigest, Stale, UploadId};

/// What an upload's object says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Progress {
    pub(super) segments: Vec<Segment>,
    /// The digest of the blob that it is being made, after which nothing is added.
    pub(super) finishing: Option<String>,
}

impl Bucket {
    pub(in crate::server::shelf) async fn begin_upload(&self) -> Result<UploadId> {
        let (id, progress) = (UploadId::random()?, Progress { segments: Vec::new(), finishing: None });
        let name = name(&id);
        self.objects.put(&name, pointer::json(&name, &progress)?.into()).await?;
        self.running.keep(id.clone(), 0, Hashing::new(Algorithm::Sha256));
        Ok(id)
    }

    pub(in crate::server::shelf) async fn upload_size(&self, id: &UploadId) -> Result<Option<u64>> {
        let progress = read(&self.objects, id).await?;
        Ok(progress.map(|(progress, _)| pointer::size(&progress.segments)))
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
        let held = self.hold(id)?;
        let (progress, tag) = self.unfinished(id).await?;
        let has = pointer::size(&progress.segments);
        if has != offset {
            return Err(ShelfError::Offset { offset, has });
        }
        let hashing = self.running.take(id, offset);
        let writing = Writing::new(self.objects.clone(), id.clone(), progress, tag, hashing);
        let running = self.running.clone();
        // A task of its own, so that what has arrived is written even if the caller is dropped.
        let pumped = tokio::spawn(async move {
            let Held { id, .. } = &held;
            let (writing, ended) = pump(writing, body, limit).await?;
            let size = writing.size();
            if let Some(hashing) = writing.into_hashing() {
                running.keep(id.clone(), size, hashing);
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
        let _held = self.hold(id)?;
        let (progress, tag) = self.unfinished(id).await?;
        let size = pointer::size(&progress.segments);
        let running = self.running.take(id, size);
        let hashed = match running.filter(|hashing| hashing.algorithm() == digest.algorithm()) {
            Some(hashing) => hashing.finish(),
            None => hash(&self.objects, id, &progress.segments, digest.algorithm()).await?,
        };
        let finishing = Progress { finishing: Some(digest.to_string()), ..progress };
        match write(&self.objects, id, &finishing, &tag).await? {
            Written::Done(_) => {}
            Written::Refused => return Err(ShelfError::Busy(id.to_string())),
        }
        if let Err(wrong) = digest.check(hashed) {
            self.remove(id).await?;
            return Err(wrong);
        }
        let blob = Pointer { data: id.to_string(), segments: finishing.segments, state: State::Here };
        self.publish(digest, &blob).await?;
        self.objects.delete(&name(id)).await?;
        Ok(size)
    }

    pub(in crate::server::shelf) async fn abort(&self, id: &UploadId) -> Result<bool> {
        let _held = self.hold(id)?;
        let Some((progress, tag)) = read(&self.objects, id).await? else { return Ok(false) };
        self.running.forget(id);
        let Some(digest) = &progress.finishing else {
            let given_up = Progress { finishing: Some(String::new()), ..progress };
            if write(&self.objects, id, &given_up, &tag).await? == Written::Refused {
                return Err(ShelfError::Busy(id.to_string()));
            }
            return self.remove(id).await.map(|()| true);
        };
        // A server was killed while it finished this one; the blob may be there.
        let blob = match digest.parse() {
            Ok(digest) => pointer::read(&self.objects, &digest).await?,
            Err(_) => None,
        };
        if blob.is_some_and(|(blob, _)| blob.data == id.as_str()) {
            self.objects.delete(&name(id)).await?;
        } else {
            self.remove(id).await?;
        }
        Ok(true)
    }

    pub(in crate::server::shelf) async fn stale_uploads(
        &self,
        before: u64,
        limit: usize,
    ) -> Result<Vec<Stale>> {
        let mut stale = Vec::new();
        for (name, object) in self.objects.all("uploads", usize::MAX).await? {
            let when = u64::try_from(object.last_modified.timestamp()).unwrap_or(0);
            let id = name.rsplit('/').next().and_then(|id| id.parse().ok());
            let Some(id) = id.filter(|_| when < before && stale.len() < limit) else { continue };
            if let Some((progress, _)) = read(&self.objects, &id).await? {
                stale.push(Stale { id, size: pointer::size(&progress.segments), when });
            }
        }
        Ok(stale)
    }

    /// An upload that can still be added to.
    async fn unfinished(&self, id: &UploadId) -> Result<(Progress, Tag)> {
        let found = read(&self.objects, id).await?.filter(|(progress, _)| progress.finishing.is_none());
        found.ok_or_else(|| ShelfError::NoUpload(id.clone()))
    }

    async fn remove(&self, id: &UploadId) -> Result<()> {
        pointer::destroy(&self.objects, id.as_str()).await?;
        self.objects.delete(&name(id)).await
    }
}

fn name(id: &UploadId) -> String {
    format!("uploads/{id}")
}

async fn read(objects: &Objects, id: &UploadId) -> Result<Option<(Progress, Tag)>> {
    pointer::read_json(objects, &name(id)).await
}

/// Writes down how far an upload is. Refused means that it is not what `tag` was; a lost answer does not.
pub(super) async fn write(
    objects: &Objects,
    id: &UploadId,
    progress: &Progress,
    tag: &Tag,
) -> Result<Written> {
    let name = name(id);
    let written = objects.put_over(&name, pointer::json(&name, progress)?.into(), tag).await?;
    if let Written::Refused = written
        && let Some((now, tag)) = read(objects, id).await?
        && now == *progress
        && !progress.segments.is_empty()
        && progress.finishing.is_none()
    {
        return Ok(Written::Done(tag));
    }
    Ok(written)
}

async fn hash(
    objects: &Objects,
    id: &UploadId,
    segments: &[Segment],
    algorithm: Algorithm,
) -> Result<ContentDigest> {
    let mut hashing = Hashing::new(algorithm);
    for segment in segments {
        let name = pointer::segment(id.as_str(), segment);
        let opened = objects.open(&name, None).await?;
        let gone = || ShelfError::Damaged { what: name.clone(), why: "it is gone".to_owned() };
        let mut pieces = opened.ok_or_else(gone)?.into_stream();
        while let Some(piece) = next(&mut pieces).await {
            hashing.update(&piece.map_err(|error| super::objects::failed("read", &name, error))?);
        }
    }
    Ok(hashing.finish())
}
