//! The ledger's entries: what is written down about decisions and what follows from them.
//!
//! One line of JSON each, with field names that stay. A reader that does not know a kind or a field
//! passes over it.

mod kind;

use std::collections::BTreeMap;
use std::path::Path;

use ledger::{CheckpointNote, Durability, Ledger, LedgerError, Verified};
use model::digest::Digest;
use model::permit::Permit;
use model::trust::Vouched;
use model::verdict::{Exception, Level, Outcome};
use serde::{Deserialize, Serialize};

use crate::error::EngineError;
use crate::id::ContainerId;
use crate::state::{Ended, Record};
use crate::time::rfc3339;

pub use kind::Kind;

/// One entry. Fields that do not apply are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// RFC 3339, UTC, whole seconds.
    pub time: String,
    /// What it is about.
    pub kind: Kind,
    /// The container's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// The volume's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<String>,
    /// The image's manifest digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The image, as a person called it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Digest of the request that was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The level that was in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// The verdict's outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Ids of the controls that were missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// What was granted against the default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Exception>,
    /// The rule that said no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// In words: why not, what failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// How the container ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<Ended>,
    /// Index of the permit that this follows from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permit: Option<u64>,
    /// The labels that the container was asked for with; in permits, and where it was only made.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// What else belongs to its kind, by the names that [`Kind`] gives; a container's `name` at the time.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}

impl Entry {
    /// An entry that says nothing yet.
    pub(crate) fn new(kind: Kind, now: i64) -> Self {
        Self {
            time: rfc3339(now),
            kind,
            container: None,
            volume: None,
            image: None,
            name: None,
            request: None,
            level: None,
            outcome: None,
            missing: Vec::new(),
            exceptions: Vec::new(),
            rule: None,
            detail: None,
            exit: None,
            permit: None,
            labels: BTreeMap::new(),
            attributes: BTreeMap::new(),
        }
    }

    /// A yes.
    pub(crate) fn permit(permit: &Permit, request: Digest, name: &str, now: i64) -> Self {
        Self {
            container: Some(permit.container().to_owned()),
            image: Some(permit.image().to_string()),
            name: Some(name.to_owned()),
            request: Some(request.to_string()),
            level: Some(permit.level()),
            outcome: Some(permit.outcome()),
            missing: permit.missing().to_vec(),
            exceptions: permit.exceptions().to_vec(),
            ..Self::new(Kind::Permit, now)
        }
        .vouched(permit.vouched())
    }

    /// What follows from a permit.
    pub(crate) fn following(kind: Kind, container: &ContainerId, permit: Option<u64>, now: i64) -> Self {
        Self { container: Some(container.to_string()), permit, ..Self::new(kind, now) }
    }

    /// Something that happened to a container.
    pub(crate) fn about(kind: Kind, record: &Record, now: i64) -> Self {
        Self::following(kind, &record.id, record.decision.permit, now).with("name", &record.name)
    }

    /// Something about a volume.
    pub(crate) fn volume(kind: Kind, name: &str, now: i64) -> Self {
        Self { volume: Some(name.to_owned()), ..Self::new(kind, now) }
    }

    /// The same with the container's name and labels.
    pub(crate) fn for_container(self, record: &Record) -> Self {
        Self { labels: record.request.labels.clone(), ..self }.with("name", &record.name)
    }

    /// The same with who vouches for the image, where somebody is pinned for its place.
    pub(crate) fn vouched(self, vouched: &Vouched) -> Self {
        let Some((publisher, place)) = vouched.pinned() else { return self };
        let entry = self.with("vouched", vouched.as_str()).with("publisher", publisher).with("place", place);
        let entry = match vouched.stages() {
            [] => entry,
            stages => entry.with("stages", stages.join(" ")),
        };
        vouched.built().into_iter().fold(entry, |entry, built| entry.with("built", built))
    }

    /// The same with one more attribute.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.attributes.insert(name.to_owned(), value.into());
        self
    }

    /// Something about an image.
    pub(crate) fn image(kind: Kind, digest: Option<Digest>, name: String, now: i64) -> Self {
        let name = Some(name).filter(|name| !name.is_empty());
        Self { image: digest.map(|digest| digest.to_string()), name, ..Self::new(kind, now) }
    }

    /// An entry of which not even the JSON can be understood.
    fn unreadable(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes).chars().take(200).collect();
        Self { time: String::new(), detail: Some(text), ..Self::new(Kind::Other, 0) }
    }
}

