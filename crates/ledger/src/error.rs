//! What can go wrong with a ledger, and what to do about it.

use std::fmt;
use std::io;

use crate::hash::TreeHash;
use crate::note::NoteError;

/// Why the ledger cannot be used, or is not what it was.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The system refused for a reason not told apart below.
    #[error("cannot {action} `{path}` of the ledger: {source}")]
    Io {
        /// A verb, such as `read`.
        action: &'static str,
        /// The file, as the caller would name it.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// Permissions.
    #[error("no permission to {action} `{path}` of the ledger")]
    Denied {
        /// A verb, such as `read`.
        action: &'static str,
        /// The file.
        path: String,
    },
    /// Disk, quota or file size limit; what was being written was taken back.
    #[error("no space left to {action} `{path}`: the entry was not recorded")]
    NoSpace {
        /// A verb, such as `write`.
        action: &'static str,
        /// The file.
        path: String,
    },
    /// Somebody holds the lock.
    #[error("another process has held the ledger `{path}` locked for {seconds} s")]
    Locked {
        /// The directory.
        path: String,
        /// How long was waited.
        seconds: u64,
    },
    /// History is not what was signed.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// An origin that cannot be a key name.
    #[error("`{0}` cannot name a ledger: at most 255 bytes, no spaces, no `+`")]
    Origin(String),
    /// The key file is of another ledger.
    #[error("the key of the ledger is for `{found}`, not for `{expected}`")]
    WrongKey {
        /// The origin that was asked for.
        expected: String,
        /// The name in the key file.
        found: String,
    },
    /// There is history but no key, or a key file that is none.
    #[error("the signing key `{path}` is {state}")]
    Key {
        /// The file.
        path: String,
        /// `missing` or `damaged`.
        state: &'static str,
    },
    /// The entry does not fit its 16-bit length prefix.
    #[error("an entry of {length} bytes is too long, the limit is 65535")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// No such entry, or no such size.
    #[error("the ledger has {size} entries, {index} is beyond them")]
    Beyond {
        /// What was asked for.
        index: u64,
        /// What there is.
        size: u64,
    },
    /// The saved checkpoint is not by this ledger's key, or altered.
    #[error("the saved checkpoint is not of this ledger: {0}")]
    Note(#[from] NoteError),
    /// The saved checkpoint covers more than there is now.
    #[error("the saved checkpoint covers {expected} entries, the ledger has {actual}: the rest was removed")]
    Shortened {
        /// The size in the saved checkpoint.
        expected: u64,
        /// The size of the ledger.
        actual: u64,
    },
    /// The ledger is not an extension of the saved checkpoint.
    #[error(
        "history was rewritten: the root of {size} entries is {found}, the saved checkpoint has {expected}"
    )]
    Rewritten {
        /// The size in the saved checkpoint.
        size: u64,
        /// The root in the saved checkpoint.
        expected: TreeHash,
        /// The root of the ledger at that size.
        found: TreeHash,
    },
}

/// What to do when history is not what it was.
const EVIDENCE: &str = "keep the ledger's directory as evidence, restore it from a backup, and run \
    `coffer ledger verify` with a checkpoint that was saved elsewhere";

