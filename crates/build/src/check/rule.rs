//! One rule, as a value: what it is, why, what to write instead, and the examples that are its test.

use std::fmt;

use crate::check::subject::{Found, Subject};

/// A rule.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its name, which `# check=skip=` takes. Where BuildKit has the rule, it is BuildKit's.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What it wants, in a sentence.
    pub what: &'static str,
    /// Why.
    pub why: &'static str,
    /// What to write instead.
    pub instead: &'static str,
    /// A file that it remarks on.
    pub bad: &'static str,
    /// The same file as it should be.
    pub good: &'static str,
    pub(crate) look: fn(&Subject<'_>) -> Vec<Found>,
}

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It could be better.
    Note,
    /// It does something else than it seems, or will bite.
    Warning,
    /// It gives something away, or lets somebody in.
    Error,
}

impl Severity {
    /// In a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.id)
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Rule {}
