//! Whether anybody needs a blob: off the shelf first, then another look.

use std::collections::BTreeSet;

use super::notes::{Wanted, wanted};
use super::{Collection, together};
use crate::server::depot::{Depot, Result, keys};
use crate::server::shelf::ContentDigest;

impl Collection<'_> {
    /// Removes those of the blobs that nothing has an edge to and nobody has asked for lately.
    pub(super) async fn judge(&mut self, blobs: BTreeSet<ContentDigest>) -> Result<()> {
        let (now, before) = ((self.now)(), self.before());
        let judged = together(blobs, |blob| judge(self.depot.clone(), blob, now, before)).await?;
        for bytes in judged.into_iter().flatten() {
            self.collected.blobs += 1;
            self.collected.bytes += bytes;
        }
        Ok(())
    }
}

/// An edge or a note that is written after the second look belongs to somebody who looks for the blob after
/// that.
async fn judge(depot: Depot, blob: ContentDigest, now: u64, before: u64) -> Result<Option<u64>> {
    let was_wanted = wanted(&depot, &blob, before).await?;
    if was_wanted == Wanted::Lately || has_edge(&depot, &blob).await? {
        return Ok(None);
    }
    let Some(trashed) = depot.shelf.trash_blob(&blob, now).await? else { return Ok(None) };
    if wanted(&depot, &blob, before).await? == was_wanted && !has_edge(&depot, &blob).await? {
        return Ok(depot.shelf.purge_blob(&trashed, now).await?.then_some(trashed.size));
    }
    depot.shelf.restore_blob(&trashed).await?;
    Ok(None)
}

pub(super) async fn has_edge(depot: &Depot, blob: &ContentDigest) -> Result<bool> {
    Ok(!depot.shelf.list(&keys::edges(blob)?, None, 1).await?.is_empty())
}
