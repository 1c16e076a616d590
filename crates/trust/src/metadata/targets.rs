//! targets.json and the files of delegated roles, section 4.5: what is vouched for.

use std::collections::BTreeMap;

use model::digest::ClaimedDigest;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Delegations, Document as _, FormatError, Hashes, SPECIFICATION, document};

document! {
    /// What a role vouches for, and to whom it leaves the rest.
    Targets, "targets" {
        /// By name.
        targets: BTreeMap<String, Target>,
        /// In the order in which they are asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delegations: Option<Delegations>,
    }
}

/// A file that is vouched for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// In bytes.
    pub length: u64,
    /// At least one.
    pub hashes: Hashes,
    /// Whatever else the publisher says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<Map<String, Value>>,
    /// What the specification does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Target {
    /// An image by its manifest's digest and length. `sequence` grows with every signing of its publisher.
    #[must_use]
    pub fn release(digest: ClaimedDigest, length: u64, sequence: u64) -> Self {
        let custom = Map::from_iter([("sequence".to_owned(), Value::from(sequence))]);
        Self { length, hashes: Hashes::sha256_of(digest), custom: Some(custom), other: Map::new() }
    }

    /// A file that is published beside the metadata.
    #[must_use]
    pub fn file(bytes: &[u8]) -> Self {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Self { length, hashes: Hashes::of(bytes), custom: None, other: Map::new() }
    }

    /// The number of the signing; zero where there is none.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.custom.as_ref().and_then(|custom| custom.get("sequence")?.as_u64()).unwrap_or(0)
    }

    /// Whether `bytes` are this file: section 5.7.3.
    #[must_use]
    pub fn is(&self, bytes: &[u8]) -> bool {
        u64::try_from(bytes.len()).is_ok_and(|length| length == self.length) && self.hashes.hold(bytes)
    }
}

impl Targets {
    /// One that vouches for nothing.
    #[must_use]
    pub fn new(version: u64, expires: i64) -> Self {
        Self {
            kind: Self::TYPE.to_owned(),
            spec_version: SPECIFICATION.to_owned(),
            version,
            expires,
            targets: BTreeMap::new(),
            delegations: None,
            other: Map::new(),
        }
    }

    fn check_fields(&self) -> Result<(), FormatError> {
        self.delegations.as_ref().map_or(Ok(()), Delegations::check)
    }
}
