//! Vulnerabilities that somebody accepts for the whole site, with a reason and an end.

use advisories::ignore::Ignored;
use rustix::fs::{FlockOperation, flock};
use serde::Serialize;

use super::ExamineError;
use crate::book::{Entry, Kind};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::state::{StateError, open_dir, read_file, replace_file};

/// The site's ignore file, in its state directory.
const FILE: &str = "ignore.toml";

/// What is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Acceptance {
    /// The vulnerability, by any of its names.
    pub id: String,
    /// Only in this package, or in those of this source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// Why.
    pub reason: String,
    /// The last day, `2027-01-31`, or `never`.
    pub until: String,
}

#[derive(Serialize)]
struct Added<'a> {
    ignore: [&'a Acceptance; 1],
}

impl Engine {
    /// Accepts a vulnerability at this site: it is listed as dismissed, and refuses no start.
    ///
    /// # Errors
    /// [`advisories::ignore::IgnoreError`] without a reason or an end; a file that cannot be written.
    pub fn accept(&self, acceptance: &Acceptance) -> Result<(), EngineError> {
        let path = self.site.accepted();
        let dir = open_dir(&self.site.state).map_err(StateError::errno("open", &self.site.state))?;
        flock(&dir, FlockOperation::LockExclusive).map_err(StateError::errno("lock", &self.site.state))?;
        let present = read_file(&dir, FILE).map_err(StateError::io("read", &path))?.unwrap_or_default();
        let present = String::from_utf8_lossy(&present);
        let added = toml::to_string(&Added { ignore: [acceptance] }).unwrap_or_default();
        let gap = if present.is_empty() || present.ends_with("\n\n") { "" } else { "\n" };
        let text = format!("{present}{gap}{added}");
        Ignored::parse(&text, &path.display().to_string()).map_err(ExamineError::from)?;
        replace_file(&dir, FILE, text.as_bytes()).map_err(StateError::io("write", &path))?;
        let entry = Entry::new(Kind::Accept, self.now())
            .with("id", &acceptance.id)
            .with("reason", &acceptance.reason)
            .with("until", &acceptance.until);
        self.note(&match &acceptance.package {
            Some(package) => entry.with("package", package),
            None => entry,
        })
    }
}
