//! Why a depot did not do what was asked.

use crate::server::names::{Reference, RepositoryName};
use crate::server::shelf::{ContentDigest, KeyError, ShelfError};

/// What a depot returns.
pub type Result<T> = std::result::Result<T, DepotError>;

/// Why a depot did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DepotError {
    /// There is no such repository.
    #[error("there is no repository `{0}`")]
    NoRepository(RepositoryName),
    /// The repository does not have that blob, whether or not another one does.
    #[error("the repository has no blob `{0}`")]
    NoBlob(ContentDigest),
    /// The repository does not have that manifest or tag.
    #[error("the repository has no manifest `{0}`")]
    NoManifest(Reference),
    /// A manifest needs blobs or manifests that the repository does not have.
    #[error("the repository lacks what the manifest needs: {}", listed(.0))]
    Incomplete(Vec<ContentDigest>),
    /// Bytes that are no manifest.
    #[error("this is no manifest: {0}")]
    Manifest(String),
    /// Something has to go first.
    #[error("`{blob}` is part of manifest `{manifest}`; delete that first")]
    InUse {
        /// What was to be deleted.
        blob: ContentDigest,
        /// What needs it.
        manifest: ContentDigest,
    },
    /// A site's rules say no.
    #[error("{0}")]
    Refused(String),
    /// A quota is used up.
    #[error(
        "the quota of `{repositories}` is {allowed} bytes, of which {has} are used; delete something and collect garbage, or ask for more"
    )]
    Quota {
        /// Which repositories share it.
        repositories: String,
        /// What they have.
        has: u64,
        /// What they may have.
        allowed: u64,
    },
    /// A record says what no depot wrote.
    #[error("`{what}` is damaged: {why}")]
    Damaged {
        /// Which record.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// Two changes that undo each other were made at once.
    #[error("`{0}` is being changed by somebody else; try again")]
    Contended(String),
    /// Somebody has changed it since it was looked at.
    #[error("`{0}` is not what the request's condition says, and was left as it is")]
    Condition(String),
    /// Two collectors would be in each other's way.
    #[error(
        "somebody else collects garbage here, until {until} (seconds since 1970) at the latest; try again later"
    )]
    Collecting {
        /// When they have to have renewed their lease.
        until: u64,
    },
    /// A name that does not fit a key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The shelf could not.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
}

fn listed(digests: &[ContentDigest]) -> String {
    let first: Vec<_> = digests.iter().take(3).map(ToString::to_string).collect();
    match digests.len().saturating_sub(first.len()) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
