//! Repositories' holds on blobs: they go when no manifest of the repository has an edge to the blob.

use super::Collection;
use super::edges::Gathered;
use super::notes::Wanted;
use crate::server::depot::policy::Change;
use crate::server::depot::records::BlobRecord;
use crate::server::depot::{Result, keys};
use crate::server::names::RepositoryName;
use crate::server::shelf::ContentDigest;

impl Collection<'_> {
    pub(super) async fn remove_holds(&self, gathered: &Gathered) -> Result<()> {
        let mut holds = Vec::new();
        for (name, blob) in &gathered.holds {
            if self.may_let_go(name, blob).await? {
                holds.push((keys::blob(name, blob)?, name, blob));
            }
        }
        let removed = self.remove(holds.iter().map(|(key, _, _)| key)).await?;
        let (mut back, mut gone) = (Vec::new(), Vec::new());
        for (key, bytes) in removed {
            let Some((_, name, blob)) = holds.iter().find(|(held, _, _)| *held == key) else { continue };
            match self.may_let_go(name, blob).await? {
                true => gone.push((*name, *blob, bytes)),
                false => back.push((key, bytes)),
            }
        }
        self.depot.shelf.put_all(back).await?;
        self.keep_removed().await?;
        for (name, digest, bytes) in gone {
            if let Ok(BlobRecord { size, .. }) = serde_json::from_slice(&bytes) {
                self.depot.policy.allow(name, Change::Lose { digest, size }).await?;
            }
        }
        Ok(())
    }

    /// Whether nothing in a repository has an edge to a blob, and nobody has asked for it lately.
    async fn may_let_go(&self, name: &RepositoryName, blob: &ContentDigest) -> Result<bool> {
        let prefix = keys::edge_prefix(name);
        let first = self.depot.shelf.list(&keys::edges(blob)?, Some(&prefix), 1).await?;
        let needed = first.first().is_some_and(|edge| edge.starts_with(&prefix));
        Ok(!needed && self.wanted(blob).await? != Wanted::Lately)
    }
}
