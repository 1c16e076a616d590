//! A client of TUF 1.0: the workflow of section 5 of the specification, whose text stands above the code.
//!
//! Where the specification leaves a choice, the stricter one is taken: the versions that were seen are kept apart from
//! the files ([`Floors`]), so that a lost or damaged file is fetched again and never makes an older one acceptable.

mod limits;
mod source;
mod floors;
mod held;
mod cache;
mod root;
mod timestamp;
mod snapshot;
mod targets;
mod search;
mod file;

pub use floors::Floors;
pub use limits::{MOST_FILE, MOST_METADATA, MOST_TARGETS};
pub use source::Source;

use std::collections::BTreeMap;

use model::digest::ClaimedDigest;

use crate::TrustError;
use crate::metadata::{Document as _, Root, Snapshot, Targets, Timestamp};
use held::Held;

/// What is believed of one publisher: every part is signed by whom the part above it names.
#[derive(Debug, Clone)]
pub struct Trusted {
    publisher: ClaimedDigest,
    root: Held<Root>,
    timestamp: Option<Held<Timestamp>>,
    snapshot: Option<Held<Snapshot>>,
    /// By role, the top-level `targets` among them.
    targets: BTreeMap<String, Held<Targets>>,
    /// Files of delegated roles as they were kept, by role: nothing before somebody who delegates to them is asked.
    kept: BTreeMap<String, Vec<u8>>,
    /// Files that targets name and that are kept beside them, by their names there.
    files: BTreeMap<String, Vec<u8>>,
    floors: Floors,
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshed {
    /// Nothing that is new.
    Unchanged,
    /// Something to keep: see [`Trusted::files`].
    Changed,
}

/// Section 5, "detailed client workflow". What was verified before an error stays verified: keep it, and call again.
///
/// # Errors
/// [`TrustError`], for whatever keeps the publisher's present state from being known.
pub fn refresh(trusted: &mut Trusted, source: &mut dyn Source, now: i64) -> Result<Refreshed, TrustError> {
    // 5.1. Record the time at which the update began as the fixed update start time.
    trusted.floors.check_clock(now)?;
    let before = trusted.versions();
    // 5.2 is `Trusted::first` and `Trusted::from_cache`.
    root::update(trusted, source, now)?;
    timestamp::update(trusted, source, now)?;
    snapshot::update(trusted, source, now)?;
    targets::update(trusted, source, now)?;
    trusted.floors.heard = trusted.floors.heard.max(now);
    Ok(if trusted.versions() == before { Refreshed::Unchanged } else { Refreshed::Changed })
}

impl Trusted {
    /// Who the publisher is: the fingerprint of a root of theirs, got out of band.
    #[must_use]
    pub fn publisher(&self) -> ClaimedDigest {
        self.publisher
    }

    /// The present root.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.root.content
    }

    /// The present top-level targets, if they were fetched.
    #[must_use]
    pub fn targets(&self) -> Option<&Targets> {
        self.targets.get(Targets::TYPE).map(|held| &held.content)
    }

    /// What must not be undercut.
    #[must_use]
    pub fn floors(&self) -> &Floors {
        &self.floors
    }

    /// All that has to be kept for [`Trusted::from_cache`]: names without a `/`, and bytes as they came. A file that
    /// is not among them is to be deleted.
    pub fn files(&self) -> impl Iterator<Item = (String, &[u8])> {
        let root = Some(("root.json".to_owned(), self.root.bytes.as_slice()));
        let timestamp =
            self.timestamp.as_ref().map(|held| ("timestamp.json".to_owned(), held.bytes.as_slice()));
        let snapshot = self.snapshot.as_ref().map(|held| ("snapshot.json".to_owned(), held.bytes.as_slice()));
        let roles = self.targets.iter().map(|(role, held)| (role, &held.bytes)).chain(&self.kept);
        let roles = roles.map(|(role, bytes)| (crate::metadata::file_name(role), bytes.as_slice()));
        let files = self.files.iter().map(|(name, bytes)| (name.clone(), bytes.as_slice()));
        root.into_iter().chain(timestamp).chain(snapshot).chain(roles).chain(files)
    }

    /// The first of the four top-level roles to expire, and when: the root's end, where the others are not there.
    #[must_use]
    pub fn expires(&self) -> (&'static str, i64) {
        let root = (Root::TYPE, self.root.content.expires);
        let timestamp = self.timestamp.iter().map(|held| (Timestamp::TYPE, held.content.expires));
        let snapshot = self.snapshot.iter().map(|held| (Snapshot::TYPE, held.content.expires));
        let targets = self.targets().map(|targets| (Targets::TYPE, targets.expires));
        timestamp
            .chain(snapshot)
            .chain(targets)
            .fold(root, |first, next| if next.1 < first.1 { next } else { first })
    }

    /// What tells one state from another.
    fn versions(&self) -> (u64, Option<u64>, Option<u64>, Option<u64>) {
        let timestamp = self.timestamp.as_ref().map(|held| held.content.version);
        let snapshot = self.snapshot.as_ref().map(|held| held.content.version);
        (self.root.content.version, timestamp, snapshot, self.targets().map(|targets| targets.version))
    }
}

#[cfg(test)]
pub(crate) mod tests;
