//! What can be wrong with a document before anybody asks who signed it.

use crate::key::KeyId;

/// Why bytes are no metadata. Follows the name of a file: "`3.root.json` ...".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// Endless data.
    #[error("is larger than {most} bytes, the most that is read of it")]
    TooLarge {
        /// In bytes.
        most: u64,
    },
    /// Cut off, or never metadata.
    #[error("is not metadata: {0}")]
    Json(String),
    /// Lists in lists in lists.
    #[error("nests its values too deeply: {0} levels are the most")]
    Deep(usize),
    /// More than metadata consist of.
    #[error("holds too many {what}: {most} are the most")]
    TooMany {
        /// Such as `signatures`.
        what: &'static str,
        /// How many there may be.
        most: usize,
    },
    /// Readers would disagree about which one counts.
    #[error("has `{0}` twice in one object")]
    Twice(String),
    /// Canonical JSON has integers only.
    #[error("has the number `{0}`, and only whole numbers can be signed")]
    Number(String),
    /// A document of another role, validly signed perhaps.
    #[error("is of type `{found}`, and `{wanted}` was asked for")]
    Type {
        /// What it says it is.
        found: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// Version 2 of the specification may mean anything.
    #[error("follows version `{0}` of the TUF specification, and only 1.x is understood")]
    Specification(String),
    /// Versions begin with 1.
    #[error("has version 0: versions begin with 1")]
    Version,
    /// A threshold of zero would be no signature at all.
    #[error("asks for no signature at all of role `{0}`: a threshold is at least 1")]
    Threshold(String),
    /// One of the four that the specification requires.
    #[error("does not say who signs as `{0}`")]
    NoRole(&'static str),
    /// The list of signatures names a key twice.
    #[error("has two signatures of key `{}`: each key may sign once", .0.short())]
    SignedTwice(KeyId),
    /// The name is taken, too long, or empty.
    #[error("delegates to a role named `{0}`, which no delegated role may be called")]
    RoleName(String),
    /// Which delegation would be meant?
    #[error("delegates to role `{0}` twice")]
    RoleTwice(String),
    /// Either, not both.
    #[error("gives role `{0}` both `paths` and `path_hash_prefixes`: only one may be there")]
    Paths(String),
    /// The one file that a timestamp is about.
    #[error("does not say which snapshot is current")]
    NoSnapshot,
}
