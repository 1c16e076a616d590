//! What can go wrong with a copy, on either side. It travels between the processes, so it holds no more than
//! it says.

use std::io;

use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::archive::TarError;
use crate::compress::Bomb;
use crate::error::StoreError;
use crate::unpack::printable;

/// Why a copy failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum CopyError {
    /// Nothing is there.
    #[error("there is no `{path}`")]
    Missing {
        /// As typed.
        path: String,
    },
    /// A directory was meant, or is to be put there.
    #[error("`{path}` is not a directory")]
    NotADirectory {
        /// As typed, or below that.
        path: String,
    },
    /// Something else is to be put there.
    #[error("`{path}` is a directory, and nothing else takes its place")]
    IsADirectory {
        /// As typed, or below that.
        path: String,
    },
    /// It has no content.
    #[error("`{path}` is a device or a socket, and has nothing to copy")]
    Special {
        /// As typed.
        path: String,
    },
    /// The kernel refused.
    #[error("cannot {doing} `{path}`: {}", io::Error::from_raw_os_error(*errno))]
    Kernel {
        /// What was tried: `read`, `write`.
        doing: String,
        /// On what.
        path: String,
        /// The kernel's answer.
        errno: i32,
    },
    /// The stream is no archive.
    #[error("the stream is not a tar archive: {why}")]
    Archive {
        /// What is wrong with it.
        why: String,
    },
    /// An entry that no honest archive has.
    #[error("the archive's entry `{entry}` {why}")]
    Entry {
        /// Its path as written.
        entry: String,
        /// What is wrong with it.
        why: String,
    },
    /// A limit was passed.
    #[error("`{what}` passes the limit of {allowed} {limit}")]
    Limit {
        /// The entry, or the copy as a whole.
        what: String,
        /// What is limited, in words, with its unit.
        limit: String,
        /// The limit's value.
        allowed: u64,
    },
    /// The other side is gone.
    #[error("the copy was cut short")]
    Cut,
}

impl CopyError {
    /// For `map_err`: names what was tried and on what.
    pub(crate) fn kernel<E: Into<io::Error>>(doing: &'static str, path: &[u8]) -> impl FnOnce(E) -> Self {
        let path = printable(path);
        move |error| {
            let error: io::Error = error.into();
            match error.raw_os_error() {
                Some(errno) => Self::Kernel { doing: doing.to_owned(), path, errno },
                None => Self::Cut,
            }
        }
    }

    pub(crate) fn entry(path: &[u8], why: &str) -> Self {
        Self::Entry { entry: printable(path), why: why.to_owned() }
    }

    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "E-copy-missing",
            Self::NotADirectory { .. } | Self::IsADirectory { .. } | Self::Special { .. } => "E-copy-kind",
            Self::Kernel { errno, .. } => match Errno::from_raw_os_error(*errno) {
                Errno::NOSPC | Errno::DQUOT => "E-copy-full",
                Errno::ROFS => "E-copy-read-only",
                _ => "E-copy-kernel",
            },
            Self::Archive { .. } => "E-copy-archive",
            Self::Entry { .. } => "E-copy-entry",
            Self::Limit { .. } => "E-copy-limit",
            Self::Cut => "E-copy-cut",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Missing { .. } => "check the path; directories above a destination are not made".into(),
            Self::NotADirectory { .. } => "leave out the `/` at the end, or name a directory".into(),
            Self::IsADirectory { .. } => "name a file in it, or remove it first".into(),
            Self::Special { .. } => "name a file or a directory".into(),
            Self::Kernel { errno, .. } => match Errno::from_raw_os_error(*errno) {
                Errno::NOSPC | Errno::DQUOT => "make room there, and copy again".into(),
                Errno::ROFS => {
                    "programs of an image and read-only mounts stay as they are: copy to another directory"
                        .into()
                }
                _ => "check the permissions there, and copy again".into(),
            },
            Self::Archive { .. } => {
                "give it a tar archive: `tar -c FILES | coffer cp - CONTAINER:DIRECTORY`".into()
            }
            Self::Entry { .. } => "do not trust where it comes from; copy the parts that you need".into(),
            Self::Limit { .. } => "copy the directories one by one".into(),
            Self::Cut => "copy again; what has arrived so far is not complete".into(),
        }
    }
}

impl From<TarError> for CopyError {
    fn from(error: TarError) -> Self {
        match error {
            TarError::Io(error) => match error.raw_os_error() {
                Some(errno) => {
                    Self::Kernel { doing: "read".to_owned(), path: "the stream".to_owned(), errno }
                }
                None => match error.get_ref().and_then(|inner| inner.downcast_ref::<Bomb>()) {
                    Some(Bomb { limit, allowed }) => {
                        let what = "the archive".to_owned();
                        Self::Limit { what, limit: (*limit).to_owned(), allowed: *allowed }
                    }
                    None => Self::Cut,
                },
            },
            TarError::Malformed(why) => Self::Archive { why: why.to_owned() },
            TarError::Limit(limit, allowed) => {
                Self::Limit { what: "the copy".to_owned(), limit: limit.to_owned(), allowed }
            }
        }
    }
}

/// Of an entry's path, which is judged as those of layers are.
impl From<StoreError> for CopyError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Path { entry, why } => Self::Entry { entry, why: why.to_owned() },
            StoreError::Limit { what, limit, allowed } => {
                Self::Limit { what, limit: limit.to_owned(), allowed }
            }
            other => Self::Archive { why: other.to_string() },
        }
    }
}
