//! Passwords, keys and tokens that travel with an image: found by the words that they begin with or that stand
//! before them, and believed only where their structure is right.

mod rule;
mod redact;
mod check;
mod allowed;
mod key;
mod rules;
mod words;
mod matcher;
mod search;
mod files;
mod config;

use model::finding::{Place, Secret, Severity};
use serde::{Deserialize, Serialize};

pub use config::{search_config, search_text};
pub(crate) use matcher::shared;
pub use rule::Rule;
pub use rules::all;
pub use search::{search, wants};

/// A secret that was found in a file of one layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretFound {
    /// The rule that found it.
    pub rule: String,
    /// What it is, for people.
    pub title: String,
    /// How bad it is.
    pub severity: Severity,
    /// The file, without a leading slash.
    pub path: String,
    /// The line, counted from one; 0 for the file as a whole.
    pub line: u32,
    /// Enough to recognise it by and too little to use it.
    pub redacted: String,
}

impl SecretFound {
    /// The finding that it is, once it is known which layer has it and whether a later one removes the file.
    #[must_use]
    pub fn placed(self, layer: u32, removed: bool) -> Secret {
        let place = Place::File { path: self.path, layer, line: self.line, removed };
        let Self { rule, title, severity, redacted, .. } = self;
        Secret { rule, title, severity, place, redacted }
    }
}
