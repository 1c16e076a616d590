//! Delegations, section 4.5 `DELEGATIONS`: who else may vouch, and for which names.

use std::collections::{BTreeMap, BTreeSet};

use model::digest::Digest;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    Authority, Document as _, FormatError, Role, Root, Snapshot, Targets, Timestamp, file_name, glob,
};
use crate::key::{KeyId, PublicKey};

/// The most roles that one document may delegate to: as many as PyPI plans to have bins.
const MOST_ROLES: usize = 16_384;

/// The most patterns that one document may have, and the most bytes of each.
const MOST_PATTERNS: usize = 32_768;
const LONGEST_PATTERN: usize = 512;

/// The longest name of a role's file.
const LONGEST_FILE: usize = 200;

/// Who else may vouch.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Delegations {
    /// Every key of every role below.
    pub keys: BTreeMap<KeyId, PublicKey>,
    /// In the order in which they are asked.
    #[serde(default)]
    pub roles: Vec<DelegatedRole>,
    /// What the specification does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelegatedRole {
    /// Its file is named after it.
    pub name: String,
    /// Whether nobody after it is asked about what it may vouch for.
    #[serde(default)]
    pub terminating: bool,
    /// What it may vouch for: `*` and `?` stand for anything but a `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paths: Option<Vec<String>>,
    /// The same by the first hex digits of the name's SHA-256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_hash_prefixes: Option<Vec<String>>,
    /// Who signs, and what the specification does not know.
    #[serde(flatten)]
    pub role: Role,
}

impl Delegations {
    /// The role of that name.
    #[must_use]
    pub fn role(&self, name: &str) -> Option<&DelegatedRole> {
        self.roles.iter().find(|role| role.name == name)
    }

    /// Who signs for the role of that name; nobody for another.
    #[must_use]
    pub fn authority(&self, name: &str) -> Authority {
        match self.role(name) {
            Some(role) => role.role.authority(name, |id| self.keys.get(id)),
            None => Authority::nobody(name),
        }
    }

    pub(super) fn check(&self) -> Result<(), FormatError> {
        if self.roles.len() > MOST_ROLES {
            return Err(FormatError::TooMany { what: "delegations", most: MOST_ROLES });
        }
        if self.roles.iter().map(DelegatedRole::patterns).sum::<usize>() > MOST_PATTERNS {
            return Err(FormatError::TooMany { what: "patterns of names", most: MOST_PATTERNS });
        }
        let mut names = BTreeSet::new();
        self.roles.iter().try_for_each(|role| {
            if !names.insert(role.name.as_str()) {
                return Err(FormatError::RoleTwice(shown(&role.name)));
            }
            role.check()
        })
    }
}

impl DelegatedRole {
    /// Whether it may vouch for `target`.
    #[must_use]
    pub fn covers(&self, target: &str) -> bool {
        if let Some(patterns) = &self.paths {
            return patterns.iter().any(|pattern| glob::matches(pattern, target));
        }
        let prefixes = self.path_hash_prefixes.as_deref().unwrap_or_default();
        if prefixes.is_empty() {
            return false;
        }
        let digits = Digest::of(target.as_bytes()).hex();
        prefixes.iter().any(|prefix| digits.starts_with(prefix.as_str()))
    }

    fn patterns(&self) -> usize {
        [&self.paths, &self.path_hash_prefixes].into_iter().flatten().map(Vec::len).sum()
    }

    fn check(&self) -> Result<(), FormatError> {
        let taken =
            [Root::TYPE, Targets::TYPE, Snapshot::TYPE, Timestamp::TYPE].contains(&self.name.as_str());
        if taken || self.name.is_empty() || file_name(&self.name).len() > LONGEST_FILE {
            return Err(FormatError::RoleName(shown(&self.name)));
        }
        if self.paths.is_some() && self.path_hash_prefixes.is_some() {
            return Err(FormatError::Paths(shown(&self.name)));
        }
        if self.paths.iter().flatten().any(|pattern| pattern.len() > LONGEST_PATTERN) {
            return Err(FormatError::TooMany { what: "bytes in a pattern", most: LONGEST_PATTERN });
        }
        self.role.check(&shown(&self.name))
    }
}

fn shown(name: &str) -> String {
    name.chars().take(60).collect()
}
