//! Why something could not be examined, or the advisories not be used.

use std::io;
use std::path::PathBuf;

use advisories::database::{Damage, DatabaseError};
use advisories::ignore::IgnoreError;
use advisories::import::ImportError;
use advisories::vex::VexError;
use scan::{Flaw, ScanError};

/// Why something could not be examined, or the advisories not be used.
#[derive(Debug, thiserror::Error)]
pub enum ExamineError {
    /// What is in it could not be learned.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// The advisories could not be opened, used or replaced.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Published advisories could not be read.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A VEX document cannot be followed.
    #[error(transparent)]
    Vex(#[from] VexError),
    /// An ignore file cannot be followed.
    #[error(transparent)]
    Ignore(#[from] IgnoreError),
    /// A file or directory that was named cannot be read.
    #[error("cannot read `{}`: {source}", .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// A file is no bill of material.
    #[error("`{}` cannot be used: {flaw}", .path.display())]
    Bill {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// A file is no list of hashes.
    #[error("`{}` cannot be used: {flaw}", .path.display())]
    Hashes {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// What should sign advisories is no key for that.
    #[error("the key {0}")]
    Key(String),
    /// The list of those whose advisories are believed is none.
    #[error("`{}` is no list of keys, so that nobody's advisories are believed here", .0.display())]
    Publishers(PathBuf),
    /// More keys than a list may have.
    #[error("{0} keys are pinned for advisories already, which is the most")]
    ManyPublishers(usize),
    /// The list of them cannot be written.
    #[error("cannot write `{}`: {source}", .path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// What would be made is signed by nobody, or by this key, and others are pinned.
    #[error("this site uses only advisories that a pinned key has signed, and {} would sign these", .0.as_deref().unwrap_or("nobody"))]
    NotBelieved(Option<String>),
    /// Nobody speaks of a vulnerability.
    #[error("no advisory here is about {0}")]
    Unheard(String),
    /// Files that were named have no advisory in them.
    #[error("there are no advisories in {0}")]
    Nothing(String),
}

impl From<Damage> for ExamineError {
    fn from(damage: Damage) -> Self {
        Self::Database(DatabaseError::Damaged { path: "a shard".to_owned(), reason: damage.to_string() })
    }
}

impl ExamineError {
    /// For `map_err`.
    pub(crate) fn read(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Read { path, source }
    }

    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Scan(error) => error.code(),
            Self::Database(error) => error.code(),
            Self::Import(_) => "E-advisories-import",
            Self::Vex(error) => error.code(),
            Self::Ignore(error) => error.code(),
            Self::Read { .. } => "E-scan-file",
            Self::Bill { .. } => "E-scan-sbom",
            Self::Hashes { .. } => "E-scan-hashes",
            Self::Key(_) => "E-advisories-key",
            Self::Publishers(_) => "E-advisories-publishers",
            Self::ManyPublishers(_) => "E-advisories-many-publishers",
            Self::Write { .. } => "E-advisories-write",
            Self::NotBelieved(_) => "E-advisories-not-believed",
            Self::Unheard(_) => "E-advisories-unheard",
            Self::Nothing(_) => "E-advisories-nothing",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Scan(error) => error.remedy(),
            Self::Database(error) => error.remedy().to_owned(),
            Self::Import(_) => {
                "get the file again, or import the others without it; what was there before is unchanged"
                    .into()
            }
            Self::Vex(error) => error.remedy().to_owned(),
            Self::Ignore(error) => error.remedy().to_owned(),
            Self::Read { path, .. } => format!("check the path: `ls -ld {}`", path.display()),
            Self::Bill { .. } => "give CycloneDX, SPDX 2 or Syft's own format, as JSON".into(),
            Self::Hashes { .. } => {
                "give one file a line: its SHA-256, SHA-1 or MD5, and what it is after that".into()
            }
            Self::Key(_) => {
                "give a private key of Ed25519 in PEM: `openssl genpkey -algorithm ed25519 -out FILE` makes one".into()
            }
            Self::Publishers(path) => {
                format!("put it right, the Base64 of a key on each line; or remove it: `rm {}`", path.display())
            }
            Self::ManyPublishers(_) => "give one up: `coffer advisories unpin KEY`".into(),
            Self::Write { path, .. } => format!("check the path: `ls -ld {}`", path.display()),
            Self::NotBelieved(_) => {
                "sign them with a key that is pinned, `coffer advisories import --key FILE`; or take signed ones over, `coffer advisories update`".into()
            }
            Self::Unheard(_) => {
                "look for a mistake in it, and whether there are advisories of whoever publishes it: `coffer advisories status`".into()
            }
            Self::Nothing(_) => {
                "give OSV, secdb, CSAF, KEV or EPSS as they are published; docs/scan.md lists all formats"
                    .into()
            }
        }
    }
}
