//! Who signs: exchanging keys, adding people, and going on without what is lost.

use std::collections::BTreeSet;

use super::draft::Draft;
use super::plan::Keys;
use super::stage::forget_unused;
use super::{PublishError, RoleName, StageName};
use crate::key::{KeyId, PublicKey};
use crate::metadata::{Document as _, Root, Snapshot, Targets, Timestamp};

impl Draft {
    /// A role's keys, as the draft has them.
    ///
    /// # Errors
    /// [`PublishError::NoStage`].
    pub fn keys(&self, role: &RoleName) -> Result<Keys, PublishError> {
        let root = |name: &str| {
            let authority = self.root.document.authority(name);
            let keys = authority.keys().iter().map(|(_, key)| key.clone()).collect();
            Keys { keys, threshold: authority.threshold() }
        };
        match role {
            RoleName::Root => Ok(root(Root::TYPE)),
            RoleName::Release => Ok(root(Targets::TYPE)),
            RoleName::Online => Ok(root(Timestamp::TYPE)),
            RoleName::Stage(stage) => {
                let delegated = &self.delegation(stage)?.role;
                let delegations = self.targets.document.delegations.as_ref();
                let key = |id| delegations.and_then(|delegations| delegations.keys.get(id)).cloned();
                let keys = delegated.keyids.iter().filter_map(key).collect();
                Ok(Keys { keys, threshold: delegated.threshold })
            }
        }
    }

    /// Gives a role other keys, or another threshold.
    ///
    /// # Errors
    /// [`PublishError::Threshold`] and others about keys.
    pub fn set_keys(&mut self, role: &RoleName, keys: &Keys, now: i64) -> Result<(), PublishError> {
        keys.check(role)?;
        match role {
            RoleName::Root => {
                self.keys(&RoleName::Online)?.check_alone(role, keys)?;
                self.set_in_root(&[Root::TYPE], keys, now)
            }
            RoleName::Release => {
                self.keys(&RoleName::Online)?.check_alone(role, keys)?;
                self.set_in_root(&[Targets::TYPE], keys, now)
            }
            RoleName::Online => {
                for other in self.people() {
                    keys.check_alone(&other, &self.keys(&other)?)?;
                }
                self.set_in_root(&[Snapshot::TYPE, Timestamp::TYPE], keys, now)
            }
            RoleName::Stage(stage) => self.set_in_stage(stage, keys, now),
        }
    }

    /// Exchanges one key of a role. Given again it changes nothing, for the next signer gives the same command.
    ///
    /// # Errors
    /// [`PublishError::NotAKey`] if the role has neither the old one nor the new one.
    pub fn rotate(
        &mut self,
        role: &RoleName,
        old: &KeyId,
        new: PublicKey,
        now: i64,
    ) -> Result<(), PublishError> {
        let mut keys = self.keys(role)?;
        match keys.keys.iter().position(|key| key.id() == *old) {
            Some(at) if keys.keys.contains(&new) => drop(keys.keys.remove(at)),
            Some(at) => keys.keys.splice(at..=at, [new]).for_each(drop),
            None if keys.keys.contains(&new) => return Ok(()),
            None => return Err(PublishError::NotAKey { role: role.clone(), key: old.clone() }),
        }
        self.set_keys(role, &keys, now)
    }

    /// Goes on without lost keys: takes them out of every role that has them, and puts new ones into the roles that
    /// are given some.
    ///
    /// # Errors
    /// [`PublishError::Lost`] if too few are left to sign the change, [`PublishError::Threshold`] if a role would have
    /// too few keys, [`PublishError::NobodysKey`].
    pub fn recover(
        &mut self,
        lost: &[KeyId],
        new: &[(RoleName, PublicKey)],
        now: i64,
    ) -> Result<(), PublishError> {
        let mut known: BTreeSet<KeyId> = BTreeSet::new();
        let mut changes: Vec<(RoleName, Keys)> = Vec::new();
        for role in self.all_roles() {
            let mut keys = self.keys(&role)?;
            known.extend(self.published_keys(&role).into_iter().chain(keys.ids()));
            let before = keys.clone();
            keys.keys.retain(|key| !lost.contains(&key.id()));
            let added = new.iter().filter(|(to, _)| *to == role).map(|(_, key)| key);
            for key in added {
                if !keys.keys.contains(key) {
                    keys.keys.push(key.clone());
                }
            }
            if keys != before {
                changes.push((role, keys));
            }
        }
        if let Some(key) = lost.iter().find(|key| !known.contains(key)) {
            return Err(PublishError::NobodysKey(key.clone()));
        }
        self.can_replace(lost, &changes)?;
        changes.iter().try_for_each(|(role, keys)| self.set_keys(role, keys, now))
    }

    /// Root replaces everybody's keys, and its own as long as enough of them are left; the release role those of
    /// stages, with whichever keys it has then.
    fn can_replace(&self, lost: &[KeyId], changes: &[(RoleName, Keys)]) -> Result<(), PublishError> {
        let by_root = changes.iter().any(|(role, _)| !matches!(role, RoleName::Stage(_)));
        let published = self.base.as_ref().map(|base| base.root.document.authority(Root::TYPE));
        let authority = published.filter(|_| by_root);
        let Some(authority) = authority else { return Ok(()) };
        let left = authority.keys().iter().filter(|(_, key)| !lost.contains(&key.id())).count();
        let threshold = authority.threshold();
        match u32::try_from(left).is_ok_and(|left| left < threshold) {
            true => Err(PublishError::Lost { role: RoleName::Root, left, threshold }),
            false => Ok(()),
        }
    }

    fn published_keys(&self, role: &RoleName) -> Vec<KeyId> {
        let base = self.base.as_ref().map(|base| Self::of(base.clone(), self.validity));
        base.and_then(|base| base.keys(role).ok()).map(|keys| keys.ids()).unwrap_or_default()
    }

    fn all_roles(&self) -> Vec<RoleName> {
        let mut roles = vec![RoleName::Root, RoleName::Release, RoleName::Online];
        roles.extend(self.stages().into_iter().map(RoleName::Stage));
        roles
    }

    /// Roles whose keys people hold.
    fn people(&self) -> impl Iterator<Item = RoleName> + use<> {
        self.all_roles().into_iter().filter(|role| *role != RoleName::Online)
    }

    fn set_in_root(&mut self, roles: &[&str], keys: &Keys, now: i64) -> Result<(), PublishError> {
        self.edit_root(now, |root| {
            for name in roles {
                let Some(role) = root.roles.get_mut(*name) else { continue };
                role.keyids = keys.ids();
                role.threshold = keys.threshold;
            }
            root.keys.extend(keys.keys.iter().map(|key| (key.id(), key.clone())));
            let used: BTreeSet<KeyId> = root.roles.values().flat_map(|role| role.keyids.clone()).collect();
            root.keys.retain(|id, _| used.contains(id));
            Ok(())
        })
    }

    fn set_in_stage(&mut self, stage: &StageName, keys: &Keys, now: i64) -> Result<(), PublishError> {
        self.keys(&RoleName::Online)?.check_alone(&RoleName::Stage(stage.clone()), keys)?;
        self.delegation(stage)?;
        self.edit_targets(now, |targets| {
            let delegations = targets.delegations.get_or_insert_default();
            if let Some(present) = delegations.roles.iter_mut().find(|role| role.name == stage.as_str()) {
                present.role.keyids = keys.ids();
                present.role.threshold = keys.threshold;
            }
            delegations.keys.extend(keys.keys.iter().map(|key| (key.id(), key.clone())));
            forget_unused(delegations);
            Ok(())
        })
    }
}