impl LedgerError {
    /// Sorts a system error into space, permission and the rest.
    pub(crate) fn io(action: &'static str, path: impl Into<String>, source: impl Into<io::Error>) -> Self {
        let (path, source) = (path.into(), source.into());
        match source.kind() {
            io::ErrorKind::PermissionDenied => Self::Denied { action, path },
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::NoSpace { action, path }
            }
            _ => Self::Io { action, path, source },
        }
    }

    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "E-ledger-io",
            Self::Denied { .. } => "E-ledger-denied",
            Self::NoSpace { .. } => "E-ledger-space",
            Self::Locked { .. } => "E-ledger-locked",
            Self::Damaged(_) => "E-ledger-damaged",
            Self::Origin(_) => "E-ledger-origin",
            Self::WrongKey { .. } => "E-ledger-wrong-key",
            Self::Key { .. } => "E-ledger-key",
            Self::TooLong { .. } => "E-ledger-too-long",
            Self::Beyond { .. } => "E-ledger-beyond",
            Self::Note(error) => error.code(),
            Self::Shortened { .. } => "E-ledger-shortened",
            Self::Rewritten { .. } => "E-ledger-rewritten",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Io { path, .. } => {
                format!("check the disk that holds `{path}`, then run the command again")
            }
            Self::Denied { path, .. } => format!("run as the owner of `{path}`"),
            Self::NoSpace { path, .. } => {
                format!("free space where `{path}` is and run the command again; nothing recorded was lost")
            }
            Self::Locked { path, .. } => {
                format!("find the process with `fuser {path}`; the lock ends with it")
            }
            Self::Damaged(_) | Self::Shortened { .. } | Self::Rewritten { .. } => EVIDENCE.to_owned(),
            Self::Origin(_) => "choose a name such as `example.com/host`".to_owned(),
            Self::WrongKey { found, .. } => {
                format!("use the origin `{found}`, or another directory for a new ledger")
            }
            Self::Key { path, .. } => {
                format!("restore `{path}` from a backup; to start a new history, move the ledger away first")
            }
            Self::TooLong { .. } => "record less in one entry".to_owned(),
            Self::Beyond { size: 0, .. } => "record something first".to_owned(),
            Self::Beyond { size, .. } => format!("choose a number up to {}", size - 1),
            Self::Note(error) => error.remedy(),
        }
    }
}

/// Damage to history, at the first place where it shows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry {index} of the ledger {kind} (in `{place}`)")]
pub struct Damage {
    /// The entry, counted from 0. For [`DamageKind::Checkpoint`] the size that was signed, or 0 if
    /// it cannot be read.
    pub index: u64,
    /// What happened to it.
    pub kind: DamageKind,
    /// The file that shows it, relative to the ledger's directory.
    pub place: String,
}

impl Damage {
    pub(crate) fn new(index: u64, kind: DamageKind, place: impl Into<String>) -> Self {
        Self { index, kind, place: place.into() }
    }
}

/// What happened to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DamageKind {
    /// Its bytes are not those that were logged.
    Changed,
    /// It is gone, and those after it moved up.
    Removed,
    /// Bytes that were never logged stand in its place.
    Inserted,
    /// It changed places with another entry.
    Swapped {
        /// The other entry.
        with: u64,
    },
    /// It and everything after it is gone.
    Truncated,
    /// Its hash in a tile was altered; the entry itself is as logged.
    Tile,
    /// Entries and hashes agree with each other, but not with what was signed: from this entry to
    /// the end of its bundle at least one was rewritten together with its hash.
    Rewritten,
    /// The signed checkpoint over it is altered or missing.
    Checkpoint,
}

impl DamageKind {
    /// The same, told of a part that begins at entry `by`.
    pub(crate) fn shifted(self, by: u64) -> Self {
        match self {
            Self::Swapped { with } => Self::Swapped { with: with + by },
            other => other,
        }
    }
}

impl fmt::Display for DamageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed => f.write_str("was changed"),
            Self::Removed => f.write_str("was removed"),
            Self::Inserted => f.write_str("was inserted"),
            Self::Swapped { with } => write!(f, "was swapped with entry {with}"),
            Self::Truncated => f.write_str("and everything after it was cut off"),
            Self::Tile => f.write_str("is as logged, but its hash tile was altered"),
            Self::Rewritten => f.write_str("or one soon after it was rewritten together with its hash"),
            Self::Checkpoint => f.write_str("is covered by a checkpoint that was altered or is missing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_errors_are_told_apart_by_what_a_person_can_do() {
        let code = |errno| LedgerError::io("write", "tail", io::Error::from_raw_os_error(errno)).code();
        const EIO: i32 = 5;
        const EACCES: i32 = 13;
        const EFBIG: i32 = 27;
        const ENOSPC: i32 = 28;
        const EDQUOT: i32 = 122;
        assert_eq!(code(EIO), "E-ledger-io");
        assert_eq!(code(EACCES), "E-ledger-denied");
        for full in [EFBIG, ENOSPC, EDQUOT] {
            assert_eq!(code(full), "E-ledger-space");
        }
    }
}
