//! snapshot.json and timestamp.json, sections 4.4 and 4.6: which versions belong together, and which are current.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Document as _, FormatError, Hashes, SPECIFICATION, document};

/// What a snapshot says of a file, and a timestamp of the snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetaFile {
    /// The version inside the file.
    pub version: u64,
    /// In bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// Of the whole file, signatures included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hashes: Option<Hashes>,
    /// What the specification does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl MetaFile {
    /// All that can be said of a file.
    #[must_use]
    pub fn of(version: u64, bytes: &[u8]) -> Self {
        let length = u64::try_from(bytes.len()).ok();
        Self { version, length, hashes: Some(Hashes::of(bytes)), other: Map::new() }
    }
}

document! {
    /// The versions of all targets metadata that belong together.
    Snapshot, "snapshot" {
        /// By file names without versions: `targets.json`, `staging.json`.
        meta: BTreeMap<String, MetaFile>,
    }
}

document! {
    /// Which snapshot is current. Signed often, so that nobody can withhold news for long.
    Timestamp, "timestamp" {
        /// `snapshot.json` alone.
        meta: BTreeMap<String, MetaFile>,
    }
}

impl Snapshot {
    /// One of no files.
    #[must_use]
    pub fn new(version: u64, expires: i64) -> Self {
        Self {
            kind: Self::TYPE.to_owned(),
            spec_version: SPECIFICATION.to_owned(),
            version,
            expires,
            meta: BTreeMap::new(),
            other: Map::new(),
        }
    }

    fn check_fields(&self) -> Result<(), FormatError> {
        self.meta.values().try_for_each(check)
    }
}

impl Timestamp {
    /// One that points at `snapshot`.
    #[must_use]
    pub fn new(version: u64, expires: i64, snapshot: MetaFile) -> Self {
        Self {
            kind: Self::TYPE.to_owned(),
            spec_version: SPECIFICATION.to_owned(),
            version,
            expires,
            meta: BTreeMap::from([("snapshot.json".to_owned(), snapshot)]),
            other: Map::new(),
        }
    }

    /// The current snapshot.
    #[must_use]
    pub fn snapshot(&self) -> Option<&MetaFile> {
        self.meta.get("snapshot.json")
    }

    fn check_fields(&self) -> Result<(), FormatError> {
        check(self.snapshot().ok_or(FormatError::NoSnapshot)?)
    }
}

fn check(file: &MetaFile) -> Result<(), FormatError> {
    if file.version == 0 { Err(FormatError::Version) } else { Ok(()) }
}
