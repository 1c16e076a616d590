//! Whether anybody needs a blob: off the shelf first, then another look.

use std::collections::BTreeSet;

use super::Collection;
use super::notes::Wanted;
use crate::server::depot::{Result, keys};
use crate::server::shelf::ContentDigest;

impl Collection<'_> {
    /// Removes those of the blobs that nothing has an edge to and nobody has asked for lately.
    pub(super) async fn judge(&mut self, blobs: BTreeSet<ContentDigest>) -> Result<()> {
        for blob in blobs {
            if let Some(bytes) = self.judge_one(&blob).await? {
                self.collected.blobs += 1;
                self.collected.bytes += bytes;
            }
        }
        Ok(())
    }

    /// An edge or a note that is written after the second look belongs to somebody who looks for the blob after
    /// that.
    async fn judge_one(&self, blob: &ContentDigest) -> Result<Option<u64>> {
        let wanted = self.wanted(blob).await?;
        if wanted == Wanted::Lately || self.has_edge(blob).await? {
            return Ok(None);
        }
        let shelf = &self.depot.shelf;
        let Some(trashed) = shelf.trash_blob(blob, (self.now)()).await? else { return Ok(None) };
        if self.wanted(blob).await? == wanted && !self.has_edge(blob).await? {
            return Ok(shelf.purge_blob(&trashed, (self.now)()).await?.then_some(trashed.size));
        }
        shelf.restore_blob(&trashed).await?;
        Ok(None)
    }

    pub(super) async fn has_edge(&self, blob: &ContentDigest) -> Result<bool> {
        Ok(!self.depot.shelf.list(&keys::edges(blob)?, None, 1).await?.is_empty())
    }
}
