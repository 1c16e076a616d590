//! Tags: names for manifests, which move.

use super::condition::Condition;
use super::policy::Change;
use super::records::{self, TagRecord, Written};
use super::{Depot, DepotError, Page, Result, keys};
use crate::server::names::{Reference, RepositoryName, Tag};
use crate::server::shelf::{ContentDigest, Put, Version, When};

/// How often a tag is moved again because somebody else moved it meanwhile.
const TRIES: usize = 20;

/// How many of a manifest's tags are looked at together.
const TAGS: usize = 1000;

impl Depot {
    /// Which manifest a tag means.
    ///
    /// # Errors
    /// A shelf that cannot be read.
    pub async fn tag(&self, name: &RepositoryName, tag: &Tag) -> Result<Option<ContentDigest>> {
        let record: Option<TagRecord> = self.record(&keys::tag(name, tag)?).await?;
        Ok(record.map(|record| record.digest.0))
    }

    /// The tags after `after`, at most `limit`.
    ///
    /// # Errors
    /// [`DepotError::NoRepository`], and a shelf that cannot be read.
    pub async fn tags(
        &self,
        name: &RepositoryName,
        after: Option<&Tag>,
        limit: usize,
    ) -> Result<Page<String>> {
        let after = after.map(Tag::as_str);
        let mut items = self.shelf.list(&keys::tags(name)?, after, limit.saturating_add(1)).await?;
        if items.is_empty() && !self.is_repository(name.as_str()).await? {
            return Err(DepotError::NoRepository(name.clone()));
        }
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().cloned() } else { None };
        Ok(Page { items, next })
    }

    /// Removes a tag, and not what it means.
    ///
    /// # Errors
    /// [`DepotError::NoManifest`]; what a site's rules refuse; a shelf that cannot be written.
    pub async fn delete_tag(&self, name: &RepositoryName, tag: &Tag, now: u64) -> Result<ContentDigest> {
        let unknown = || DepotError::NoManifest(Reference::Tag(tag.clone()));
        let digest = self.tag(name, tag).await?.ok_or_else(unknown)?;
        self.policy.allow(name, Change::Tag { tag, from: Some(&digest), to: None }).await?;
        self.note_garbage(name, &digest, now).await?;
        match self.untag(name, tag, &digest).await? {
            true => Ok(digest),
            false => Err(unknown()),
        }
    }

    /// Lets a tag mean a manifest. What a site's rules and the condition allowed is what happens: a tag that moved
    /// meanwhile is asked about again.
    pub(super) async fn move_tag(
        &self,
        name: &RepositoryName,
        tag: &Tag,
        digest: &ContentDigest,
        condition: &Condition,
        now: u64,
    ) -> Result<()> {
        let (key, tagged) = (keys::tag(name, tag)?, keys::tagged(name, digest, tag)?);
        let record = records::write(&key, &TagRecord { digest: Written(digest.clone()), when: now })?;
        for _ in 0..TRIES {
            let (from, when) = self.tag_as_it_is(name, tag).await?;
            fits(condition, from.as_ref(), tag)?;
            if from.as_ref() != Some(digest) {
                let change = Change::Tag { tag, from: from.as_ref(), to: Some(digest) };
                self.policy.allow(name, change).await?;
                if let Some(from) = &from {
                    self.note_garbage(name, from, now).await?;
                }
            }
            self.shelf.put(&tagged, bytes::Bytes::new(), When::Always).await?;
            if let Put::Done(_) = self.shelf.put(&key, record.clone(), when).await? {
                if let Some(from) = from.filter(|from| from != digest) {
                    self.shelf.delete(&keys::tagged(name, &from, tag)?).await?;
                }
                return Ok(());
            }
        }
        Err(DepotError::Contended(tag.to_string()))
    }

    /// Whether a site's rules let a tag mean a manifest, as it is now.
    pub(super) async fn may_move(
        &self,
        name: &RepositoryName,
        tag: &Tag,
        to: &ContentDigest,
        condition: &Condition,
    ) -> Result<()> {
        let from = self.tag(name, tag).await?;
        fits(condition, from.as_ref(), tag)?;
        if from.as_ref() == Some(to) {
            return Ok(());
        }
        self.policy.allow(name, Change::Tag { tag, from: from.as_ref(), to: Some(to) }).await
    }

    /// Removes a tag if it still means a manifest, and says whether it was there.
    pub(super) async fn untag(
        &self,
        name: &RepositoryName,
        tag: &Tag,
        digest: &ContentDigest,
    ) -> Result<bool> {
        let meant = self.tag(name, tag).await?;
        let was_there = match meant.as_ref() == Some(digest) {
            true => self.shelf.delete(&keys::tag(name, tag)?).await?,
            false => false,
        };
        self.shelf.delete(&keys::tagged(name, digest, tag)?).await?;
        Ok(was_there)
    }

    /// The tags that mean a manifest.
    pub(super) async fn tags_of(&self, name: &RepositoryName, digest: &ContentDigest) -> Result<Vec<Tag>> {
        let key = keys::tagged_all(name, digest)?;
        let (mut tags, mut after) = (Vec::new(), None);
        loop {
            let names = self.shelf.list(&key, after.as_deref(), TAGS).await?;
            for text in &names {
                let Ok(tag) = text.parse::<Tag>() else { continue };
                if self.tag(name, &tag).await?.as_ref() == Some(digest) {
                    tags.push(tag);
                }
            }
            match names.last() {
                Some(last) if names.len() == TAGS => after = Some(last.clone()),
                _ => return Ok(tags),
            }
        }
    }

    async fn tag_as_it_is(&self, name: &RepositoryName, tag: &Tag) -> Result<(Option<ContentDigest>, When)> {
        let key = keys::tag(name, tag)?;
        match self.shelf.get(&key).await? {
            None => Ok((None, When::Absent)),
            Some(small) => {
                let record: TagRecord = records::read(&key, &small)?;
                let version: Version = small.version;
                Ok((Some(record.digest.0), When::Unchanged(version)))
            }
        }
    }
}

fn fits(condition: &Condition, there: Option<&ContentDigest>, tag: &Tag) -> Result<()> {
    if condition.holds(there) { Ok(()) } else { Err(DepotError::Condition(tag.to_string())) }
}
