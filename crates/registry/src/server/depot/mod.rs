//! The depot: repositories, their blobs, manifests and tags, as records on a shelf.
//!
//! A blob is on the shelf once; which repositories have it is written in each of them. What keeps a blob is
//! an edge, `references/ALGORITHM/HE/HEX/REPOSITORY@MANIFEST`, one for every blob and manifest that a repository's
//! manifest needs and one for the manifest itself. Edges are written before a manifest is, and looked at again
//! after it: whoever collects garbage at the same moment removes an edge first and looks for its manifest
//! afterwards, so that one of the two sees the other. Deleting a manifest removes its record and notes it under
//! `garbage/`; its edges, which say then what is not so, are the collector's to remove.

mod error;
mod keys;
mod edge;
mod records;
mod policy;
mod cache;
mod document;
mod blobs;
mod uploads;
mod condition;
mod manifests;
mod tags;
mod referrers;
mod repositories;
pub mod rules;
mod kept;
mod retain;
mod collect;
mod stats;
mod verify;

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use collect::{Clock, Collected, Mode};
pub use condition::{Condition, Meanings};
pub use document::{Document, MANIFEST_LIMIT, Referrer};
pub use error::{DepotError, Result};
pub use kept::Kept;
pub use manifests::{Manifest, Naming};
pub use policy::{Answer, Anything, Change, Policy};
pub use records::{BlobRecord, GarbageRecord, ManifestRecord, TagRecord, Written};
pub use retain::{Expired, Removal, Removals};
pub use stats::{Stats, Usage};
pub use uploads::Finished;
pub use verify::{Finding, Repair, Verified};

use self::edge::Edge;
use super::names::RepositoryName;
use super::shelf::{ContentDigest, Key, Put, Shelf, When};
use cache::Cache;

/// How often a note is written again because somebody else was faster.
const TRIES: usize = 100;

/// Repositories on a shelf. Cheap to clone.
#[derive(Clone)]
pub struct Depot {
    shelf: Shelf,
    policy: Arc<dyn Policy>,
    /// Manifests by digest: what hashes to one never changes, and whether a repository has it is asked apart.
    manifests: Arc<Cache>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// In order.
    pub items: Vec<T>,
    /// After which the next page goes on, if there is one.
    pub next: Option<String>,
}

impl Depot {
    /// What is on a shelf, under a site's rules.
    #[must_use]
    pub fn new(shelf: Shelf, policy: Arc<dyn Policy>) -> Self {
        Self { shelf, policy, manifests: Arc::new(Cache::default()) }
    }

    /// The shelf beneath.
    #[must_use]
    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    async fn record<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>> {
        match self.shelf.get(key).await? {
            Some(small) => records::read(key, &small).map(Some),
            None => Ok(None),
        }
    }

    async fn edge(&self, key: &Key) -> Result<Option<Edge>> {
        self.shelf.get(key).await?.map(|small| Edge::read(key, &small)).transpose()
    }

    async fn write<T: Serialize>(&self, key: &Key, record: &T) -> Result<()> {
        self.shelf.put(key, records::write(key, record)?, When::Always).await?;
        Ok(())
    }

    /// Notes that a blob may be garbage, from now on. Whoever noted the same before is not forgotten.
    async fn note_garbage(&self, name: &RepositoryName, digest: &ContentDigest, now: u64) -> Result<()> {
        let key = keys::garbage(digest)?;
        for _ in 0..TRIES {
            let (mut note, when) = match self.shelf.get(&key).await? {
                None => (GarbageRecord::default(), When::Absent),
                Some(small) => (records::read(&key, &small)?, When::Unchanged(small.version)),
            };
            note.when = note.when.max(now);
            note.repositories.insert(name.to_string());
            if let Put::Done(_) = self.shelf.put(&key, records::write(&key, &note)?, when).await? {
                return Ok(());
            }
        }
        Err(DepotError::Contended(digest.to_string()))
    }
}
