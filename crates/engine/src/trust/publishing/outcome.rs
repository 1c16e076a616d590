//! What a change of what a publisher says has come to, for people and for the ledger.

use model::digest::ClaimedDigest;
use trust::key::KeyId;
use trust::publisher::{Change, Given, Missing, RoleName};

use crate::book::{Entry, Kind};
use crate::trust::Place;

/// The most changes that an entry of the ledger names.
const MOST_SAID: usize = 20;

/// What a change has come to.
#[derive(Debug)]
pub struct Outcome {
    /// The publisher's name.
    pub publisher: String,
    /// Where.
    pub place: Place,
    /// What was asked for, and is new.
    pub changes: Vec<Change>,
    /// Signatures that were added.
    pub given: Vec<Given>,
    /// Signatures of others that this change made worthless.
    pub dropped: Vec<(RoleName, KeyId)>,
    /// Signatures that are still needed.
    pub missing: Vec<Missing>,
    /// How far it is.
    pub state: State,
}

/// How far a change is.
#[derive(Debug)]
pub enum State {
    /// Everything was as it was asked for already.
    Unchanged,
    /// It counts, as far as nothing is missing.
    Published {
        /// The publisher's fingerprint.
        fingerprint: ClaimedDigest,
        /// Whether it is the first time, at this place.
        first: First,
        /// Until when consumers may believe it without hearing more.
        fresh_until: i64,
    },
    /// It waits for signatures.
    Waits,
    /// It has all signatures, and the online key is elsewhere.
    WaitsForOnline,
}

impl State {
    /// As written in the ledger.
    fn as_str(&self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Published { .. } => "published",
            Self::Waits => "waits",
            Self::WaitsForOnline => "waits-for-online",
        }
    }
}

impl Outcome {
    /// What the ledger has of it.
    pub(super) fn entry(&self, kind: Kind, now: i64) -> Entry {
        let said = self.changes.iter().filter(|change| !matches!(change, Change::Document { .. }));
        let mut said: Vec<String> = said.take(MOST_SAID + 1).map(ToString::to_string).collect();
        if said.len() > MOST_SAID {
            said.truncate(MOST_SAID);
            said.push("and more".to_owned());
        }
        let entry =
            Entry::new(kind, now).with("place", self.place.to_string()).with("publisher", &self.publisher);
        let detail = Some(said.join("; ")).filter(|detail| !detail.is_empty());
        Entry { detail, ..entry.with("state", self.state.as_str()) }
    }
}

/// Whether something was published before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// Never.
    Yes,
    /// It was.
    No,
}
