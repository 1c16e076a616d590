//! What goes by itself: tags that no retention rule keeps, and manifests that nothing leads to.

use super::records::{ManifestRecord, TagRecord};
use super::rules::{Dated, Retention, Rules, TagRule, Untagged};
use super::stats::ALGORITHMS;
use super::{Depot, DepotError, Result, keys};
use crate::server::names::{RepositoryName, Tag};
use crate::server::shelf::ContentDigest;

/// A day: how exactly it is known when a tag was last pulled by.
const DAY: u64 = 24 * 60 * 60;

/// What has gone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expired {
    /// Tags.
    pub tags: u64,
    /// Manifests without any.
    pub manifests: u64,
}

impl Depot {
    /// Removes what a site's rules do not keep. Its blobs are garbage then, like all others.
    ///
    /// # Errors
    /// A shelf that cannot be read or written.
    pub async fn expire(&self, rules: &Rules, now: u64) -> Result<Expired> {
        let mut expired = Expired::default();
        if !rules.anything_expires() {
            return Ok(expired);
        }
        for name in self.all_repositories().await? {
            if let Some(retention) = rules.retention(name.as_str()) {
                expired.tags += self.expire_tags(&name, rules, retention, now).await?;
            }
            if let Some(untagged) = rules.untagged(name.as_str()) {
                expired.manifests += self.expire_manifests(&name, untagged, now).await?;
            }
        }
        Ok(expired)
    }

    /// Notes that somebody has pulled by a tag, once a day.
    ///
    /// # Errors
    /// A shelf that cannot be written.
    pub async fn note_pull(&self, name: &RepositoryName, tag: &Tag, now: u64) -> Result<()> {
        let key = keys::pull(name, tag)?;
        let last: Option<u64> = self.record(&key).await?;
        match last {
            Some(last) if now < last.saturating_add(DAY) => Ok(()),
            _ => self.write(&key, &now).await,
        }
    }

    async fn expire_tags(
        &self,
        name: &RepositoryName,
        rules: &Rules,
        retention: &Retention,
        now: u64,
    ) -> Result<u64> {
        let mut tags = Vec::new();
        for text in self.names(&keys::tags(name)?).await? {
            let Ok(tag) = text.parse::<Tag>() else { continue };
            let Some(TagRecord { when, .. }) = self.record(&keys::tag(name, &tag)?).await? else { continue };
            let pulled = self.record(&keys::pull(name, &tag)?).await?;
            tags.push(Dated { tag: text, pushed: when, pulled });
        }
        let mut count = 0;
        for Dated { tag, pushed, .. } in retention.expired(&tags, now) {
            let Ok(tag) = tag.parse::<Tag>() else { continue };
            let is_immutable = rules.tag(name.as_str(), tag.as_str()) == TagRule::Immutable;
            if !is_immutable && self.expire_tag(name, &tag, *pushed, now).await? {
                count += 1;
            }
        }
        Ok(count)
    }

    /// A tag that has moved meanwhile is a young one.
    async fn expire_tag(&self, name: &RepositoryName, tag: &Tag, pushed: u64, now: u64) -> Result<bool> {
        let record: Option<TagRecord> = self.record(&keys::tag(name, tag)?).await?;
        if record.is_none_or(|record| record.when != pushed) {
            return Ok(false);
        }
        match self.delete_tag(name, tag, now).await {
            Ok(_) => {
                self.shelf.delete(&keys::pull(name, tag)?).await?;
                Ok(true)
            }
            Err(DepotError::NoManifest(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn expire_manifests(&self, name: &RepositoryName, untagged: &Untagged, now: u64) -> Result<u64> {
        let mut count = 0;
        for algorithm in ALGORITHMS {
            let at = keys::manifests(name.as_str())?.join(algorithm.name())?;
            for digest in self.digests(&at, algorithm).await? {
                let record: Option<ManifestRecord> = self.record(&keys::manifest(name, &digest)?).await?;
                let Some(record) = record else { continue };
                if !untagged.has_expired(record.when, now)
                    || self.is_reachable(name, &digest, &record).await?
                {
                    continue;
                }
                match self.delete_manifest(name, &digest, now).await {
                    Ok(()) => count += 1,
                    Err(DepotError::NoManifest(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(count)
    }

    /// Whether a tag, an index or the manifest that it is about leads to a manifest.
    async fn is_reachable(
        &self,
        name: &RepositoryName,
        digest: &ContentDigest,
        record: &ManifestRecord,
    ) -> Result<bool> {
        if let Some(subject) = &record.subject
            && self.shelf.get(&keys::manifest(name, &subject.0)?).await?.is_some()
        {
            return Ok(true);
        }
        if !self.tags_of(name, digest).await?.is_empty() {
            return Ok(true);
        }
        let prefix = keys::edge_prefix(name);
        let edges = self.names(&keys::edges(digest)?).await?;
        Ok(edges.iter().any(|edge| edge.starts_with(&prefix) && !keys::is_own(digest, edge)))
    }
}
