//! What a depot writes down: small JSON documents, each under a key of its own.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{DepotError, Result};
use crate::server::shelf::{ContentDigest, DigestText, Key, Small};

/// A digest in a record, as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Written(pub ContentDigest);

impl TryFrom<String> for Written {
    type Error = DigestText;

    fn try_from(text: String) -> std::result::Result<Self, DigestText> {
        text.parse().map(Self)
    }
}

impl From<Written> for String {
    fn from(digest: Written) -> Self {
        digest.0.to_string()
    }
}

/// That a repository has a blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobRecord {
    /// Its bytes.
    pub size: u64,
    /// Since when, in seconds since 1970.
    pub when: u64,
}

/// That a repository has a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestRecord {
    /// What it was pushed as.
    pub media_type: String,
    /// Its bytes.
    pub size: u64,
    /// Since when, in seconds since 1970.
    pub when: u64,
    /// The manifest that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Written>,
}

/// Which manifest a tag means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagRecord {
    /// The manifest.
    pub digest: Written,
    /// Since when, in seconds since 1970.
    pub when: u64,
}

/// That something may have freed a blob.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GarbageRecord {
    /// When it last did, in seconds since 1970.
    pub when: u64,
    /// The repositories that may hold it for nothing.
    pub repositories: BTreeSet<String>,
}

/// A record as it is written.
pub(crate) fn write<T: Serialize>(key: &Key, record: &T) -> Result<Bytes> {
    serde_json::to_vec(record).map(Bytes::from).map_err(|error| damaged(key, &error))
}

/// A record as it was read.
pub(crate) fn read<T: DeserializeOwned>(key: &Key, small: &Small) -> Result<T> {
    serde_json::from_slice(&small.bytes).map_err(|error| damaged(key, &error))
}

fn damaged(key: &Key, error: &serde_json::Error) -> DepotError {
    DepotError::Damaged { what: key.to_string(), why: error.to_string() }
}
