//! The list of digests that a publisher no longer vouches for, which is a target like any other: signed, and fresh.

use std::collections::BTreeMap;

use model::digest::ClaimedDigest;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::PublishError;
use crate::metadata::rfc3339;

/// The target's name.
pub const REVOKED: &str = "revoked.json";

/// The most bytes of the list.
pub(super) const MOST_BYTES: usize = 1 << 20;

/// The longest reason, in characters.
const LONGEST_REASON: usize = 500;

/// The longest time, in bytes: RFC 3339 with nanoseconds and an offset.
const LONGEST_TIME: usize = 40;

/// The list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocations {
    /// Grows by one with every change.
    pub version: u64,
    /// By digest.
    pub revoked: Vec<Revocation>,
    /// What a later program may add.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A digest that must not run any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// Of an image's manifest or index.
    pub digest: ClaimedDigest,
    /// For whoever is refused.
    pub reason: String,
    /// When, RFC 3339.
    pub time: String,
    /// What a later program may add.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Default for Revocations {
    fn default() -> Self {
        Self { version: 1, revoked: Vec::new(), other: Map::new() }
    }
}

impl Revocations {
    /// Reads the list.
    ///
    /// # Errors
    /// [`PublishError::Revocations`], [`PublishError::Full`].
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, PublishError> {
        if bytes.len() > MOST_BYTES {
            return Err(full());
        }
        let list: Self =
            serde_json::from_slice(bytes).map_err(|error| PublishError::Revocations(error.to_string()))?;
        // Everything but the time is shown before it is signed.
        let odd = |time: &str| time.len() > LONGEST_TIME || !time.bytes().all(|byte| byte.is_ascii_graphic());
        match list.revoked.iter().find(|entry| odd(&entry.time)) {
            Some(entry) => Err(PublishError::Revocations(format!("{} has no time", entry.digest))),
            None => Ok(list),
        }
    }

    pub(super) fn by_digest(&self) -> BTreeMap<ClaimedDigest, &Revocation> {
        self.revoked.iter().map(|entry| (entry.digest, entry)).collect()
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, PublishError> {
        let bytes = serde_json::to_vec(self).map_err(|error| PublishError::Revocations(error.to_string()))?;
        if bytes.len() > MOST_BYTES { Err(full()) } else { Ok(bytes) }
    }

    /// The entry of a digest.
    #[must_use]
    pub fn get(&self, digest: ClaimedDigest) -> Option<&Revocation> {
        self.revoked.iter().find(|entry| entry.digest == digest)
    }

    /// Adds a digest, or says why once more.
    pub(super) fn add(&mut self, digest: ClaimedDigest, reason: &str, now: i64) -> Result<(), PublishError> {
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > LONGEST_REASON || reason.contains(char::is_control) {
            return Err(PublishError::Reason { most: LONGEST_REASON });
        }
        if self.get(digest).is_some_and(|entry| entry.reason == reason) {
            return Ok(());
        }
        self.remove(digest);
        let (reason, time) = (reason.to_owned(), rfc3339(now));
        self.revoked.push(Revocation { digest, reason, time, other: Map::new() });
        self.revoked.sort_by_key(|entry| entry.digest);
        Ok(())
    }

    pub(super) fn remove(&mut self, digest: ClaimedDigest) {
        self.revoked.retain(|entry| entry.digest != digest);
    }
}

fn full() -> PublishError {
    PublishError::Full { what: "bytes of the list of revoked digests", most: MOST_BYTES }
}
