//! Why the shelf did not do what was asked. Nothing is half visible after any of these.

use std::io;

use super::{ContentDigest, UploadId};

/// What the shelf returns.
pub type Result<T> = std::result::Result<T, ShelfError>;

/// Why the shelf did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// There is no such blob.
    #[error("there is no blob `{0}`")]
    NoBlob(ContentDigest),
    /// There is no such upload; it was finished or given up, or it never was.
    #[error("there is no upload `{0}`")]
    NoUpload(UploadId),
    /// An upload has another length than whoever goes on with it believes.
    #[error("the upload has {has} bytes, so the next ones cannot begin at {offset}")]
    Offset {
        /// Where the caller wanted to go on.
        offset: u64,
        /// Where the upload ends.
        has: u64,
    },
    /// Two at once want to change the same upload, or the same blob.
    #[error("somebody else is changing `{0}`; try again")]
    Busy(String),
    /// More bytes than are allowed.
    #[error("more than the {allowed} bytes that are allowed")]
    Limit {
        /// How many are.
        allowed: u64,
    },
    /// Bytes are not what their digest says: an attack until proven otherwise.
    #[error("content hashes to {hashed}, but {claimed} was claimed")]
    Digest {
        /// What was claimed.
        claimed: ContentDigest,
        /// What the bytes hash to.
        hashed: ContentDigest,
    },
    /// The sender broke off. The upload has kept what arrived.
    #[error("the body broke off; {kept} bytes of the upload are kept: {why}")]
    Body {
        /// How many bytes the upload has now.
        kept: u64,
        /// What was wrong with the body.
        why: String,
    },
    /// The disk, its quota or the bucket is full.
    #[error("no space left for `{what}`; free some, or collect garbage")]
    Full {
        /// What was being written.
        what: String,
    },
    /// The place itself does not do what is asked of it.
    #[error("cannot {doing} `{what}`: {cause}")]
    Place {
        /// Read, write and so on.
        doing: &'static str,
        /// Which file or object.
        what: String,
        /// What the kernel or the object store said.
        cause: io::Error,
    },
    /// A record or file says what this shelf never wrote.
    #[error("`{what}` is damaged: {why}")]
    Damaged {
        /// Which file or object.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// The place cannot be a shelf.
    #[error("`{what}` cannot be a registry's shelf: {why}")]
    Unfit {
        /// Which directory or bucket.
        what: String,
        /// What is missing.
        why: String,
    },
}

impl ShelfError {
    /// Something of the place that failed; a full one has an error of its own.
    pub(crate) fn place(doing: &'static str, what: impl Into<String>, cause: impl Into<io::Error>) -> Self {
        let (what, cause) = (what.into(), cause.into());
        match cause.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { what },
            _ => Self::Place { doing, what, cause },
        }
    }
}
