//! Why an account could not be read or changed.

use crate::server::shelf::ShelfError;

/// What this module returns.
pub(super) type Result<T> = std::result::Result<T, AccountError>;

/// Why an account could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// A name that no account can have.
    #[error(
        "`{0}` is no name for a user or a team: 1 to 64 of `a-z`, `0-9`, `.`, `_` and `-`, a letter or digit first"
    )]
    Name(String),
    /// There is one of this name.
    #[error("there is a {what} `{name}` already")]
    Exists {
        /// User or team.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// There is none of this name.
    #[error("there is no {what} `{name}`")]
    Missing {
        /// User, team or token.
        what: &'static str,
        /// Its name or id.
        name: String,
    },
    /// A password that cannot be one.
    #[error("the password {0}")]
    Password(&'static str),
    /// A token that would allow nothing.
    #[error("the token would allow nothing")]
    NoActions,
    /// Others change the same account all the time.
    #[error("the {what} `{name}` is changed by others all the time")]
    Contended {
        /// User, team or token.
        what: &'static str,
        /// Its name or id.
        name: String,
    },
    /// A record says what nobody wrote.
    #[error("the record `{key}` is damaged: {why}")]
    Damaged {
        /// Which one.
        key: String,
        /// What is wrong with it.
        why: String,
    },
    /// The shelf's.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// The kernel gave no random bytes, or no memory for a hash.
    #[error("cannot make a secret: {0}")]
    Secret(String),
}

impl AccountError {
    /// The stable code that `coffer help` explains.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Name(_) => "E-serve-name",
            Self::Exists { .. } => "E-serve-exists",
            Self::Missing { .. } => "E-serve-missing",
            Self::Password(_) => "E-serve-password",
            Self::NoActions => "E-serve-token",
            Self::Contended { .. } | Self::Damaged { .. } | Self::Shelf(_) | Self::Secret(_) => {
                "E-serve-storage"
            }
        }
    }

    /// What a person can do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Name(_) => "take another name".into(),
            Self::Exists { what: "team", .. } => {
                "take another name, or remove it first: coffer registry team rm".into()
            }
            Self::Exists { .. } => {
                "take another name, or give it a password: coffer registry user passwd".into()
            }
            Self::Missing { what, .. } => format!("list them: coffer registry {what} ls"),
            Self::Password(_) => "take another one, or let one be made: --generate".into(),
            Self::NoActions => "say what it may do: --pull, --push or --delete".into(),
            Self::Contended { .. } | Self::Secret(_) => "try again".into(),
            Self::Damaged { .. } => {
                "restore it from a backup, or remove it and make the account again".into()
            }
            Self::Shelf(_) => "look at where the registry keeps its data, and at its rights".into(),
        }
    }
}
