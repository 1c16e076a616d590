//! Removing records that may turn out to be needed: what is removed is written down first, and put back by the
//! next collector if this one is killed before it could look again.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::Collection;
use super::edges::Gathered;
use crate::server::depot::{Result, keys};
use crate::server::shelf::{Key, When};

/// What is being removed.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Removing {
    records: Vec<Record>,
}

/// A record: where it is and what it says, which is JSON.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    key: String,
    text: String,
}

impl Collection<'_> {
    /// Removes the edges, and puts those of manifests that are there by now where they were.
    pub(super) async fn remove_edges(&self, gathered: &Gathered) -> Result<()> {
        let removed = self.remove(gathered.edges.keys()).await?;
        let mut there = BTreeSet::new();
        for manifest in gathered.edges.values().collect::<BTreeSet<_>>() {
            if self.depot.shelf.get(manifest).await?.is_some() {
                there.insert(manifest);
            }
        }
        let needed = |edge: &Key| gathered.edges.get(edge).is_some_and(|manifest| there.contains(manifest));
        let back = removed.into_iter().filter(|(edge, _)| needed(edge)).collect();
        self.depot.shelf.put_all(back).await?;
        self.keep_removed().await
    }

    /// Removes records, of which it returns what they said. Until [`Self::keep_removed`] they are put back
    /// should this process end.
    pub(super) async fn remove<'k>(&self, keys: impl Iterator<Item = &'k Key>) -> Result<Vec<(Key, Bytes)>> {
        let mut removed = Vec::new();
        for key in keys {
            if let Some(small) = self.depot.shelf.get(key).await? {
                removed.push((key.clone(), small.bytes));
            }
        }
        if removed.is_empty() {
            return Ok(removed);
        }
        let record = |(key, bytes): &(Key, Bytes)| Record {
            key: key.to_string(),
            text: String::from_utf8_lossy(bytes).into_owned(),
        };
        let removing = Removing { records: removed.iter().map(record).collect() };
        self.depot.write(&keys::removing()?, &removing).await?;
        self.depot.shelf.delete_all(removed.iter().map(|(key, _)| key.clone()).collect()).await?;
        Ok(removed)
    }

    /// What was removed stays so, whatever happens.
    pub(super) async fn keep_removed(&self) -> Result<()> {
        self.depot.shelf.delete(&keys::removing()?).await?;
        Ok(())
    }

    /// Puts back what a collector was removing that was killed. Its notes are still there, so that what is
    /// garbage is looked at again.
    pub(super) async fn put_back(&self) -> Result<()> {
        let Some(removing): Option<Removing> = self.depot.record(&keys::removing()?).await? else {
            return Ok(());
        };
        for Record { key, text } in removing.records {
            self.depot.shelf.put(&Key::new(&[&key])?, text.into(), When::Absent).await?;
        }
        self.keep_removed().await
    }
}
