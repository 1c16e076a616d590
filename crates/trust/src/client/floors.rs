//! The versions that were seen: what is older than they is a rollback, whichever files are left.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::TrustError;
use crate::metadata::{Snapshot, Timestamp};

/// How far a clock may go back without a word: two machines that share a store are never quite of one opinion.
const SLACK: i64 = 300;

/// What must not be undercut. Kept for good, and apart from the files.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Floors {
    /// The root's version.
    pub root: u64,
    /// The timestamp's.
    pub timestamp: u64,
    /// The snapshot's, as the timestamp lists it.
    pub snapshot: u64,
    /// Those of targets, as the snapshot lists them.
    pub files: BTreeMap<String, u64>,
    /// When the publisher was heard last, in seconds since 1970.
    pub heard: i64,
}

impl Floors {
    /// A clock before the last time that the publisher was heard would call expired metadata good.
    pub(crate) fn check_clock(&self, now: i64) -> Result<(), TrustError> {
        match now < self.heard.saturating_sub(SLACK) {
            true => Err(TrustError::Clock { now, heard: self.heard }),
            false => Ok(()),
        }
    }

    /// Section 5.4.3: of what is lower, the first.
    pub(super) fn check_timestamp(&self, offered: &Timestamp) -> Result<(), TrustError> {
        at_least("timestamp.json", offered.version, self.timestamp)?;
        at_least("snapshot.json", offered.snapshot().map_or(0, |file| file.version), self.snapshot)
    }

    /// Section 5.5.5: of what is lower or gone, the first.
    pub(super) fn check_snapshot(&self, offered: &Snapshot) -> Result<(), TrustError> {
        self.files.iter().try_for_each(|(file, seen)| {
            let listed = offered.meta.get(file).ok_or_else(|| TrustError::Vanished(file.clone()))?;
            at_least(file, listed.version, *seen)
        })
    }

    pub(super) fn raise_timestamp(&mut self, seen: &Timestamp) {
        self.timestamp = self.timestamp.max(seen.version);
        self.snapshot = self.snapshot.max(seen.snapshot().map_or(0, |file| file.version));
    }

    pub(super) fn raise_snapshot(&mut self, seen: &Snapshot) {
        for (file, listed) in &seen.meta {
            let floor = self.files.entry(file.clone()).or_default();
            *floor = (*floor).max(listed.version);
        }
    }

    /// Section 5.3.11: all that keys which are lost now may have driven up.
    pub(super) fn forgive(&mut self) {
        (self.timestamp, self.snapshot) = (0, 0);
        self.files.clear();
    }
}

pub(super) fn at_least(file: &str, offered: u64, trusted: u64) -> Result<(), TrustError> {
    match offered < trusted {
        true => Err(TrustError::Rollback { file: file.to_owned(), offered, trusted }),
        false => Ok(()),
    }
}
