//! Manifests: stored when all they need is there, kept together with it, and found by tag or digest.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;

use super::condition::Condition;
use super::document::{Document, MANIFEST_LIMIT};
use super::edge::edges;
use super::policy::Change;
use super::records::{self, ManifestRecord, Written};
use super::{Depot, DepotError, Result, keys};
use crate::server::names::{Reference, RepositoryName, Tag};
use crate::server::shelf::{ContentDigest, Key, ShelfError};

/// How often a manifest is written again because a collector removed its edges meanwhile.
const TRIES: usize = 5;

/// How much of the trash is looked through for a blob that somebody needs again.
const TRASH: usize = 10_000;

/// A manifest that a repository has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// What its bytes hash to.
    pub digest: ContentDigest,
    /// What it was pushed as.
    pub media_type: String,
    /// Its bytes' number.
    pub size: u64,
}

/// What a manifest that is stored is to be called.
#[derive(Debug, Clone, Copy)]
pub struct Naming<'a> {
    /// The tags that mean it from then on.
    pub tags: &'a [Tag],
    /// What each of them has to mean before.
    pub condition: &'a Condition,
}

impl Depot {
    /// Finds a manifest.
    ///
    /// # Errors
    /// [`DepotError::NoManifest`], and a shelf that cannot be read.
    pub async fn manifest(&self, name: &RepositoryName, reference: &Reference) -> Result<Manifest> {
        let unknown = || DepotError::NoManifest(reference.clone());
        let digest = match reference {
            Reference::Digest(digest) => digest.clone(),
            Reference::Tag(tag) => self.tag(name, tag).await?.ok_or_else(unknown)?,
        };
        let record: Option<ManifestRecord> = self.record(&keys::manifest(name, &digest)?).await?;
        let ManifestRecord { media_type, size, .. } = record.ok_or_else(unknown)?;
        Ok(Manifest { digest, media_type, size })
    }

