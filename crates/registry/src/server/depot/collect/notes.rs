//! Notes of what may be garbage, batch by batch.

use bytes::Bytes;

use super::Collection;
use crate::server::depot::records::{self, GarbageRecord};
use crate::server::depot::{Depot, Result, keys};
use crate::server::names::RepositoryName;
use crate::server::shelf::{Algorithm, ContentDigest, Key};

pub(super) const ALGORITHMS: [Algorithm; 2] = [Algorithm::Sha256, Algorithm::Sha512];

/// How many notes are worked on together: a flush costs the same for one and for many.
const BATCH: usize = 512;

/// A note that is old enough, as it was read.
#[derive(Debug, Clone)]
pub(super) struct Found {
    key: Key,
    bytes: Bytes,
    pub(super) digest: ContentDigest,
    /// Who left it.
    pub(super) repositories: Vec<RepositoryName>,
}

/// One batch of notes.
pub(super) struct Batch {
    pub(super) found: Vec<Found>,
    /// After which the next one begins; nothing after the last.
    pub(super) last: Option<String>,
}

/// Whether somebody has left a note about a blob within the grace, by uploading it or asking for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Nobody has; what the note said, if there is one.
    Since(Option<Bytes>),
    /// Somebody has.
    Lately,
}

impl Collection<'_> {
    /// The notes after `after` that are older than the grace; the others are counted.
    pub(super) async fn notes(&mut self, algorithm: Algorithm, after: Option<&str>) -> Result<Batch> {
        let at = keys::all_garbage(algorithm)?;
        let names = self.depot.shelf.list(&at, after, BATCH).await?;
        let mut batch = Batch { found: Vec::with_capacity(names.len()), last: names.last().cloned() };
        for name in names {
            let Ok(digest) = ContentDigest::from_parts(algorithm.name(), &name) else { continue };
            let key = at.join(&name)?;
            let Some(small) = self.depot.shelf.get(&key).await? else { continue };
            let note: GarbageRecord = records::read(&key, &small)?;
            let repositories = note.repositories.iter().filter_map(|name| name.parse().ok()).collect();
            match note.when > self.before() {
                true => self.collected.waiting += 1,
                false => batch.found.push(Found { key, bytes: small.bytes, digest, repositories }),
            }
        }
        Ok(batch)
    }

    /// What the note about a blob says at this moment.
    pub(super) async fn wanted(&self, digest: &ContentDigest) -> Result<Wanted> {
        wanted(self.depot, digest, self.before()).await
    }

    /// Throws away the notes that still say what they said.
    pub(super) async fn forget(&self, notes: &[Found]) -> Result<()> {
        let mut keys = Vec::with_capacity(notes.len());
        for Found { key, bytes, .. } in notes {
            if self.depot.shelf.get(key).await?.is_some_and(|small| small.bytes == *bytes) {
                keys.push(key.clone());
            }
        }
        Ok(self.depot.shelf.delete_all(keys).await?)
    }
}

/// What the note about a blob says, if it was written after `before`: otherwise nobody has wanted it lately.
pub(super) async fn wanted(depot: &Depot, digest: &ContentDigest, before: u64) -> Result<Wanted> {
    let key = keys::garbage(digest)?;
    let Some(small) = depot.shelf.get(&key).await? else { return Ok(Wanted::Since(None)) };
    let note: GarbageRecord = records::read(&key, &small)?;
    Ok(if note.when > before { Wanted::Lately } else { Wanted::Since(Some(small.bytes)) })
}
