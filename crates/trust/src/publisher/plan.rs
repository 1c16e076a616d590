//! Who is to sign what, before anybody has.

use std::collections::BTreeSet;

use crate::key::{KeyId, Material, PublicKey};
use crate::metadata::Role;

use super::{PublishError, RoleName};

const DAY: i64 = 86_400;

/// The most keys of one role. A document has room for twice as many signatures, since a new root is signed by the
/// old keys too.
const MOST_KEYS: usize = 32;

/// Keys, and how many of them have to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// Each once.
    pub keys: Vec<PublicKey>,
    /// At least one, and no more than there are keys.
    pub threshold: u32,
}

/// The roles that a publisher begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Who says who signs.
    pub root: Keys,
    /// Who signs releases.
    pub release: Keys,
    /// What says every day that nothing newer is withheld. One signature has to do, for a machine gives it.
    pub online: Keys,
}

/// For how long each document is good, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// root.json
    pub root: i64,
    /// targets.json and each stage's
    pub targets: i64,
    /// snapshot.json
    pub snapshot: i64,
    /// timestamp.json: how long news can be withheld.
    pub timestamp: i64,
}

/// Whoever signs by hand does so once a week; with a service that renews it, a day is better.
impl Default for Validity {
    fn default() -> Self {
        Self { root: 365 * DAY, targets: 90 * DAY, snapshot: 14 * DAY, timestamp: 7 * DAY }
    }
}

impl Plan {
    pub(super) fn check(&self) -> Result<(), PublishError> {
        self.root.check(&RoleName::Root)?;
        self.release.check(&RoleName::Release)?;
        self.online.check(&RoleName::Online)?;
        self.online.check_alone(&RoleName::Root, &self.root)?;
        self.online.check_alone(&RoleName::Release, &self.release)
    }
}

impl Keys {
    /// One key that signs alone.
    #[must_use]
    pub fn one(key: PublicKey) -> Self {
        Self { keys: vec![key], threshold: 1 }
    }

    /// What metadata say of them.
    pub(super) fn role(&self) -> Role {
        Role::new(self.ids(), self.threshold)
    }

    pub(super) fn ids(&self) -> Vec<KeyId> {
        self.keys.iter().map(PublicKey::id).collect()
    }

    pub(super) fn check(&self, role: &RoleName) -> Result<(), PublishError> {
        let mut materials = BTreeSet::new();
        for key in &self.keys {
            let Some(material) = key.material() else {
                return Err(PublishError::KeyKind { role: role.clone(), scheme: key.scheme().to_owned() });
            };
            if !materials.insert(material) {
                return Err(PublishError::KeyTwice { role: role.clone(), key: key.id() });
            }
        }
        let (keys, threshold) = (self.keys.len(), self.threshold);
        if keys > MOST_KEYS {
            return Err(PublishError::Full { what: "keys of a role", most: MOST_KEYS });
        }
        let most = if *role == RoleName::Online { 1 } else { u32::try_from(keys).unwrap_or(u32::MAX) };
        if threshold == 0 || threshold > most || keys == 0 {
            return Err(PublishError::Threshold { role: role.clone(), threshold, keys });
        }
        Ok(())
    }

    /// A key that signs by itself all day must not be able to say more than what is current.
    pub(super) fn check_alone(&self, role: &RoleName, other: &Self) -> Result<(), PublishError> {
        let theirs: BTreeSet<Material> = other.keys.iter().filter_map(PublicKey::material).collect();
        match self.keys.iter().find(|key| key.material().is_some_and(|material| theirs.contains(&material))) {
            Some(key) => Err(PublishError::Shared { role: role.clone(), key: key.id() }),
            None => Ok(()),
        }
    }
}
