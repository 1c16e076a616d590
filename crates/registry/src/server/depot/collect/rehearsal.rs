//! What a collection would remove, without removing any of it.

use std::collections::BTreeSet;

use super::Collection;
use super::notes::ALGORITHMS;
use crate::server::depot::{Result, keys};
use crate::server::shelf::ContentDigest;

impl Collection<'_> {
    pub(super) async fn rehearse(&mut self) -> Result<()> {
        let (mut going, mut blobs) = (BTreeSet::new(), BTreeSet::new());
        for algorithm in ALGORITHMS {
            let mut after = None;
            loop {
                let batch = self.notes(algorithm, after.as_deref()).await?;
                let mut notes = batch.found.into_iter().peekable();
                while notes.peek().is_some() {
                    let gathered = self.gather(&mut notes).await?;
                    going.extend(gathered.edges.into_keys());
                    blobs.extend(gathered.blobs);
                }
                after = batch.last;
                if after.is_none() {
                    break;
                }
            }
        }
        for blob in blobs {
            self.rehearse_judgement(&blob, &going).await?;
        }
        Ok(())
    }

    async fn rehearse_judgement(
        &mut self,
        blob: &ContentDigest,
        going: &BTreeSet<crate::server::shelf::Key>,
    ) -> Result<()> {
        let at = keys::edges(blob)?;
        let edges = self.depot.shelf.list(&at, None, going.len() + 1).await?;
        for edge in edges {
            if !going.contains(&at.join(&edge)?) {
                return Ok(());
            }
        }
        if self.wanted(blob).await? == super::notes::Wanted::Lately {
            return Ok(());
        }
        if let Some(size) = self.depot.shelf.blob_size(blob).await? {
            self.collected.blobs += 1;
            self.collected.bytes += size;
        }
        Ok(())
    }
}
