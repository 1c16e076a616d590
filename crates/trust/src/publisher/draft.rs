//! A change of a publisher's documents, from its first edit to the last signature that it needs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::paper::Paper;
use super::plan::{Plan, Validity};
use super::repository::{MOST_SMALL, MOST_TARGETS, Repository};
use super::revoked::{REVOKED, Revocations};
use super::{PublishError, RoleName, StageName};
use crate::key::KeyId;
use crate::metadata::{
    Authority, DelegatedRole, Document, Root, Snapshot, Tally, Target, Targets, Timestamp, rfc3339,
};

/// When a document was last changed: what its publisher's log tells the time by.
pub(super) const SIGNED: &str = "x-coffer-signed";

/// A publisher's documents as they are going to be.
#[derive(Debug, Clone)]
pub struct Draft {
    pub(super) base: Option<Repository>,
    pub(super) validity: Validity,
    pub(super) root: Paper<Root>,
    pub(super) targets: Paper<Targets>,
    pub(super) stages: BTreeMap<StageName, Paper<Targets>>,
    pub(super) revoked: Vec<u8>,
    /// Signatures of what was changed once more after they were given.
    pub(super) dropped: Vec<(RoleName, KeyId)>,
}

impl Draft {
    /// The first documents of a new publisher.
    ///
    /// # Errors
    /// [`PublishError::Threshold`] and others about keys.
    pub fn init(plan: &Plan, validity: Validity, now: i64) -> Result<Self, PublishError> {
        plan.check()?;
        let mut root = Root::new(1, now.saturating_add(validity.root));
        let online = [(Snapshot::TYPE, &plan.online), (Timestamp::TYPE, &plan.online)];
        for (role, keys) in
            [(Root::TYPE, &plan.root), (Targets::TYPE, &plan.release)].into_iter().chain(online)
        {
            root.keys.extend(keys.keys.iter().map(|key| (key.id(), key.clone())));
            root.roles.insert(role.to_owned(), keys.role());
        }
        let revoked = Revocations::default().to_bytes()?;
        let mut targets = Targets::new(1, now.saturating_add(validity.targets));
        targets.targets.insert(REVOKED.to_owned(), Target::file(&revoked));
        stamp(&mut root.other, now);
        stamp(&mut targets.other, now);
        Ok(Self {
            base: None,
            validity,
            root: Paper::new(root)?,
            targets: Paper::new(targets)?,
            stages: BTreeMap::new(),
            revoked,
            dropped: Vec::new(),
        })
    }

    /// A draft of what is published, in which nothing is changed yet.
    #[must_use]
    pub fn of(base: Repository, validity: Validity) -> Self {
        Self {
            validity,
            root: base.root.clone(),
            targets: base.targets.clone(),
            stages: base.stages.clone(),
            revoked: base.revoked.clone(),
            base: Some(base),
            dropped: Vec::new(),
        }
    }

    /// What is published.
    #[must_use]
    pub fn base(&self) -> Option<&Repository> {
        self.base.as_ref()
    }

    /// The roles whose documents are new, in the order in which they are verified.
    #[must_use]
    pub fn changed(&self) -> Vec<RoleName> {
        let stages = self.stages.keys().cloned().map(RoleName::Stage);
        [RoleName::Root, RoleName::Release]
            .into_iter()
            .chain(stages)
            .filter(|role| self.is_new(role))
            .collect()
    }

