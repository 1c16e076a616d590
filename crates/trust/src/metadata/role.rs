//! A role: who signs, how many of them, and the file in which what they signed is.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Authority, FormatError};
use crate::key::{KeyId, PublicKey};

/// The most keys that a role may have.
const MOST_KEYS: usize = 256;

/// Who signs for a role, and how many of them have to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// The keys, by their names in the document's list.
    pub keyids: Vec<KeyId>,
    /// At least one.
    pub threshold: u32,
    /// What the specification does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Role {
    /// `threshold` of these keys.
    #[must_use]
    pub fn new(keyids: Vec<KeyId>, threshold: u32) -> Self {
        Self { keyids, threshold, other: Map::new() }
    }

    pub(super) fn authority<'a>(
        &self,
        name: &str,
        key: impl Fn(&KeyId) -> Option<&'a PublicKey>,
    ) -> Authority {
        let keys = self.keyids.iter().filter_map(|id| Some((id.clone(), key(id)?.clone())));
        Authority::new(name, keys.collect(), self.threshold)
    }

    pub(super) fn check(&self, name: &str) -> Result<(), FormatError> {
        if self.threshold == 0 {
            return Err(FormatError::Threshold(name.to_owned()));
        }
        match self.keyids.len() > MOST_KEYS {
            true => Err(FormatError::TooMany { what: "keys of a role", most: MOST_KEYS }),
            false => Ok(()),
        }
    }
}

/// The file of a role, without a version before it: its name with everything but letters, digits and `_.-~` escaped
/// as in a URL, so that no name leads out of a directory, and no two have the same file.
#[must_use]
pub fn file_name(role: &str) -> String {
    let mut name = String::with_capacity(role.len() + ".json".len());
    for byte in role.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' => {
                name.push(char::from(byte))
            }
            other => {
                let _infallible = write!(name, "%{other:02X}");
            }
        }
    }
    name + ".json"
}
