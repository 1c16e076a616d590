//! Everything that a draft changes. Nobody signs what was not described, and nothing of a document is left out: what no
//! word is known for is shown as it is.

mod differ;
mod stages;

use std::collections::BTreeMap;

use model::digest::{ClaimedDigest, Digest, Hasher};
use serde_json::{Map, Value};

use super::change::Change;
use super::draft::{Draft, SIGNED};
use super::edit::{BEFORE, check_name};
use super::paper::Paper;
use super::plan::Keys;
use super::revoked::{REVOKED, Revocations};
use super::{PublishError, RoleName, StageName};
use crate::key::KeyId;
use crate::metadata::{Document as _, Root, Snapshot, Target, Targets, Timestamp};
use differ::compare;

/// What a draft changes, and which draft it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// Document by document.
    pub changes: Vec<Change>,
    pub(super) of: Digest,
}

impl Description {
    /// What is neither among `expected` nor just a document's version: what somebody else wants to have signed too.
    #[must_use]
    pub fn beyond(&self, expected: &Self) -> Vec<Change> {
        let other = |change: &&Change| {
            !matches!(change, Change::Document { .. }) && !expected.changes.contains(change)
        };
        self.changes.iter().filter(other).cloned().collect()
    }
}

impl Draft {
    /// Everything that the draft changes.
    ///
    /// # Errors
    /// [`PublishError::Revocations`] for a list that cannot be read.
    pub fn describe(&self) -> Result<Description, PublishError> {
        let mut changes = Vec::new();
        for role in self.changed() {
            match &role {
                RoleName::Root => {
                    let before = self.base.as_ref().map(|base| &base.root.document);
                    changes.extend(root_changes(before, &self.root.document));
                }
                RoleName::Release => self.describe_targets(&mut changes)?,
                RoleName::Online => {}
                RoleName::Stage(stage) => self.describe_stage(stage, &mut changes),
            }
        }
        Ok(Description { changes, of: self.fingerprint() })
    }

    /// Tells this draft from every other one.
    pub(super) fn fingerprint(&self) -> Digest {
        let stages = self.stages.values().map(Paper::message);
        let papers =
            [self.root.message(), self.targets.message(), self.revoked.as_slice()].into_iter().chain(stages);
        let mut hasher = Hasher::new();
        papers.for_each(|bytes| hasher.update(Digest::of(bytes).as_bytes()));
        hasher.finish()
    }

    fn describe_targets(&self, changes: &mut Vec<Change>) -> Result<(), PublishError> {
        let after = &self.targets.document;
        let before = self.base.as_ref().map(|base| &base.targets.document);
        let (version, expires) = (after.version, after.expires);
        changes.push(Change::Document { role: RoleName::Release, version, expires });
        let mut expected = before.cloned().unwrap_or_else(|| Targets::new(1, expires));
        for (name, target) in changed_targets(&expected.targets, &after.targets) {
            if let Some(change) = release(&name, &target, expected.targets.get(&name)) {
                changes.push(change);
                expected.targets.insert(name, target);
            }
        }
        self.describe_revoked(&mut expected, changes)?;
        stages::describe(&mut expected, after, changes);
        account(&mut expected, after);
        compare(&RoleName::Release, &expected, after, changes);
        Ok(())
    }

    fn describe_revoked(
        &self,
        expected: &mut Targets,
        changes: &mut Vec<Change>,
    ) -> Result<(), PublishError> {
        let after = Revocations::read(&self.revoked)?;
        let base = self.base.as_ref().map(|base| Revocations::read(&base.revoked)).transpose()?;
        let before = base.unwrap_or_default();
        let (had, has) = (before.by_digest(), after.by_digest());
        for entry in &after.revoked {
            if had.get(&entry.digest).is_none_or(|was| was.reason != entry.reason) {
                changes.push(Change::Revoked { digest: entry.digest, reason: entry.reason.clone() });
            }
        }
        let gone = had.keys().filter(|digest| !has.contains_key(*digest));
        changes.extend(gone.map(|digest| Change::Restored { digest: *digest }));
        let mut plain = after.clone();
        plain.other.clone_from(&before.other);
        plain.revoked.iter_mut().for_each(|entry| entry.other = Map::new());
        compare(&RoleName::Release, &plain, &after, changes);
        let target = Target::file(&self.revoked);
        if self.targets.document.targets.get(REVOKED) == Some(&target) {
            expected.targets.insert(REVOKED.to_owned(), target);
        }
        Ok(())
    }

    fn describe_stage(&self, stage: &StageName, changes: &mut Vec<Change>) {
        let Some(paper) = self.stages.get(stage) else { return };
        let (role, after) = (RoleName::Stage(stage.clone()), &paper.document);
        let before = self.base.as_ref().and_then(|base| base.stages.get(stage));
        let (version, expires) = (after.version, after.expires);
        changes.push(Change::Document { role: role.clone(), version, expires });
        let mut expected = before.map_or_else(|| Targets::new(1, expires), |paper| paper.document.clone());
        for (name, target) in changed_targets(&expected.targets, &after.targets) {
            if let Some(change) = promotion(stage, &name, &target, expected.targets.get(&name)) {
                changes.push(change);
                expected.targets.insert(name, target);
            }
        }
        account(&mut expected, after);
        compare(&role, &expected, after, changes);
    }
}

