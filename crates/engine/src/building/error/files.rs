//! Why files could not be taken or placed.

use std::io;

use build::ignore::IgnoreError;
use model::digest::DigestMismatch;
use store::StoreError;

use crate::user::UserError;

/// Why files could not be taken from where they are, or not be placed where they should go.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// A source is not there.
    #[error("`{path}` is not in {origin}")]
    Missing {
        /// As it was written.
        path: String,
        /// The context, or whose root.
        origin: String,
    },
    /// Files should go into something that is no directory.
    #[error("`/{path}` is no directory, but files should go into it")]
    NotADirectory {
        /// Below the root.
        path: String,
    },
    /// A file should take the place of a directory.
    #[error("`/{path}` is a directory, and a file should take its place")]
    IsADirectory {
        /// Below the root.
        path: String,
    },
    /// Several files should become one.
    #[error("several files should become `{destination}`")]
    Several {
        /// As it was written.
        destination: String,
    },
    /// Somebody changes the context while it is used.
    #[error("`{path}` was changed while it was read")]
    Changed {
        /// Below the context.
        path: String,
    },
    /// A device node.
    #[error("`{path}` is a device, which no layer may have")]
    Special {
        /// Below the context.
        path: String,
    },
    /// There is more of something than is taken.
    #[error("{what} has more than {allowed} {limit}")]
    Limit {
        /// The context, or whose root.
        what: String,
        /// What is limited, in words.
        limit: &'static str,
        /// How many there may be.
        allowed: u64,
    },
    /// A pattern that is none.
    #[error("`{pattern}` is no pattern: {source}")]
    Pattern {
        /// As it was written.
        pattern: String,
        /// What is wrong with it.
        source: IgnoreError,
    },
    /// A mode that is none.
    #[error("`{0}` is no mode")]
    Mode(String),
    /// An owner that is not known.
    #[error("the owner of files is not known: {0}")]
    Owner(#[from] UserError),
    /// An address cannot be fetched.
    #[error("cannot fetch `{url}`: {cause}")]
    Fetch {
        /// The address.
        url: String,
        /// Why.
        cause: String,
    },
    /// What was fetched is not what was promised.
    #[error("`{what}` is not what its checksum says: {mismatch}")]
    Checksum {
        /// The address.
        what: String,
        /// Both digests.
        mismatch: DigestMismatch,
    },
    /// A text is no checksum.
    #[error("`{0}` is no checksum")]
    NoChecksum(String),
    /// A repository could not be had.
    #[error("cannot get `{remote}`: {why}")]
    Git {
        /// The repository.
        remote: String,
        /// In one clause.
        why: String,
    },
    /// A file or directory could not be read.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// Which.
        path: String,
        /// The kernel's answer.
        source: io::Error,
    },
    /// A file of ours could not be written.
    #[error("cannot write `{path}`: {source}")]
    Write {
        /// Which.
        path: String,
        /// The kernel's answer.
        source: io::Error,
    },
    /// Somebody asked us to end.
    #[error("interrupted by signal {0}")]
    Interrupted(i32),
    /// The layer could not be made.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl FilesError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "E-build-missing",
            Self::NotADirectory { .. } | Self::IsADirectory { .. } => "E-build-destination",
            Self::Several { .. } => "E-build-several",
            Self::Changed { .. } => "E-build-changed",
            Self::Special { .. } => "E-build-device",
            Self::Limit { .. } => "E-build-limit",
            Self::Pattern { .. } => "E-build-pattern",
            Self::Mode(_) => "E-build-mode",
            Self::Owner(error) => error.code(),
            Self::Fetch { .. } => "E-build-fetch",
            Self::Checksum { .. } | Self::NoChecksum(_) => "E-build-checksum",
            Self::Git { .. } => "E-build-git",
            Self::Read { .. } => "E-build-read",
            Self::Write { .. } => "E-build-write",
            Self::Interrupted(_) => "E-build-interrupted",
            Self::Store(error) => error.code(),
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Missing { origin, .. } if !origin.starts_with("the context") => {
                "check its spelling, and that something before makes it"
            }
            Self::Missing { .. } => "check its spelling, and whether .dockerignore excludes it",
            Self::NotADirectory { .. } => {
                "name another destination, or remove what is there in a step before"
            }
            Self::IsADirectory { .. } => {
                "end the destination with `/` to copy into it, or remove it in a step before"
            }
            Self::Several { .. } => "end the destination with `/`, so that it is a directory",
            Self::Changed { .. } => "build again when nobody changes the files",
            Self::Special { .. } => "exclude it in .dockerignore",
            Self::Limit { .. } => "exclude what the image does not need in .dockerignore",
            Self::Pattern { .. } => r"write a wildcard that is meant as a letter with `\` before it",
            Self::Mode(_) => "give it like `--chmod=755` or `--chmod=u=rwX,go=rX`",
            Self::Owner(error) => return error.remedy(),
            Self::Fetch { .. } => {
                "check the address and the network, or fetch the file into the context yourself"
            }
            Self::Checksum { .. } => "do not use it before you know why it has changed",
            Self::NoChecksum(_) => "give it like `--checksum=sha256:` and 64 hex digits",
            Self::Git { .. } => "try `git clone` yourself; credentials are never asked for during a build",
            Self::Read { .. } => "check that it exists and can be read",
            Self::Write { .. } => "check the disk and the permissions of the state directory",
            Self::Interrupted(_) => "start the build again; what is complete is not done twice",
            Self::Store(error) => return error.remedy(),
        }
        .into()
    }

    pub(crate) fn read(path: &[u8]) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Read { path: shown(path), source }
    }
}

/// A path as an error shows it: nothing that a terminal would act on, and not too long.
pub(in super::super) fn shown(path: &[u8]) -> String {
    const LONGEST: usize = 200;
    let shown = path.iter().take(LONGEST).copied().flat_map(std::ascii::escape_default).map(char::from);
    let rest = if path.len() > LONGEST { "..." } else { "" };
    shown.chain(rest.chars()).collect()
}
