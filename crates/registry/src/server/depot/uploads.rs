//! Uploads: how a repository comes to have a blob that nobody had.

use std::error::Error;

use bytes::Bytes;
use hyper::body::Body;

use super::{Depot, Result};
use crate::server::names::RepositoryName;
use crate::server::shelf::{ContentDigest, ShelfError, UploadId};

/// An upload that has become a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// What it is.
    pub digest: ContentDigest,
    /// Its bytes.
    pub size: u64,
}

impl Depot {
    /// Begins an upload. Its name is a secret: whoever knows it and may push somewhere may go on with it.
    ///
    /// # Errors
    /// A shelf that cannot be written.
    pub async fn begin(&self) -> Result<UploadId> {
        Ok(self.shelf.begin_upload().await?)
    }

    /// How many bytes an upload has.
    ///
    /// # Errors
    /// [`ShelfError::NoUpload`], and a shelf that cannot be read.
    pub async fn upload_size(&self, id: &UploadId) -> Result<u64> {
        let size = self.shelf.upload_size(id).await?;
        size.ok_or_else(|| ShelfError::NoUpload(id.clone()).into())
    }

    /// Adds a body to an upload that has exactly `offset` bytes, and returns how many it has then.
    ///
    /// # Errors
    /// As from [`super::super::shelf::Shelf::append`].
    pub async fn append<B>(&self, id: &UploadId, offset: u64, body: B, limit: u64) -> Result<u64>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        Ok(self.shelf.append(id, offset, body, limit).await?)
    }

    /// Makes an upload a blob of a repository. All of it is durable when this returns.
    ///
    /// # Errors
    /// [`ShelfError::Digest`], after which the upload is gone; what a site's rules refuse; a shelf that cannot
    /// be written.
    pub async fn finish(
        &self,
        name: &RepositoryName,
        id: &UploadId,
        digest: &ContentDigest,
        now: u64,
    ) -> Result<Finished> {
        // Before the blob is there: a server that is killed between the two leaves nothing that nobody finds.
        self.note_garbage(name, digest, now).await?;
        let size = self.shelf.finish(id, digest).await?;
        self.gain(name, digest, size, now).await?;
        Ok(Finished { digest: digest.clone(), size })
    }

    /// Gives an upload up.
    ///
    /// # Errors
    /// [`ShelfError::NoUpload`], and a shelf that cannot be written.
    pub async fn abort(&self, id: &UploadId) -> Result<()> {
        match self.shelf.abort(id).await? {
            true => Ok(()),
            false => Err(ShelfError::NoUpload(id.clone()).into()),
        }
    }
}
