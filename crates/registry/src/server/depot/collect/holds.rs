//! Repositories' holds on blobs: they go when no manifest of the repository has an edge to the blob.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::edges::Gathered;
use super::notes::{Wanted, wanted};
use super::{Collection, together};
use crate::server::depot::policy::Change;
use crate::server::depot::records::BlobRecord;
use crate::server::depot::{Depot, Result, keys};
use crate::server::names::RepositoryName;
use crate::server::shelf::{ContentDigest, Key};

/// A repository and the blob that it holds.
type Hold = (RepositoryName, ContentDigest);

impl Collection<'_> {
    pub(super) async fn remove_holds(&self, gathered: &Gathered) -> Result<()> {
        let mut holds = BTreeMap::new();
        for hold in self.loose(gathered.holds.iter().cloned().collect()).await? {
            holds.insert(keys::blob(&hold.0, &hold.1)?, hold);
        }
        let mut removed: BTreeMap<Key, Bytes> = self.remove(holds.keys()).await?.into_iter().collect();
        holds.retain(|key, _| removed.contains_key(key));
        let mut gone = Vec::new();
        for (name, digest) in self.loose(holds.into_values().collect()).await? {
            if let Some(bytes) = removed.remove(&keys::blob(&name, &digest)?) {
                gone.push((name, digest, bytes));
            }
        }
        // What is left is needed by now.
        self.depot.shelf.put_all(removed.into_iter().collect()).await?;
        self.keep_removed().await?;
        for (name, digest, bytes) in &gone {
            if let Ok(BlobRecord { size, .. }) = serde_json::from_slice(bytes) {
                self.depot.policy.allow(name, Change::Lose { digest, size }).await?;
            }
        }
        Ok(())
    }

    /// Those of the holds that nothing asks for.
    async fn loose(&self, holds: Vec<Hold>) -> Result<Vec<Hold>> {
        let before = self.before();
        let loose = together(holds, |hold| loose(self.depot.clone(), hold, before)).await?;
        Ok(loose.into_iter().flatten().collect())
    }
}

/// The hold if nothing in its repository has an edge to the blob, and nobody has asked for the blob lately.
async fn loose(depot: Depot, (name, blob): Hold, before: u64) -> Result<Option<Hold>> {
    let prefix = keys::edge_prefix(&name);
    let first = depot.shelf.list(&keys::edges(&blob)?, Some(&prefix), 1).await?;
    let needed = first.first().is_some_and(|edge| edge.starts_with(&prefix));
    if needed || wanted(&depot, &blob, before).await? == Wanted::Lately {
        return Ok(None);
    }
    Ok(Some((name, blob)))
}
