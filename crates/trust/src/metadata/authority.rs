//! Who has to sign, and what is said where too few of them did.

use std::collections::BTreeSet;
use std::fmt;

use crate::key::{KeyId, PublicKey};

/// Who has to sign a document, as its delegator says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    role: String,
    keys: Vec<(KeyId, PublicKey)>,
    threshold: u32,
}

impl Authority {
    pub(super) fn new(role: &str, keys: Vec<(KeyId, PublicKey)>, threshold: u32) -> Self {
        Self { role: role.to_owned(), keys, threshold }
    }

    /// For roles that nobody may sign.
    pub(super) fn nobody(role: &str) -> Self {
        Self::new(role, Vec::new(), u32::MAX)
    }

    /// For errors.
    #[must_use]
    pub fn role(&self) -> &str {
        &self.role
    }

    /// The keys that count.
    #[must_use]
    pub fn keys(&self) -> &[(KeyId, PublicKey)] {
        &self.keys
    }

    /// How many of them have to sign.
    #[must_use]
    pub fn threshold(&self) -> u32 {
        self.threshold
    }

    /// Whether a key of this authority is none of `later`'s: it was taken out, since it was lost or stolen.
    #[must_use]
    pub fn lost_keys(&self, later: &Self) -> bool {
        let held: BTreeSet<_> = later.keys.iter().filter_map(|(_, key)| key.material()).collect();
        let mut keys = self.keys.iter().filter_map(|(_, key)| key.material());
        keys.any(|key| !held.contains(&key))
    }
}

/// What became of each of an authority's keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Signed, each counted once.
    pub signed: Vec<KeyId>,
    /// Did not sign.
    pub absent: Vec<KeyId>,
    /// Have a signature that does not hold.
    pub broken: Vec<KeyId>,
    /// Are of a scheme that is not understood.
    pub unknown: Vec<(KeyId, String)>,
}

/// Too few signatures. Follows the name of a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Shortfall {
    /// Of which role.
    pub role: String,
    /// Its threshold.
    pub needed: u32,
    /// What there is.
    pub tally: Box<Tally>,
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { signed, absent, broken, unknown } = &*self.tally;
        let have = match signed.len() {
            0 => "by no key".to_owned(),
            1 => "by one key".to_owned(),
            many => format!("by {many} keys"),
        };
        match self.needed {
            u32::MAX => write!(f, "is signed {have}, and nobody may sign as `{}`", self.role)?,
            needed => write!(f, "is signed {have}, and role `{}` needs {needed}", self.role)?,
        }
        list(f, "signed", signed)?;
        list(f, "did not sign", absent)?;
        list(f, "has a signature that does not hold", broken)?;
        for (id, scheme) in unknown.iter().take(SHOWN) {
            let scheme: String = scheme.chars().take(40).collect();
            write!(f, "; `{}` is of scheme `{scheme}`, which is not understood", id.short())?;
        }
        Ok(())
    }
}

/// How many keys an error names.
const SHOWN: usize = 5;

fn list(f: &mut fmt::Formatter<'_>, what: &str, keys: &[KeyId]) -> fmt::Result {
    let names: Vec<String> = keys.iter().take(SHOWN).map(|id| format!("`{}`", id.short())).collect();
    match names.is_empty() {
        true => Ok(()),
        false => write!(f, "; {} {what}", names.join(", ")),
    }
}