/// An entry with its place in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Counted from 0.
    pub index: u64,
    /// What is written there.
    #[serde(flatten)]
    pub entry: Entry,
}

/// A signed statement of the whole history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// The log's name.
    pub origin: String,
    /// How many entries it covers.
    pub size: u64,
    /// The root hash over them, base64.
    pub root: String,
    /// The signed note (c2sp.org/tlog-checkpoint), to keep elsewhere.
    pub note: String,
    /// The key that verifies it (`name+hash+key`, as Go's note package writes it).
    pub key: String,
}

/// The ledger of a site.
pub(crate) struct Book {
    ledger: Ledger,
}

impl Book {
    /// Opens the ledger in the directory, and makes it at first use.
    pub(crate) fn open(directory: &Path, origin: &str) -> Result<Self, LedgerError> {
        Ledger::open(directory, origin).map(|ledger| Self { ledger })
    }

    /// Writes an entry; returns its index.
    pub(crate) fn append(&self, entry: &Entry, durability: Durability) -> Result<u64, LedgerError> {
        // A structure of texts and numbers always has a JSON form.
        let json = serde_json::to_vec(entry).unwrap_or_default();
        self.ledger.append(&json, durability).map(|appended| appended.index)
    }

    /// Writes entries in their order, with nobody else's between them.
    pub(crate) fn append_all(&self, entries: &[Entry], durability: Durability) -> Result<(), LedgerError> {
        let json: Vec<Vec<u8>> =
            entries.iter().map(|entry| serde_json::to_vec(entry).unwrap_or_default()).collect();
        let json: Vec<&[u8]> = json.iter().map(Vec::as_slice).collect();
        self.ledger.append_all(&json, durability).map(|_| ())
    }

    /// The latest entries, oldest first; all of them without a limit.
    pub(crate) fn lines(&self, latest: Option<u64>) -> Result<Vec<Line>, LedgerError> {
        let size = self.ledger.len()?;
        let first = latest.map_or(0, |count| size.saturating_sub(count));
        let entries = self.ledger.entries(first..size)?;
        entries.map(|entry| entry.map(|(index, bytes)| line(index, &bytes))).collect()
    }

    /// Entries from `first` on.
    pub(crate) fn lines_from(&self, first: u64) -> Result<Vec<Line>, LedgerError> {
        let entries = self.ledger.entries(first..u64::MAX)?;
        entries.map(|entry| entry.map(|(index, bytes)| line(index, &bytes))).collect()
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> Result<u64, LedgerError> {
        self.ledger.len()
    }

    /// Proves the whole log, and that `saved` is a part of it.
    pub(crate) fn verify(&self, saved: Option<&str>) -> Result<Verified, LedgerError> {
        let saved = saved.map(CheckpointNote::parse).transpose()?;
        self.ledger.verify(saved.as_ref())
    }

    pub(crate) fn statement(&self) -> Result<Statement, LedgerError> {
        let note = self.ledger.checkpoint()?;
        let parsed = CheckpointNote::parse(&note)?;
        let head = parsed.verify(self.ledger.verifier_key())?;
        let (origin, size, root) = (head.origin.clone(), head.size, head.root.to_string());
        Ok(Statement { origin, size, root, note, key: self.ledger.verifier_key().to_string() })
    }
}

/// History as it goes on: each entry once, in order.
pub struct History {
    book: Book,
    next: u64,
}

impl History {
    pub(crate) fn of(book: Book) -> Self {
        Self { book, next: 0 }
    }

    /// Every entry that was written since the last call; at first, all of them.
    ///
    /// # Errors
    /// The ledger's; a changed entry is [`LedgerError::Damaged`].
    pub fn news(&mut self) -> Result<Vec<Line>, EngineError> {
        let lines = self.book.lines_from(self.next)?;
        self.next = lines.last().map_or(self.next, |line| line.index + 1);
        Ok(lines)
    }
}

/// Reads an entry of the ledger. Whoever held the key wrote it, in whatever version: what cannot be
/// read is shown as text.
pub fn line(index: u64, bytes: &[u8]) -> Line {
    let entry = serde_json::from_slice(bytes).unwrap_or_else(|_| Entry::unreadable(bytes));
    Line { index, entry }
}

#[cfg(test)]
mod tests;