    /// The bytes of a manifest that [`Depot::manifest`] has found.
    ///
    /// # Errors
    /// A shelf that cannot be read, or no longer has it.
    pub async fn manifest_bytes(&self, digest: &ContentDigest) -> Result<Bytes> {
        if let Some(bytes) = self.manifests.get(digest) {
            return Ok(bytes);
        }
        let mut body = self.shelf.read_blob(digest, 0..MANIFEST_LIMIT).await?;
        let mut bytes = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let failed = |error| ShelfError::place("read", digest.to_string(), error);
            if let Ok(piece) = frame.map_err(failed)?.into_data() {
                bytes.extend_from_slice(&piece);
            }
        }
        let bytes = bytes.freeze();
        self.manifests.put(digest, bytes.clone());
        Ok(bytes)
    }

    /// Stores a manifest and lets tags mean it, whatever they meant. All of it is durable when this returns, and
    /// complete.
    ///
    /// # Errors
    /// [`DepotError::Incomplete`] if the repository lacks something that it needs; its subject may be missing.
    /// What a site's rules refuse; a shelf that cannot be written.
    pub async fn put_manifest(
        &self,
        name: &RepositoryName,
        digest: &ContentDigest,
        document: &Document,
        bytes: Bytes,
        tags: &[Tag],
        now: u64,
    ) -> Result<()> {
        let naming = Naming { tags, condition: &Condition::default() };
        self.put_manifest_when(name, digest, document, bytes, naming, now).await
    }

    /// The same on a condition.
    ///
    /// # Errors
    /// As [`Depot::put_manifest`], and [`DepotError::Condition`], also where somebody moves a tag at the same moment.
    pub async fn put_manifest_when(
        &self,
        name: &RepositoryName,
        digest: &ContentDigest,
        document: &Document,
        bytes: Bytes,
        naming: Naming<'_>,
        now: u64,
    ) -> Result<()> {
        let size = bytes.len() as u64;
        let key = keys::manifest(name, digest)?;
        // Whatever is refused is refused before it counts for anything.
        self.complete(name, document).await?;
        for tag in naming.tags {
            self.may_move(name, tag, digest, naming.condition).await?;
        }
        if self.shelf.get(&key).await?.is_none() {
            self.policy.allow(name, Change::Gain { digest, size }).await?;
        }
        let edges = edges(name, digest, document)?;
        let mut records = vec![(key.clone(), manifest_record(&key, document, size, now)?)];
        if let Some(subject) = &document.subject {
            let key = keys::referrer(name, subject, digest)?;
            let referrer = records::write(&key, &document.referrer(digest, size))?;
            records.push((key, referrer));
        }
        for _ in 0..TRIES {
            self.shelf.put_blob(digest, bytes.clone()).await?;
            self.shelf.put_all(edges.clone()).await?;
            self.shelf.put_all(records.clone()).await?;
            // The edges first: once they are seen, a blob that is there stays. See `collect`.
            if !self.all_there(&edges).await? {
                continue;
            }
            // If something is gone the record stays, of which nobody was told: another push may rely on it by now.
            self.complete(name, document).await?;
            if self.on_shelf(digest).await? {
                self.manifests.put(digest, bytes);
                return self.move_tags(name, naming, digest, now).await;
            }
        }
        Err(DepotError::Contended(digest.to_string()))
    }

    /// Removes a manifest and the tags that mean it. What it needed is looked at when garbage is collected.
    ///
    /// # Errors
    /// [`DepotError::NoManifest`]; what a site's rules refuse; a shelf that cannot be written.
    pub async fn delete_manifest(
        &self,
        name: &RepositoryName,
        digest: &ContentDigest,
        now: u64,
    ) -> Result<()> {
        let key = keys::manifest(name, digest)?;
        let unknown = || DepotError::NoManifest(Reference::Digest(digest.clone()));
        let record: ManifestRecord = self.record(&key).await?.ok_or_else(unknown)?;
        let tags = self.tags_of(name, digest).await?;
        for tag in &tags {
            self.policy.allow(name, Change::Tag { tag, from: Some(digest), to: None }).await?;
        }
        self.note_garbage(name, digest, now).await?;
        // First the record: a tag without it means nothing, a referrer without it leads nowhere.
        if self.shelf.delete(&key).await? {
            self.policy.allow(name, Change::Lose { digest, size: record.size }).await?;
        }
        for tag in &tags {
            self.untag(name, tag, digest).await?;
        }
        match record.subject {
            Some(Written(subject)) => {
                self.shelf.delete(&keys::referrer(name, &subject, digest)?).await?;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Whether the repository has everything that a manifest needs, and the shelf too.
    async fn complete(&self, name: &RepositoryName, document: &Document) -> Result<()> {
        let mut missing = Vec::new();
        for blob in &document.blobs {
            let linked = self.shelf.get(&keys::blob(name, blob)?).await?.is_some();
            if !(linked && self.on_shelf(blob).await?) {
                missing.push(blob.clone());
            }
        }
        for manifest in &document.manifests {
            let linked = self.shelf.get(&keys::manifest(name, manifest)?).await?.is_some();
            if !(linked && self.on_shelf(manifest).await?) {
                missing.push(manifest.clone());
            }
        }
        match missing.is_empty() {
            true => Ok(()),
            false => Err(DepotError::Incomplete(missing)),
        }
    }

    /// Whether the shelf has a blob, or has it again: a collector may just have taken it off.
    pub(super) async fn on_shelf(&self, digest: &ContentDigest) -> Result<bool> {
        Ok(self.find(digest).await?.is_some())
    }

    /// The size of a blob that somebody needs. If it is in the trash, it is put back.
    pub(super) async fn find(&self, digest: &ContentDigest) -> Result<Option<u64>> {
        if let Some(size) = self.shelf.blob_size(digest).await? {
            return Ok(Some(size));
        }
        for trashed in self.shelf.trash(TRASH).await? {
            if trashed.digest == *digest && self.shelf.restore_blob(&trashed).await? {
                return Ok(Some(trashed.size));
            }
        }
        Ok(self.shelf.blob_size(digest).await?)
    }

    pub(super) async fn all_there(&self, records: &[(Key, Bytes)]) -> Result<bool> {
        for (key, _) in records {
            if self.shelf.get(key).await?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Lets tags mean a manifest.
    async fn move_tags(
        &self,
        name: &RepositoryName,
        naming: Naming<'_>,
        digest: &ContentDigest,
        now: u64,
    ) -> Result<()> {
        for tag in naming.tags {
            self.move_tag(name, tag, digest, naming.condition, now).await?;
        }
        Ok(())
    }
}

fn manifest_record(key: &Key, document: &Document, size: u64, now: u64) -> Result<Bytes> {
    let record = ManifestRecord {
        media_type: document.media_type.clone(),
        size,
        when: now,
        subject: document.subject.clone().map(Written),
    };
    records::write(key, &record)
}
