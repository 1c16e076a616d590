//! How much a depot holds, by listing it.

use serde::Serialize;

use super::records::{BlobRecord, ManifestRecord};
use super::{Depot, Result, keys};
use crate::server::names::RepositoryName;
use crate::server::shelf::{Algorithm, ContentDigest, Key};

/// How much is listed together.
const PAGE: usize = 1000;

pub(super) const ALGORITHMS: [Algorithm; 2] = [Algorithm::Sha256, Algorithm::Sha512];

/// How much there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Repositories with manifests.
    pub repositories: u64,
    /// Their tags.
    pub tags: u64,
    /// Their manifests and indexes.
    pub manifests: u64,
    /// Blobs, each once; manifests are among them.
    pub blobs: u64,
    /// Bytes, counted in each repository that has them.
    pub logical_bytes: u64,
    /// Bytes of the blobs, each once.
    pub physical_bytes: u64,
    /// What the next collections will look at.
    pub garbage_notes: u64,
}

/// What one repository has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Its tags.
    pub tags: u64,
    /// Its manifests and indexes.
    pub manifests: u64,
    /// Its blobs, without manifests.
    pub blobs: u64,
    /// The bytes of both.
    pub bytes: u64,
}

impl Depot {
    /// Counts everything.
    ///
    /// # Errors
    /// A shelf that cannot be read.
    pub async fn stats(&self) -> Result<Stats> {
        let mut stats = Stats::default();
        self.count_repositories(&mut stats).await?;
        for algorithm in ALGORITHMS {
            for blob in self.referred(algorithm).await? {
                self.count_blob(&blob, &mut stats).await?;
            }
            for blob in self.digests(&keys::all_garbage(algorithm)?, algorithm).await? {
                stats.garbage_notes += 1;
                if self.shelf.list(&keys::edges(&blob)?, None, 1).await?.is_empty() {
                    self.count_blob(&blob, &mut stats).await?;
                }
            }
        }
        Ok(stats)
    }

    /// Counts what a repository has.
    ///
    /// # Errors
    /// A shelf that cannot be read.
    pub async fn usage(&self, name: &RepositoryName) -> Result<Usage> {
        let mut usage =
            Usage { tags: self.names(&keys::tags(name)?).await?.len() as u64, ..Usage::default() };
        for algorithm in ALGORITHMS {
            for digest in
                self.digests(&keys::manifests(name.as_str())?.join(algorithm.name())?, algorithm).await?
            {
                if let Some(ManifestRecord { size, .. }) =
                    self.record(&keys::manifest(name, &digest)?).await?
                {
                    usage.manifests += 1;
                    usage.bytes += size;
                }
            }
            for digest in
                self.digests(&keys::blobs(name.as_str())?.join(algorithm.name())?, algorithm).await?
            {
                if let Some(BlobRecord { size, .. }) = self.record(&keys::blob(name, &digest)?).await? {
                    usage.blobs += 1;
                    usage.bytes += size;
                }
            }
        }
        Ok(usage)
    }

    async fn count_repositories(&self, stats: &mut Stats) -> Result<()> {
        for name in self.all_repositories().await? {
            let usage = self.usage(&name).await?;
            stats.repositories += 1;
            stats.tags += usage.tags;
            stats.manifests += usage.manifests;
            stats.logical_bytes += usage.bytes;
        }
        Ok(())
    }

    async fn count_blob(&self, blob: &ContentDigest, stats: &mut Stats) -> Result<()> {
        if let Some(size) = self.shelf.blob_size(blob).await? {
            stats.blobs += 1;
            stats.physical_bytes += size;
        }
        Ok(())
    }

    /// Every repository that has manifests.
    pub(super) async fn all_repositories(&self) -> Result<Vec<RepositoryName>> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = self.repositories(after.as_ref(), PAGE, |_| true).await?;
            all.extend(page.items.iter().filter_map(|name| name.parse::<RepositoryName>().ok()));
            match page.next.and_then(|next| next.parse().ok()) {
                Some(next) => after = Some(next),
                None => return Ok(all),
            }
        }
    }

    /// Everything that has edges, in order.
    pub(super) async fn referred(&self, algorithm: Algorithm) -> Result<Vec<ContentDigest>> {
        let (at, mut digests) = (keys::referred(algorithm)?, Vec::new());
        for fan in self.names(&at).await? {
            digests.extend(self.digests(&at.join(fan.trim_end_matches('/'))?, algorithm).await?);
        }
        Ok(digests)
    }

    /// The digests whose digits are the names beneath a key, whether or not more is beneath them.
    pub(super) async fn digests(&self, at: &Key, algorithm: Algorithm) -> Result<Vec<ContentDigest>> {
        let names = self.names(at).await?;
        let digests = names.iter().map(|name| name.trim_end_matches('/'));
        Ok(digests.filter_map(|hex| ContentDigest::from_parts(algorithm.name(), hex).ok()).collect())
    }

    pub(super) async fn names(&self, at: &Key) -> Result<Vec<String>> {
        let mut names: Vec<String> = Vec::new();
        loop {
            let page = self.shelf.list(at, names.last().map(String::as_str), PAGE).await?;
            let more = page.len() == PAGE;
            names.extend(page);
            if !more {
                return Ok(names);
            }
        }
    }
}
