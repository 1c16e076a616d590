//! root.json, section 4.3: who signs for every other role.

use std::collections::BTreeMap;

use super::{
    Authority, Document as _, FormatError, Role, SPECIFICATION, Snapshot, Targets, Timestamp, document,
};
use crate::key::{KeyId, PublicKey};

/// The most keys that a root may list.
const MOST_KEYS: usize = 1024;

document! {
    /// Who signs for every other role.
    Root, "root" {
        /// Whether files carry their versions in their names. Section 4.3: optional.
        #[serde(default)]
        consistent_snapshot: bool,
        /// Every key of every role.
        keys: BTreeMap<KeyId, PublicKey>,
        /// By `root`, `targets`, `snapshot` and `timestamp`.
        roles: BTreeMap<String, Role>,
    }
}

impl Root {
    /// One without keys or roles, which is not valid yet.
    #[must_use]
    pub fn new(version: u64, expires: i64) -> Self {
        Self {
            kind: Self::TYPE.to_owned(),
            spec_version: SPECIFICATION.to_owned(),
            version,
            expires,
            consistent_snapshot: true,
            keys: BTreeMap::new(),
            roles: BTreeMap::new(),
            other: serde_json::Map::new(),
        }
    }

    /// Who signs for one of the four roles; nobody for another name.
    #[must_use]
    pub fn authority(&self, role: &str) -> Authority {
        match self.roles.get(role) {
            Some(keys) => keys.authority(role, |id| self.keys.get(id)),
            None => Authority::nobody(role),
        }
    }

    fn check_fields(&self) -> Result<(), FormatError> {
        if self.keys.len() > MOST_KEYS {
            return Err(FormatError::TooMany { what: "keys", most: MOST_KEYS });
        }
        let required = [Self::TYPE, Targets::TYPE, Snapshot::TYPE, Timestamp::TYPE];
        if let Some(missing) = required.into_iter().find(|role| !self.roles.contains_key(*role)) {
            return Err(FormatError::NoRole(missing));
        }
        self.roles.iter().try_for_each(|(name, role)| role.check(name))
    }
}
