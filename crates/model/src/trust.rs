//! What a decision knows of who vouches for an image.

use serde::{Deserialize, Serialize};

/// Who vouches for an image, if anybody does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Vouched {
    /// Nobody is pinned for the place that it comes from.
    #[default]
    Nobody,
    /// The publisher who is pinned for its place signed this digest under this name.
    Signed {
        /// As the pin calls them.
        publisher: String,
        /// What is pinned: `registry.example/team`.
        place: String,
        /// The stages that it was promoted to.
        stages: Vec<String>,
        /// Who built it, where a signed statement says so.
        built: Option<String>,
    },
    /// A publisher is pinned, and does not vouch for it, or cannot be heard.
    Doubted {
        /// As the pin calls them.
        publisher: String,
        /// What is pinned: `registry.example/team`.
        place: String,
        /// Why, in a sentence.
        doubt: String,
        /// The command that would change it.
        remedy: String,
    },
}

impl Vouched {
    /// As written in the ledger.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Signed { .. } => "signed",
            Self::Doubted { .. } => "doubted",
        }
    }

    /// Who is pinned for its place, and what the place is.
    #[must_use]
    pub fn pinned(&self) -> Option<(&str, &str)> {
        match self {
            Self::Nobody => None,
            Self::Signed { publisher, place, .. } | Self::Doubted { publisher, place, .. } => {
                Some((publisher, place))
            }
        }
    }

    /// The stages that it was promoted to, as far as anybody's word for it counts.
    #[must_use]
    pub fn stages(&self) -> &[String] {
        match self {
            Self::Signed { stages, .. } => stages,
            Self::Nobody | Self::Doubted { .. } => &[],
        }
    }

    /// Who built it, as far as anybody's word for it counts.
    #[must_use]
    pub fn built(&self) -> Option<&str> {
        match self {
            Self::Signed { built, .. } => built.as_deref(),
            Self::Nobody | Self::Doubted { .. } => None,
        }
    }
}
