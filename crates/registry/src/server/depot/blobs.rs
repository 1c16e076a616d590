//! Blobs of repositories: had, read, mounted from one another, given up.

use std::ops::Range;

use super::edge::Edge;
use super::policy::Change;
use super::records::{BlobRecord, GarbageRecord};
use super::{Depot, DepotError, Result, keys};
use crate::server::names::RepositoryName;
use crate::server::shelf::{BlobBody, ContentDigest};

/// How old a note is that is renewed, in seconds: half of the shortest grace.
const RENEWAL: u64 = 10 * 60;

/// How many edges are looked at together.
const EDGES: usize = 100;

impl Depot {
    /// A blob's size, if the repository has it.
    ///
    /// # Errors
    /// [`DepotError::NoBlob`], and a shelf that cannot be read.
    pub async fn blob(&self, name: &RepositoryName, digest: &ContentDigest) -> Result<u64> {
        let unknown = || DepotError::NoBlob(digest.clone());
        self.shelf.get(&keys::blob(name, digest)?).await?.ok_or_else(unknown)?;
        self.shelf.blob_size(digest).await?.ok_or_else(unknown)
    }

    /// A part of a blob that [`Depot::blob`] has found.
    ///
    /// # Errors
    /// A shelf that cannot be read, or no longer has it.
    pub async fn read_blob(&self, digest: &ContentDigest, range: Range<u64>) -> Result<BlobBody> {
        Ok(self.shelf.read_blob(digest, range).await?)
    }

    /// Gives a repository a blob that another one has, and says whether that one has it. The caller has checked
    /// that whoever asks may pull from there.
    ///
    /// # Errors
    /// What a site's rules refuse; a shelf that cannot be written.
    pub async fn mount(
        &self,
        from: &RepositoryName,
        name: &RepositoryName,
        digest: &ContentDigest,
        now: u64,
    ) -> Result<bool> {
        match self.blob(from, digest).await {
            Err(DepotError::NoBlob(_)) => return Ok(false),
            found => drop(found?),
        }
        self.note_garbage(name, digest, now).await?;
        // After the note: a collector that takes the blob now sees it, and puts the blob back.
        match self.find(digest).await? {
            Some(size) => self.gain(name, digest, size, now).await.map(|()| true),
            None => Ok(false),
        }
    }

    /// Takes a blob from a repository, unless one of its manifests needs it.
    ///
    /// # Errors
    /// [`DepotError::NoBlob`], [`DepotError::InUse`], and a shelf that cannot be written.
    pub async fn delete_blob(&self, name: &RepositoryName, digest: &ContentDigest, now: u64) -> Result<()> {
        let key = keys::blob(name, digest)?;
        let record: BlobRecord =
            self.record(&key).await?.ok_or_else(|| DepotError::NoBlob(digest.clone()))?;
        self.refuse_if_needed(name, digest).await?;
        self.note_garbage(name, digest, now).await?;
        self.shelf.delete(&key).await?;
        // A manifest that came in between has seen the blob, and is seen here.
        if let Err(needed) = self.refuse_if_needed(name, digest).await {
            self.write(&key, &record).await?;
            return Err(needed);
        }
        self.policy.allow(name, Change::Lose { digest, size: record.size }).await
    }

    /// Lets a blob that a repository has, and that may be garbage, stay for another time of grace: when somebody who
    /// may push is told that it is there, and before it is looked for.
    ///
    /// # Errors
    /// A shelf that cannot be written.
    pub async fn renew(&self, name: &RepositoryName, digest: &ContentDigest, now: u64) -> Result<()> {
        // Of what others have, nobody learns anything by this, not even how long it takes.
        if self.shelf.get(&keys::blob(name, digest)?).await?.is_none() {
            return Ok(());
        }
        let note: Option<GarbageRecord> = self.record(&keys::garbage(digest)?).await?;
        match note {
            Some(note) if note.when.saturating_add(RENEWAL) <= now => {
                self.note_garbage(name, digest, now).await
            }
            _ => Ok(()),
        }
    }

    /// Writes down that a repository has a blob, which has been noted as garbage in case no manifest comes to
    /// need it.
    pub(super) async fn gain(
        &self,
        name: &RepositoryName,
        digest: &ContentDigest,
        size: u64,
        now: u64,
    ) -> Result<()> {
        let key = keys::blob(name, digest)?;
        if self.shelf.get(&key).await?.is_none() {
            self.policy.allow(name, Change::Gain { digest, size }).await?;
        }
        self.write(&key, &BlobRecord { size, when: now }).await
    }

    async fn refuse_if_needed(&self, name: &RepositoryName, digest: &ContentDigest) -> Result<()> {
        match self.needed_by(name, digest).await? {
            Some(manifest) => Err(DepotError::InUse { blob: digest.clone(), manifest }),
            None => Ok(()),
        }
    }

    /// A manifest of the repository that needs a blob. Edges of manifests that are gone do not count.
    pub(crate) async fn needed_by(
        &self,
        name: &RepositoryName,
        digest: &ContentDigest,
    ) -> Result<Option<ContentDigest>> {
        let (edges, prefix) = (keys::edges(digest)?, keys::edge_prefix(name));
        let mut after = prefix.clone();
        loop {
            let names = self.shelf.list(&edges, Some(&after), EDGES).await?;
            for edge in names.iter().take_while(|edge| edge.starts_with(&prefix)) {
                let Some(Edge { manifest, .. }) = self.edge(&edges.join(edge)?).await? else { continue };
                if self.shelf.get(&keys::manifest(name, &manifest)?).await?.is_some() {
                    return Ok(Some(manifest));
                }
            }
            match names.last() {
                Some(last) if names.len() == EDGES && last.starts_with(&prefix) => after.clone_from(last),
                _ => return Ok(None),
            }
        }
    }
}
