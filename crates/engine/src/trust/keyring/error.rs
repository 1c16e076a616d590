//! What can go wrong with keys on disk.

use std::io;
use std::path::{Path, PathBuf};

use trust::key::KeyError;
use trust::publisher::SealedError;

/// Why there is no key, or it was not kept.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// It becomes a directory.
    #[error("`{0}` cannot be a publisher's name: small letters, digits, `-`, `_` and `.`, up to 64")]
    Name(String),
    /// Nobody is called so here.
    #[error("this user has no publisher `{name}`; {}", known(.there))]
    Unknown {
        /// What was asked for.
        name: String,
        /// Those that there are.
        there: Vec<String>,
    },
    /// A publisher is made once.
    #[error("there is a publisher `{0}` already")]
    Exists(String),
    /// A file of it.
    #[error("cannot {doing} `{}`: {source}", .path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// Private keys are for their owner's eyes.
    #[error("others may read the key `{}`: its mode is {mode:o}", .path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// Sealed with a passphrase that was not given.
    #[error("the key `{0}` is sealed with a passphrase")]
    Locked(String),
    /// It does not open.
    #[error("the key `{file}`: {source}")]
    Sealed {
        /// Which file.
        file: String,
        /// What is wrong.
        source: SealedError,
    },
    /// Not what this program writes.
    #[error("the key `{file}` {source}")]
    Key {
        /// Which file.
        file: String,
        /// What is wrong.
        source: KeyError,
    },
    /// Private and public half are not each other's, or a file is something else.
    #[error("the file `{file}` of the keyring {what}")]
    Damaged {
        /// Which file.
        file: String,
        /// What is wrong.
        what: &'static str,
    },
    /// The key is in hardware.
    #[error("the key `{0}` is in hardware, and no file has it")]
    InHardware(String),
}

impl KeyringError {
    /// For `map_err`.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, path: path.to_owned(), source }
    }

    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Name(_) => "E-trust-publisher-name",
            Self::Unknown { .. } => "E-trust-publisher-unknown",
            Self::Exists(_) => "E-trust-publisher-exists",
            Self::Io { .. } => "E-trust-keyring",
            Self::Open { .. } => "E-trust-key-open",
            Self::Locked(_) => "E-trust-key-locked",
            Self::Sealed { source: SealedError::Passphrase, .. } => "E-trust-passphrase",
            Self::Sealed { .. } | Self::Key { .. } | Self::Damaged { .. } => "E-trust-key",
            Self::InHardware(_) => "E-trust-key-hardware",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Name(_) => "choose a name like `team`".into(),
            Self::Unknown { name, .. } => format!("make one: `coffer trust init {name}`"),
            Self::Exists(_) => "choose another name; `coffer trust keys` shows what there is".into(),
            Self::Io { path, .. } => format!("check the path: `ls -ld {}`", path.display()),
            Self::Open { path, .. } => {
                format!(
                    "`chmod 600 {}`; if others may have read it, rotate it: `coffer trust rotate`",
                    path.display()
                )
            }
            Self::Locked(_) => "give it: `--passphrase-file FILE`, or COFFER_TRUST_PASSPHRASE".into(),
            Self::Sealed { source: SealedError::Passphrase, .. } => {
                "try again, or give it with `--passphrase-file`".into()
            }
            Self::Sealed { .. } | Self::Key { .. } | Self::Damaged { .. } => {
                "put the file back from a copy; if there is none: `coffer trust recover`".into()
            }
            Self::InHardware(_) => "plug its token in and sign with it".into(),
        }
    }
}

fn known(there: &[String]) -> String {
    match there {
        [] => "there is none at all".into(),
        names => format!("there are {}", names.join(", ")),
    }
}
