//! Stages: delegated roles, whose signers sign a release once more when it has come so far.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Map;

use super::draft::Draft;
use super::edit::DEEPEST;
use super::plan::Keys;
use super::removed::note;
use super::{PublishError, RoleName, StageName};
use crate::key::{KeyId, PublicKey};
use crate::metadata::{DelegatedRole, Delegations, Targets};

/// What a delegation says of attestations.
pub(super) const REQUIRES: &str = "x-coffer-requires";

/// The most stages of a publisher, and the most kinds of attestations that one wants.
pub(super) const MOST_STAGES: usize = 32;
const MOST_KINDS: usize = 16;

/// The longest kind: a word, or the address of a predicate type.
const LONGEST_KIND: usize = 200;

/// A statement that has to exist before a promotion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// `vuln`, `sbom`, `provenance`, or the address of a predicate type.
    pub kind: String,
    /// Whose it may be.
    pub keys: Vec<PublicKey>,
}

/// The same as metadata have it.
#[derive(Debug, Serialize, Deserialize)]
struct Wire {
    #[serde(rename = "type")]
    kind: String,
    keyids: Vec<KeyId>,
}

impl Draft {
    /// Says who promotes to a stage, and what has to be attested before; the stage is made if there is none.
    ///
    /// # Errors
    /// [`PublishError::Threshold`] and others about keys, [`PublishError::Full`].
    pub fn delegate(
        &mut self,
        stage: &StageName,
        keys: &Keys,
        requires: &[Requirement],
        now: i64,
    ) -> Result<(), PublishError> {
        let role = RoleName::Stage(stage.clone());
        keys.check(&role)?;
        self.keys(&RoleName::Online)?.check_alone(&role, keys)?;
        requires.iter().try_for_each(|required| required.check(&role))?;
        if requires.len() > MOST_KINDS {
            return Err(PublishError::Full { what: "kinds of attestations of a stage", most: MOST_KINDS });
        }
        let delegated = delegated(stage, keys, requires)?;
        self.edit_targets(now, |targets| {
            let delegations = targets.delegations.get_or_insert_default();
            let of_requirements = requires.iter().flat_map(|required| &required.keys);
            let all = keys.keys.iter().chain(of_requirements);
            delegations.keys.extend(all.map(|key| (key.id(), key.clone())));
            match delegations.roles.iter_mut().find(|role| role.name == stage.as_str()) {
                Some(present) => *present = delegated,
                None => delegations.roles.push(delegated),
            }
            if delegations.roles.len() > MOST_STAGES {
                return Err(PublishError::Full { what: "stages", most: MOST_STAGES });
            }
            forget_unused(delegations);
            note(&mut targets.other, stage.as_str(), None);
            Ok(())
        })?;
        self.begin_again(stage, now)
    }

    /// What has to be attested before a promotion to a stage, and by whom.
    ///
    /// # Errors
    /// [`PublishError::NoStage`].
    pub fn requirements(&self, stage: &StageName) -> Result<Vec<Requirement>, PublishError> {
        let role = self.delegation(stage)?;
        let required = self.targets.document.delegations.as_ref().and_then(|all| required(role, all));
        required.ok_or_else(|| PublishError::Unusual("targets.json".to_owned()))
    }

    /// The stages, in the order in which they were made.
    #[must_use]
    pub fn stages(&self) -> Vec<StageName> {
        stages(&self.targets.document)
    }
}

impl Requirement {
    fn check(&self, role: &RoleName) -> Result<(), PublishError> {
        let kind = &self.kind;
        if kind.is_empty() || kind.len() > LONGEST_KIND || kind.contains(|c: char| c.is_control() || c == ' ')
        {
            return Err(PublishError::Kind(kind.chars().take(80).collect()));
        }
        Keys { keys: self.keys.clone(), threshold: 1 }.check(role)
    }
}

pub(super) fn stages(targets: &Targets) -> Vec<StageName> {
    let roles = targets.delegations.as_ref().map_or(&[][..], |delegations| &delegations.roles);
    roles.iter().filter_map(|role| role.name.parse().ok()).collect()
}

/// The requirements of a delegation: none where it has none, nothing where they are not understood.
fn wires(role: &DelegatedRole) -> Option<Vec<Wire>> {
    match role.role.other.get(REQUIRES) {
        None => Some(Vec::new()),
        Some(value) => Vec::<Wire>::deserialize(value).ok(),
    }
}

/// The requirements of a delegation, if they are understood.
pub(crate) fn required(role: &DelegatedRole, delegations: &Delegations) -> Option<Vec<Requirement>> {
    let key = |id: &KeyId| delegations.keys.get(id).cloned();
    let required =
        |wire: Wire| Requirement { keys: wire.keyids.iter().filter_map(key).collect(), kind: wire.kind };
    Some(wires(role)?.into_iter().map(required).collect())
}

/// What metadata say of a stage.
pub(super) fn delegated(
    stage: &StageName,
    keys: &Keys,
    requires: &[Requirement],
) -> Result<DelegatedRole, PublishError> {
    let mut role = keys.role();
    if !requires.is_empty() {
        let wire = |required: &Requirement| Wire {
            kind: required.kind.clone(),
            keyids: required.keys.iter().map(PublicKey::id).collect(),
        };
        let wires: Vec<Wire> = requires.iter().map(wire).collect();
        let value = serde_json::to_value(wires).map_err(|error| PublishError::Kind(error.to_string()))?;
        role.other = Map::from_iter([(REQUIRES.to_owned(), value)]);
    }
    let paths = (1..=DEEPEST).map(|depth| format!("{stage}{}", "/*".repeat(depth)));
    Ok(DelegatedRole {
        name: stage.to_string(),
        terminating: true,
        paths: Some(paths.collect()),
        path_hash_prefixes: None,
        role,
    })
}

/// A key that no stage names any more is no longer listed.
pub(super) fn forget_unused(delegations: &mut Delegations) {
    let mut used: BTreeSet<KeyId> = BTreeSet::new();
    for role in &delegations.roles {
        used.extend(role.role.keyids.iter().cloned());
        used.extend(wires(role).into_iter().flatten().flat_map(|wire| wire.keyids));
    }
    delegations.keys.retain(|id, _| used.contains(id));
}
