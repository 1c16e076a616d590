//! What can keep a publisher from publishing, beyond what their documents, keys and registries say themselves.

use std::io;
use std::path::PathBuf;

use trust::key::{KeyError, PemError};
use trust::publisher::{Change, PublishError, RoleName};

use crate::trust::keyring::KeyringError;
use crate::trust::token::TokenError;

/// Why nothing was signed or published.
#[derive(Debug, thiserror::Error)]
pub enum PublishingError {
    /// About the publisher's documents.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// About keys on disk.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// About keys in hardware.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Several could be meant.
    #[error("`{image}` could be signed by {}", .names.join(" or "))]
    WhichPublisher {
        /// As it was typed.
        image: String,
        /// Those that there are.
        names: Vec<String>,
    },
    /// Nobody is here who could sign.
    #[error("this user is no publisher")]
    NoPublisher,
    /// An image that its publisher's place does not have.
    #[error("`{image}` is not below `{place}`, for which `{publisher}` vouches")]
    Beside {
        /// As it was typed.
        image: String,
        /// The place.
        place: String,
        /// The publisher's name.
        publisher: String,
    },
    /// Nothing was ever signed, so that nobody knows where to.
    #[error("`{0}` has published nothing, and so it is not known where")]
    NoPlace(String),
    /// Signing on top of a stranger's documents would vouch for them.
    #[error("`{place}` has documents of a publisher, and the root of `{publisher}` is not known here")]
    RootUnknown {
        /// The publisher's name.
        publisher: String,
        /// The place.
        place: String,
    },
    /// None of the documents there is the one that was named.
    #[error("`{place}` has no root whose fingerprint is {fingerprint}")]
    OtherRoot {
        /// The place.
        place: String,
        /// The one that was named.
        fingerprint: String,
    },
    /// A person looked at it, or there was nobody to look.
    #[error("others have begun what you did not ask for: {}", listed(.0))]
    Declined(Vec<Change>),
    /// A release is signed under a name.
    #[error("`{0}` names no tag, and a release is signed under its tag")]
    NoTag(String),
    /// A revocation is of bytes.
    #[error("`{0}` names no digest, and what is revoked is a digest under all its names")]
    NoDigest(String),
    /// A file that should have a public key.
    #[error("`{}` has no public key: {source}", .path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: PemError,
    },
    /// A file that should have a private key.
    #[error("`{}` has no private key", .0.display())]
    NoPrivateKey(PathBuf),
    /// No random numbers.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A key that is neither here nor in the documents, or several.
    #[error("`{text}` is the beginning of {} keys of `{publisher}`", if *.found == 0 { "none of the".to_owned() } else { found.to_string() })]
    WhichKey {
        /// As it was typed.
        text: String,
        /// The publisher's name.
        publisher: String,
        /// How many begin so.
        found: usize,
    },
    /// Which of several is meant to end.
    #[error("{count} keys of {role} are here, and one is to be replaced")]
    WhichOld {
        /// The role.
        role: String,
        /// How many are here.
        count: usize,
    },
    /// Less would guard the new key than guarded the old one, and nobody has said so.
    #[error(
        "key {old} of {role} is in hardware, `{token}`, and the key that is made here would be in a file"
    )]
    FromHardware {
        /// The role.
        role: RoleName,
        /// The token's key.
        token: String,
        /// The beginning of its id.
        old: String,
    },
    /// A publisher's own file.
    #[error("cannot {doing} `{}`: {source}", .path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// What was written down is not what this program writes.
    #[error("`{}` is damaged: {why}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

impl PublishingError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Publish(error) => error.code(),
            Self::Keyring(error) => error.code(),
            Self::Token(error) => error.code(),
            Self::WhichPublisher { .. } | Self::NoPublisher => "E-trust-which-publisher",
            Self::Beside { .. } | Self::NoPlace(_) => "E-trust-where",
            Self::RootUnknown { .. } => "E-trust-root-unknown",
            Self::OtherRoot { .. } => "E-trust-fingerprint",
            Self::Declined(_) => "E-trust-declined",
            Self::NoTag(_) | Self::NoDigest(_) => "E-trust-image",
            Self::KeyFile { .. } => "E-trust-public-key",
            Self::NoPrivateKey(_) => "E-trust-key",
            Self::Key(_) => "E-trust-key-make",
            Self::WhichKey { .. } | Self::WhichOld { .. } => "E-trust-which-key",
            Self::FromHardware { .. } => "E-trust-from-hardware",
            Self::Io { .. } | Self::Damaged { .. } => "E-trust-keyring",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Publish(error) => error.remedy(),
            Self::Keyring(error) => error.remedy(),
            Self::Token(error) => error.remedy(),
            Self::WhichPublisher { names, .. } => {
                let name = names.first().map_or("NAME", String::as_str);
                format!("say whose signature it is: `--publisher {name}`")
            }
            Self::NoPublisher => {
                "become one: `coffer trust init NAME`; or make a key for somebody else's: `coffer trust keys make NAME ROLE`"
                    .into()
            }
            Self::Beside { .. } => "say what it vouches for: `--place registry.example/team`".into(),
            Self::NoPlace(_) => "sign a release first, or say where: `--place registry.example/team`".into(),
            Self::RootUnknown { .. } => {
                "ask the publisher for their fingerprint, and give it: `--root sha256:...`".into()
            }
            Self::OtherRoot { .. } => {
                "do not sign: ask the publisher, on another way than this registry, what their fingerprint is".into()
            }
            Self::Declined(_) => "if you want to sign all of it, give the command again with `--all`".into(),
            Self::NoTag(image) => format!("give the tag: `coffer trust sign {image}:TAG`"),
            Self::NoDigest(image) => {
                format!("give the digest: `coffer trust revoke {image}@sha256:...`; `coffer trust log` lists them")
            }
            Self::KeyFile { .. } => {
                "give a file that begins with `-----BEGIN PUBLIC KEY-----`: Ed25519 or ECDSA P-256".into()
            }
            Self::NoPrivateKey(_) => {
                "give a key in PEM, one that coffer or cosign made, `PUBLISHER/ROLE-N`, or `pkcs11:...`".into()
            }
            Self::Key(_) => "see whether this host has /dev/urandom".into(),
            Self::WhichKey { publisher, .. } => format!("`coffer trust inspect {publisher}` shows the ids"),
            Self::WhichOld { .. } => "say which ends: `--old KEYID`; `coffer trust keys` lists them".into(),
            Self::FromHardware { role, old, .. } => format!(
                "name the key that follows: `coffer trust rotate NAME {role} --old {old} --key pkcs11:...`; for one in a \
                 file, `coffer trust keys make NAME {role}`, and then `--key` with the file that it prints"
            ),
            Self::Io { path, .. } => format!("check the path: `ls -ld {}`", path.display()),
            Self::Damaged { path, .. } => format!("put it back from a copy, or remove it: {}", path.display()),
        }
    }
}

/// At most this many of what others have begun.
const SHOWN: usize = 4;

fn listed(changes: &[Change]) -> String {
    let mut words: Vec<String> = changes.iter().take(SHOWN).map(ToString::to_string).collect();
    if changes.len() > SHOWN {
        words.push(format!("{} more", changes.len() - SHOWN));
    }
    words.join("; ")
}
