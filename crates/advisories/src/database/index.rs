//! The index of a database: which sources it has, how old each is, and which file holds it.

use std::collections::BTreeSet;

use model::digest::ClaimedDigest;
use serde::{Deserialize, Serialize};

use super::error::DatabaseError;
use super::shard::Counts;

/// The version of the index's format.
const FORMAT: u32 = 1;

/// The most that an envelope with an index may be long, in bytes.
pub(super) const MAX_INDEX: u64 = 4 << 20;

/// The most that all shards together may be long, in bytes.
pub(super) const MAX_TOTAL: u64 = 4 << 30;

/// The most sources.
const MOST_SOURCES: usize = 256;

/// Which sources a database has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    format: u32,
    /// When it was put together, in RFC 3339: a later one replaces it.
    pub created: String,
    /// Sorted by source.
    pub shards: Vec<Entry>,
}

/// One source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// `debian`, `ghsa`.
    pub source: String,
    /// Where it was had from: a file's name, a URL.
    pub origin: String,
    /// When it was imported, in RFC 3339.
    pub imported: String,
    /// The file's digest, which is its name.
    pub sha256: ClaimedDigest,
    /// The file's size, in bytes.
    pub size: u64,
    /// How much is in it.
    pub counts: Counts,
    /// The ecosystems and releases that it has packages of.
    pub ecosystems: Vec<String>,
}

impl Index {
    pub(super) fn new(created: &str, shards: Vec<Entry>) -> Self {
        Self { format: FORMAT, created: created.to_owned(), shards }
    }

    pub(super) fn read(document: &[u8], path: &str) -> Result<Self, DatabaseError> {
        let index: Self =
            serde_json::from_slice(document).map_err(|error| DatabaseError::damaged(path, error))?;
        if index.format != FORMAT {
            let (path, found) = (path.to_owned(), index.format);
            return Err(DatabaseError::Format { path, found, expected: FORMAT });
        }
        let total = index.shards.iter().fold(0_u64, |total, entry| total.saturating_add(entry.size));
        if total > MAX_TOTAL {
            return Err(DatabaseError::TooLarge { path: path.to_owned(), limit: MAX_TOTAL });
        }
        let sources: BTreeSet<_> = index.shards.iter().map(|entry| &entry.source).collect();
        if sources.len() != index.shards.len() || sources.len() > MOST_SOURCES {
            return Err(DatabaseError::damaged(path, "a source is in it twice, or there are too many"));
        }
        Ok(index)
    }

    pub(super) fn document(&self) -> Vec<u8> {
        // Texts and numbers alone: there is nothing in it that JSON lacks.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }

    /// One source's entry.
    #[must_use]
    pub fn entry(&self, source: &str) -> Option<&Entry> {
        self.shards.iter().find(|entry| entry.source == source)
    }
}