/// What one version of the root says and the one before does not.
pub(super) fn root_changes(before: Option<&Root>, after: &Root) -> Vec<Change> {
    let (version, expires) = (after.version, after.expires);
    let mut changes = vec![Change::Document { role: RoleName::Root, version, expires }];
    for (role, name) in roles(after) {
        let keys = |root: &Root| keys_of(root, name);
        describe_keys(&role, before.map(keys).as_ref(), &keys(after), &mut changes);
    }
    let skeleton = before.cloned().unwrap_or_else(|| Root::new(1, expires));
    let mut expected = accounted(skeleton, after);
    (expected.version, expected.expires) = (version, expires);
    compare(&RoleName::Root, &expected, after, &mut changes);
    changes
}

/// The roles of a root; snapshot and timestamp as one where they have the same keys.
fn roles(root: &Root) -> Vec<(RoleName, &'static str)> {
    let mut roles = vec![
        (RoleName::Root, Root::TYPE),
        (RoleName::Release, Targets::TYPE),
        (RoleName::Online, Timestamp::TYPE),
    ];
    if root.roles.get(Snapshot::TYPE) != root.roles.get(Timestamp::TYPE) {
        roles.push((RoleName::Online, Snapshot::TYPE));
    }
    roles
}

fn keys_of(root: &Root, role: &str) -> Keys {
    let authority = root.authority(role);
    let keys = authority.keys().iter().map(|(_, key)| key.clone()).collect();
    Keys { keys, threshold: authority.threshold() }
}

fn describe_keys(role: &RoleName, before: Option<&Keys>, after: &Keys, changes: &mut Vec<Change>) {
    let had = before.map_or(&[][..], |before| &before.keys);
    let role = || role.clone();
    let new = after.keys.iter().filter(|key| !had.contains(key));
    changes.extend(new.map(|key| Change::KeyAdded { role: role(), key: key.clone() }));
    let gone = had.iter().filter(|key| !after.keys.contains(key));
    changes.extend(gone.map(|key| Change::KeyRemoved { role: role(), key: key.clone() }));
    let threshold = before.map(|before| before.threshold);
    if threshold != Some(after.threshold) {
        changes.push(Change::Threshold { role: role(), before: threshold, after: after.threshold });
    }
}

/// The root before, with what was described of the root after: its roles' keys and thresholds.
fn accounted(mut before: Root, after: &Root) -> Root {
    for name in [Root::TYPE, Targets::TYPE, Snapshot::TYPE, Timestamp::TYPE] {
        let keys = keys_of(after, name);
        let other = before.roles.get(name).map(|role| role.other.clone()).unwrap_or_default();
        let mut role = keys.role();
        role.other = other;
        before.roles.insert(name.to_owned(), role);
    }
    let used = before.roles.values().flat_map(|role| role.keyids.clone());
    let key = |id: KeyId| Some((id.clone(), after.keys.get(&id)?.clone()));
    before.keys = used.filter_map(key).collect();
    before.other.extend(time(&after.other));
    before
}

/// The same for what every `targets.json` has.
fn account(before: &mut Targets, after: &Targets) {
    (before.version, before.expires) = (after.version, after.expires);
    before.other.extend(time(&after.other));
}

/// The time that every document of this program has, as long as it is one.
fn time(other: &Map<String, Value>) -> Option<(String, Value)> {
    let plain = |time: &&Value| time.as_str().is_some_and(|time| time.parse::<jiff::Timestamp>().is_ok());
    other.get(SIGNED).filter(plain).map(|time| (SIGNED.to_owned(), time.clone()))
}

fn changed_targets(
    before: &BTreeMap<String, Target>,
    after: &BTreeMap<String, Target>,
) -> Vec<(String, Target)> {
    let changed = after.iter().filter(|(name, target)| before.get(*name) != Some(target));
    changed.map(|(name, target)| (name.clone(), target.clone())).collect()
}

fn release(name: &str, target: &Target, before: Option<&Target>) -> Option<Change> {
    check_name(name).ok()?;
    let before = before.and_then(|target| target.hashes.sha256());
    let digest = plain_digest(target, before)?;
    Some(Change::Released { name: name.to_owned(), digest, before, sequence: target.sequence() })
}

fn promotion(stage: &StageName, name: &str, target: &Target, before: Option<&Target>) -> Option<Change> {
    let name = name.strip_prefix(stage.as_str())?.strip_prefix('/')?;
    check_name(name).ok()?;
    let before = before.and_then(|target| target.hashes.sha256());
    let digest = plain_digest(target, before)?;
    Some(Change::Promoted { stage: stage.clone(), name: name.to_owned(), digest, before })
}

/// The digest of a target that has nothing beside it but what this program writes.
fn plain_digest(target: &Target, before: Option<ClaimedDigest>) -> Option<ClaimedDigest> {
    let digest = target.hashes.sha256()?;
    let mut plain = Target::release(digest, target.length, target.sequence());
    let custom = plain.custom.get_or_insert_default();
    custom.extend(time(target.custom.as_ref()?));
    custom.extend(before.map(|before| (BEFORE.to_owned(), Value::from(before.to_string()))));
    (plain == *target).then_some(digest)
}
