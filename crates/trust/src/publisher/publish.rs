//! From signed documents to a published repository: snapshot and timestamp, which a machine signs.

use std::collections::BTreeMap;

use super::draft::{Draft, stamp};
use super::paper::{Paper, Signing};
use super::plan::Validity;
use super::repository::Repository;
use super::{PublishError, RoleName, StageName};
use crate::key::Signer;
use crate::metadata::{Authority, Document, MetaFile, Root, Snapshot, Targets, Timestamp};

/// A draft that was published, as far as it was complete.
#[derive(Debug, Clone)]
pub struct Published {
    /// All that is published now.
    pub repository: Repository,
    /// What still waits for signatures.
    pub rest: Draft,
}

impl Draft {
    /// Whether something of the draft has all its signatures, and only the online key's are missing.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.ready().is_some()
    }

    /// Publishes what is complete: all of it, or the documents that depend on no incomplete one.
    ///
    /// # Errors
    /// [`PublishError::Incomplete`]; [`PublishError::NoOnlineKey`] if none of the signers is online's.
    pub fn publish(&self, online: &[&dyn Signer], now: i64) -> Result<Published, PublishError> {
        let part = self.ready().ok_or_else(|| PublishError::Incomplete(self.waits()))?;
        let repository = part.into_repository(online, now)?;
        let rest = Self { base: Some(repository.clone()), ..self.clone() };
        Ok(Published { repository, rest })
    }

    fn into_repository(self, online: &[&dyn Signer], now: i64) -> Result<Repository, PublishError> {
        let mut earlier = self.base.as_ref().map(|base| base.earlier.clone()).unwrap_or_default();
        if let Some(base) = self.base.as_ref().filter(|base| base.root.document != self.root.document) {
            earlier.push(base.root.clone());
        }
        let before = self.base.as_ref();
        let meta = listing(before, &self.targets, &self.stages);
        let version = before.map(|base| base.snapshot.document.version);
        let snapshot = new_snapshot(&self.root.document, meta, version, self.validity, online, now)?;
        let version = before.map(|base| base.timestamp.document.version);
        let timestamp = new_timestamp(&self.root.document, &snapshot, version, self.validity, online, now)?;
        Ok(Repository {
            earlier,
            root: self.root,
            timestamp,
            snapshot,
            targets: self.targets,
            stages: self.stages,
            revoked: self.revoked,
        })
    }
}

impl Repository {
    /// The same, said to be current once more: a new timestamp, and a new snapshot where half of the present one's time
    /// is over.
    ///
    /// # Errors
    /// [`PublishError::NoOnlineKey`].
    pub fn refreshed(
        &self,
        online: &[&dyn Signer],
        validity: Validity,
        now: i64,
    ) -> Result<Self, PublishError> {
        let root = &self.root.document;
        let mut next = self.clone();
        let left = self.snapshot.document.expires.saturating_sub(now);
        if left < validity.snapshot / 2 || !self.snapshot.holds(&root.authority(Snapshot::TYPE)) {
            let meta = self.snapshot.document.meta.clone();
            let version = Some(self.snapshot.document.version);
            next.snapshot = new_snapshot(root, meta, version, validity, online, now)?;
        }
        let version = Some(self.timestamp.document.version);
        next.timestamp = new_timestamp(root, &next.snapshot, version, validity, online, now)?;
        Ok(next)
    }

    /// Whether half of the timestamp's or the snapshot's time is over.
    #[must_use]
    pub fn is_due(&self, validity: Validity, now: i64) -> bool {
        self.timestamp.document.expires.saturating_sub(now) < validity.timestamp / 2
            || self.snapshot.document.expires.saturating_sub(now) < validity.snapshot / 2
    }
}

/// What was listed once stays listed, even if nobody delegates to it any more.
fn listing(
    before: Option<&Repository>,
    targets: &Paper<Targets>,
    stages: &BTreeMap<StageName, Paper<Targets>>,
) -> BTreeMap<String, MetaFile> {
    let file = |paper: &Paper<Targets>| MetaFile::of(paper.document.version, paper.bytes());
    let stages = stages.iter().map(|(stage, paper)| (format!("{stage}.json"), file(paper)));
    let mut listing = before.map(|before| before.snapshot.document.meta.clone()).unwrap_or_default();
    listing.extend(stages.chain([("targets.json".to_owned(), file(targets))]));
    listing
}

fn new_snapshot(
    root: &Root,
    meta: BTreeMap<String, MetaFile>,
    before: Option<u64>,
    validity: Validity,
    online: &[&dyn Signer],
    now: i64,
) -> Result<Paper<Snapshot>, PublishError> {
    let mut snapshot = Snapshot::new(following(before)?, now.saturating_add(validity.snapshot));
    snapshot.meta = meta;
    stamp(&mut snapshot.other, now);
    signed(snapshot, &root.authority(Snapshot::TYPE), online)
}

fn new_timestamp(
    root: &Root,
    snapshot: &Paper<Snapshot>,
    before: Option<u64>,
    validity: Validity,
    online: &[&dyn Signer],
    now: i64,
) -> Result<Paper<Timestamp>, PublishError> {
    let file = MetaFile::of(snapshot.document.version, snapshot.bytes());
    let expires = now.saturating_add(validity.timestamp);
    let mut timestamp = Timestamp::new(following(before)?, expires, file);
    stamp(&mut timestamp.other, now);
    signed(timestamp, &root.authority(Timestamp::TYPE), online)
}

fn following(before: Option<u64>) -> Result<u64, PublishError> {
    before.unwrap_or(0).checked_add(1).ok_or(PublishError::Versions(RoleName::Online))
}

/// Signed by the first of the signers that may.
fn signed<T: Document + Clone>(
    document: T,
    authority: &Authority,
    online: &[&dyn Signer],
) -> Result<Paper<T>, PublishError> {
    let mut paper = Paper::new(document)?;
    for signer in online {
        if paper.sign(authority, *signer)? != Signing::Stranger && paper.holds(authority) {
            return Ok(paper);
        }
    }
    Err(PublishError::NoOnlineKey)
}
