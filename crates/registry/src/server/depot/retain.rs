//! What goes by itself: tags that no retention rule keeps, and manifests that nothing leads to.

use super::records::{ManifestRecord, TagRecord};
use super::rules::{Dated, Retention, Rules, TagRule, Untagged};
use super::stats::ALGORITHMS;
use super::{Depot, DepotError, Result, keys};
use crate::server::names::{RepositoryName, Tag};
use crate::server::shelf::ContentDigest;

/// A day: how exactly it is known when a tag was last pulled by.
const DAY: u64 = 24 * 60 * 60;

/// How much has gone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expired {
    /// Tags.
    pub tags: u64,
    /// Manifests without any.
    pub manifests: u64,
}

impl Expired {
    pub(in crate::server) fn count(&mut self, removal: &Removal) {
        match removal.tag {
            Some(_) => self.tags += 1,
            None => self.manifests += 1,
        }
    }
}

/// Something that has had its time and is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// From where.
    pub repository: RepositoryName,
    /// The tag, or nothing where a manifest has gone.
    pub tag: Option<Tag>,
    /// The manifest, or the one that the tag meant.
    pub digest: ContentDigest,
}

/// Hears what goes, as it goes.
pub type Removals<'a> = &'a mut (dyn FnMut(Removal) + Send);

impl Depot {
    /// Removes what a site's rules do not keep. Its blobs are garbage then, like all others.
    ///
    /// # Errors
    /// A shelf that cannot be read or written.
    pub async fn expire(&self, rules: &Rules, now: u64) -> Result<Expired> {
        let mut expired = Expired::default();
        self.expire_each(rules, now, &mut |removal| expired.count(&removal)).await?;
        Ok(expired)
    }

    /// The same, for whoever has to write down each thing that goes.
    ///
    /// # Errors
    /// As [`Depot::expire`]; what was heard of by then has gone.
    pub async fn expire_each(&self, rules: &Rules, now: u64, removals: Removals<'_>) -> Result<()> {
        if !rules.anything_expires() {
            return Ok(());
        }
        for name in self.all_repositories().await? {
            if let Some(retention) = rules.retention(name.as_str()) {
                self.expire_tags(&name, rules, retention, now, removals).await?;
            }
            if let Some(untagged) = rules.untagged(name.as_str()) {
                self.expire_manifests(&name, untagged, now, removals).await?;
            }
        }
        Ok(())
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
        removals: Removals<'_>,
    ) -> Result<()> {
        let mut tags = Vec::new();
        for text in self.names(&keys::tags(name)?).await? {
            let Ok(tag) = text.parse::<Tag>() else { continue };
            let Some(TagRecord { when, .. }) = self.record(&keys::tag(name, &tag)?).await? else { continue };
            let pulled = self.record(&keys::pull(name, &tag)?).await?;
            tags.push(Dated { tag: text, pushed: when, pulled });
        }
        for Dated { tag, pushed, .. } in retention.expired(&tags, now) {
            let Ok(tag) = tag.parse::<Tag>() else { continue };
            if rules.tag(name.as_str(), tag.as_str()) == TagRule::Immutable {
                continue;
            }
            if let Some(digest) = self.expire_tag(name, &tag, *pushed, now).await? {
                removals(Removal { repository: name.clone(), tag: Some(tag), digest });
            }
        }
        Ok(())
    }

    /// A tag that has moved meanwhile is a young one.
    async fn expire_tag(
        &self,
        name: &RepositoryName,
        tag: &Tag,
        pushed: u64,
        now: u64,
    ) -> Result<Option<ContentDigest>> {
        let record: Option<TagRecord> = self.record(&keys::tag(name, tag)?).await?;
        if record.is_none_or(|record| record.when != pushed) {
            return Ok(None);
        }
        match self.delete_tag(name, tag, now).await {
            Ok(digest) => {
                self.shelf.delete(&keys::pull(name, tag)?).await?;
                Ok(Some(digest))
            }
            Err(DepotError::NoManifest(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn expire_manifests(
        &self,
        name: &RepositoryName,
        untagged: &Untagged,
        now: u64,
        removals: Removals<'_>,
    ) -> Result<()> {
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
                    Ok(()) => removals(Removal { repository: name.clone(), tag: None, digest }),
                    Err(DepotError::NoManifest(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
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