    /// Whether nothing is changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changed().is_empty()
    }

    /// Signatures that an edit made worthless, because they are of what the draft said before.
    #[must_use]
    pub fn dropped(&self) -> &[(RoleName, KeyId)] {
        &self.dropped
    }

    /// Renews a document that says nothing new, for as long as its role's are good. One that is new anyway stays as
    /// it is.
    ///
    /// # Errors
    /// [`PublishError::NoStage`].
    pub fn renew(&mut self, role: &RoleName, now: i64) -> Result<(), PublishError> {
        match role {
            _ if self.is_new(role) => Ok(()),
            RoleName::Root => self.put_root(self.root.document.clone(), now),
            RoleName::Release => self.put_targets(self.targets.document.clone(), now),
            RoleName::Stage(stage) => {
                self.delegation(stage)?;
                let paper = self.stages.get(stage).map(|paper| paper.document.clone());
                paper.map_or(Ok(()), |document| self.put_stage(stage, document, now))
            }
            // Every publication renews those.
            RoleName::Online => Ok(()),
        }
    }

    pub(super) fn is_new(&self, role: &RoleName) -> bool {
        let Some(base) = &self.base else { return true };
        match role {
            RoleName::Root => self.root.document.version != base.root.document.version,
            RoleName::Release => self.targets.document.version != base.targets.document.version,
            RoleName::Online => false,
            RoleName::Stage(stage) => {
                let version = |paper: &Paper<Targets>| paper.document.version;
                self.stages.get(stage).map(version) != base.stages.get(stage).map(version)
            }
        }
    }

    /// Who has to sign a role's document. A new root is signed by those whom the published one names as well:
    /// section 5.3.4.
    pub(super) fn authorities(&self, role: &RoleName) -> Vec<Authority> {
        let root = &self.root.document;
        match role {
            RoleName::Root => {
                let former = self.base.as_ref().map(|base| base.root.document.authority(Root::TYPE));
                former.into_iter().chain([root.authority(Root::TYPE)]).collect()
            }
            RoleName::Release => vec![root.authority(Targets::TYPE)],
            RoleName::Online => vec![root.authority(Timestamp::TYPE)],
            RoleName::Stage(stage) => {
                let delegations = self.targets.document.delegations.as_ref();
                delegations.map(|delegations| delegations.authority(stage.as_str())).into_iter().collect()
            }
        }
    }

    /// What the release role says of a stage.
    pub(super) fn delegation(&self, stage: &StageName) -> Result<&DelegatedRole, PublishError> {
        let roles =
            self.targets.document.delegations.as_ref().map_or(&[][..], |delegations| &delegations.roles);
        let found = roles.iter().find(|role| role.name == stage.as_str());
        found.ok_or_else(|| PublishError::NoStage {
            stage: stage.clone(),
            there: roles.iter().map(|role| role.name.clone()).collect(),
        })
    }

    pub(super) fn edit_root(
        &mut self,
        now: i64,
        change: impl FnOnce(&mut Root) -> Result<(), PublishError>,
    ) -> Result<(), PublishError> {
        let mut next = self.root.document.clone();
        change(&mut next)?;
        if next == self.root.document { Ok(()) } else { self.put_root(next, now) }
    }

    pub(super) fn edit_targets(
        &mut self,
        now: i64,
        change: impl FnOnce(&mut Targets) -> Result<(), PublishError>,
    ) -> Result<(), PublishError> {
        let mut next = self.targets.document.clone();
        change(&mut next)?;
        if next == self.targets.document { Ok(()) } else { self.put_targets(next, now) }
    }

    /// A stage's document begins with its first promotion.
    pub(super) fn edit_stage(
        &mut self,
        stage: &StageName,
        now: i64,
        change: impl FnOnce(&mut Targets) -> Result<(), PublishError>,
    ) -> Result<(), PublishError> {
        self.delegation(stage)?;
        let before = self.stages.get(stage).map(|paper| paper.document.clone());
        let mut next = before.clone().unwrap_or_else(|| Targets::new(1, now));
        change(&mut next)?;
        if before.as_ref() == Some(&next) { Ok(()) } else { self.put_stage(stage, next, now) }
    }

    fn put_root(&mut self, mut next: Root, now: i64) -> Result<(), PublishError> {
        self.drop_signatures(&RoleName::Root);
        let base = self.base.as_ref().map(|base| base.root.document.version);
        next.version = following(&RoleName::Root, base)?;
        next.expires = now.saturating_add(self.validity.root);
        stamp(&mut next.other, now);
        self.root = fitting(Paper::new(next)?, MOST_SMALL)?;
        self.settle(now)
    }

    fn put_targets(&mut self, mut next: Targets, now: i64) -> Result<(), PublishError> {
        self.drop_signatures(&RoleName::Release);
        let base = self.base.as_ref().map(|base| base.targets.document.version);
        next.version = following(&RoleName::Release, base)?;
        next.expires = now.saturating_add(self.validity.targets);
        stamp(&mut next.other, now);
        self.targets = fitting(Paper::new(next)?, MOST_TARGETS)?;
        self.settle(now)
    }

    pub(super) fn put_stage(
        &mut self,
        stage: &StageName,
        mut next: Targets,
        now: i64,
    ) -> Result<(), PublishError> {
        let role = RoleName::Stage(stage.clone());
        self.drop_signatures(&role);
        next.version = following(&role, self.published_version(stage))?;
        next.expires = now.saturating_add(self.validity.targets);
        stamp(&mut next.other, now);
        self.stages.insert(stage.clone(), fitting(Paper::new(next)?, MOST_TARGETS)?);
        Ok(())
    }

    /// What nobody signs any more who may, since the keys changed, is to be signed again: consumers verify what they
    /// have kept against the present keys too.
    fn settle(&mut self, now: i64) -> Result<(), PublishError> {
        let orphans: Vec<RoleName> = self.dependent().filter(|role| !self.holds(role)).collect();
        orphans.iter().try_for_each(|role| self.renew(role, now))
    }

    /// The roles whose keys another role names.
    fn dependent(&self) -> impl Iterator<Item = RoleName> {
        [RoleName::Release].into_iter().chain(self.stages.keys().cloned().map(RoleName::Stage))
    }

    /// Whether everybody has signed who has to.
    pub(super) fn holds(&self, role: &RoleName) -> bool {
        self.authorities(role).iter().all(|authority| match role {
            RoleName::Root => self.root.holds(authority),
            RoleName::Release => self.targets.holds(authority),
            RoleName::Online => true,
            RoleName::Stage(stage) => self.stages.get(stage).is_some_and(|paper| paper.holds(authority)),
        })
    }

    /// Who has signed a role's document, for each of its authorities.
    pub(super) fn tallies(&self, role: &RoleName) -> Vec<(Authority, Tally)> {
        let tally = |authority: Authority| {
            let tally = match role {
                RoleName::Root => self.root.tally(&authority),
                RoleName::Release => self.targets.tally(&authority),
                RoleName::Online => Tally::default(),
                RoleName::Stage(stage) => {
                    self.stages.get(stage).map(|paper| paper.tally(&authority)).unwrap_or_default()
                }
            };
            (authority, tally)
        };
        self.authorities(role).into_iter().map(tally).collect()
    }

    fn drop_signatures(&mut self, role: &RoleName) {
        if self.is_new(role) {
            let signed = self.tallies(role).into_iter().flat_map(|(_, tally)| tally.signed);
            let dropped: BTreeSet<KeyId> = signed.collect();
            self.dropped.extend(dropped.into_iter().map(|key| (role.clone(), key)));
        }
    }
}

pub(super) fn stamp(other: &mut Map<String, Value>, now: i64) {
    other.insert(SIGNED.to_owned(), Value::from(rfc3339(now)));
}

/// A draft is one step, however often it is edited.
fn following(role: &RoleName, base: Option<u64>) -> Result<u64, PublishError> {
    base.unwrap_or(0).checked_add(1).ok_or_else(|| PublishError::Versions(role.clone()))
}

fn fitting<T: Document + Clone>(paper: Paper<T>, most: u64) -> Result<Paper<T>, PublishError> {
    match usize::try_from(most) {
        Ok(most) if paper.bytes().len() > most => {
            Err(PublishError::Full { what: "bytes of a document", most })
        }
        _ => Ok(paper),
    }
}
