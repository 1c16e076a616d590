//! What a draft says of stages that the published documents do not.

use serde_json::Value;

use super::super::plan::Keys;
use super::super::removed::{note, removed};
use super::super::stage::{delegated, forget_unused, required};
use super::super::{Change, Requirement, RoleName, StageName};
use super::describe_keys;
use crate::key::PublicKey;
use crate::metadata::{DelegatedRole, Delegations, Targets};

/// A stage as a delegation has it.
struct Said {
    stage: StageName,
    keys: Keys,
    requires: Vec<Requirement>,
}

/// Describes every stage that is new, says something else or is gone, and takes it over into what is expected of the
/// document.
pub(super) fn describe(expected: &mut Targets, document: &Targets, changes: &mut Vec<Change>) {
    let Some(after) = &document.delegations else { return };
    let before = expected.delegations.clone().unwrap_or_default();
    let mut known = before.clone();
    for role in &after.roles {
        // A delegation that is not as this program writes them is shown as it is.
        let Some(said) = Said::of(role, after).filter(|said| said.is_all_of(role)) else { continue };
        said.describe(before.role(&role.name).and_then(|had| Said::of(had, &before)), changes);
        said.add_to(&mut known, role);
        note(&mut expected.other, &role.name, None);
    }
    let gone = removed(document);
    for role in before.roles.iter().filter(|role| after.role(&role.name).is_none()) {
        let (Some(time), Ok(stage)) = (gone.get(&role.name), role.name.parse()) else { continue };
        if time.parse::<jiff::Timestamp>().is_ok() {
            changes.push(Change::StageRemoved { stage });
            known.roles.retain(|known| known.name != role.name);
            note(&mut expected.other, &role.name, Some(Value::from(time.clone())));
        }
    }
    forget_unused(&mut known);
    if known != Delegations::default() || expected.delegations.is_some() {
        expected.delegations = Some(known);
    }
}

impl Said {
    fn of(role: &DelegatedRole, delegations: &Delegations) -> Option<Self> {
        let keys = role.role.keyids.iter().filter_map(|id| delegations.keys.get(id).cloned());
        let keys = Keys { keys: keys.collect(), threshold: role.role.threshold };
        let requires = required(role, delegations).unwrap_or_default();
        Some(Self { stage: role.name.parse().ok()?, keys, requires })
    }

    /// Whether the delegation says nothing else.
    fn is_all_of(&self, role: &DelegatedRole) -> bool {
        delegated(&self.stage, &self.keys, &self.requires).is_ok_and(|plain| plain == *role)
    }

    fn describe(&self, before: Option<Self>, changes: &mut Vec<Change>) {
        let stage = || self.stage.clone();
        if before.is_none() {
            changes.push(Change::Stage { stage: stage() });
        }
        let keys = before.as_ref().map(|before| &before.keys);
        describe_keys(&RoleName::Stage(stage()), keys, &self.keys, changes);
        if before.map(|before| before.requires).unwrap_or_default() != self.requires {
            let kinds = self.requires.iter().map(|one| (one.kind.clone(), one.keys.clone())).collect();
            changes.push(Change::Requires { stage: stage(), kinds });
        }
    }

    fn add_to(&self, known: &mut Delegations, role: &DelegatedRole) {
        let all = self.keys.keys.iter().chain(self.requires.iter().flat_map(|one| &one.keys));
        known.keys.extend(all.map(|key: &PublicKey| (key.id(), key.clone())));
        match known.roles.iter_mut().find(|known| known.name == role.name) {
            Some(present) => *present = role.clone(),
            None => known.roles.push(role.clone()),
        }
    }
}
