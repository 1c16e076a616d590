//! What can be wrong with a database, and what to do about it.

use std::io;

/// What is wrong with bytes that should be a part of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Damage(pub &'static str);

/// Why a database cannot be opened, used or replaced.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// There is none.
    #[error("there are no advisories in `{0}`")]
    Missing(String),
    /// The system refused.
    #[error("cannot {action} `{path}` of the advisories: {source}")]
    Io {
        /// A verb, such as `read`.
        action: &'static str,
        /// The file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// A file is not what was written.
    #[error("`{path}` of the advisories is damaged: {reason}")]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file was written by a later version, or an earlier one.
    #[error("`{path}` of the advisories has format {found}, and this version reads {expected}")]
    Format {
        /// The file.
        path: String,
        /// Its format.
        found: u32,
        /// Ours.
        expected: u32,
    },
    /// The index is not signed by whom it should be.
    #[error("the advisories in `{0}` are not signed by a key that is required")]
    Unsigned(String),
    /// A signature by a key that is required does not hold.
    #[error("the signature of the advisories in `{0}` does not hold: they were altered or forged")]
    Forged(String),
    /// They could not be signed.
    #[error("the advisories could not be signed: {0}")]
    Sign(String),
    /// What was to replace the database is older than it.
    #[error("the new advisories are of {new}, and those here of {present}")]
    Older {
        /// When the new ones were put together.
        new: String,
        /// When those here were.
        present: String,
    },
    /// More than a database may hold.
    #[error("`{path}` of the advisories is too large: {limit} bytes are the most")]
    TooLarge {
        /// The file.
        path: String,
        /// The most, in bytes.
        limit: u64,
    },
}

impl DatabaseError {
    pub(super) fn io(action: &'static str, path: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }

    pub(super) fn damaged(path: impl Into<String>, reason: impl ToString) -> Self {
        Self::Damaged { path: path.into(), reason: reason.to_string() }
    }

    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "E-advisories-missing",
            Self::Io { .. } => "E-advisories-io",
            Self::Damaged { .. } => "E-advisories-damaged",
            Self::Format { .. } => "E-advisories-format",
            Self::Unsigned(_) => "E-advisories-unsigned",
            Self::Forged(_) => "E-advisories-forged",
            Self::Sign(_) => "E-advisories-sign",
            Self::Older { .. } => "E-advisories-older",
            Self::TooLarge { .. } => "E-advisories-size",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Missing(_) => "get some with `coffer advisories import` or `coffer advisories update`",
            Self::Io { .. } => "look at the path, its owner and the space on its disk",
            Self::Damaged { .. } | Self::Format { .. } => {
                "get them again with `coffer advisories update` or `coffer advisories import`"
            }
            Self::Unsigned(_) => {
                "get them from whoever has a key that is pinned, or pin theirs: coffer advisories pin KEY"
            }
            Self::Forged(_) => "do not use them; find out where they came from, and get them again",
            Self::Sign(_) => "give a private key of Ed25519, and see that whatever holds it can be reached",
            Self::Older { .. } => "ask where the newer ones are, or allow the older ones explicitly",
            Self::TooLarge { .. } => "import fewer sources",
        }
    }
}
