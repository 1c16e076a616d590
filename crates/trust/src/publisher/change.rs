//! What a draft changes, in words.

use std::fmt;

use model::digest::ClaimedDigest;
use serde_json::Value;

use super::{RoleName, StageName};
use crate::key::PublicKey;
use crate::metadata::rfc3339;

/// One thing that a new document says and the published one does not.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// There is a new document.
    Document {
        /// Of which role.
        role: RoleName,
        /// Its version.
        version: u64,
        /// Until when it is good.
        expires: i64,
    },
    /// A key may sign.
    KeyAdded {
        /// For which role.
        role: RoleName,
        /// Which key.
        key: PublicKey,
    },
    /// A key may no longer sign.
    KeyRemoved {
        /// For which role.
        role: RoleName,
        /// Which key.
        key: PublicKey,
    },
    /// More signatures are needed, or fewer do.
    Threshold {
        /// For which role.
        role: RoleName,
        /// How many were needed.
        before: Option<u32>,
        /// How many will be.
        after: u32,
    },
    /// A name means a digest.
    Released {
        /// `web/app:1.4`
        name: String,
        /// Of its manifest or index.
        digest: ClaimedDigest,
        /// What it meant.
        before: Option<ClaimedDigest>,
        /// The number of the signing.
        sequence: u64,
    },
    /// A release has come to a stage.
    Promoted {
        /// Which stage.
        stage: StageName,
        /// `web/app:1.4`
        name: String,
        /// Of its manifest or index.
        digest: ClaimedDigest,
        /// What was there before.
        before: Option<ClaimedDigest>,
    },
    /// A digest must not run any more.
    Revoked {
        /// Which digest.
        digest: ClaimedDigest,
        /// Why.
        reason: String,
    },
    /// A digest may run again.
    Restored {
        /// Which digest.
        digest: ClaimedDigest,
    },
    /// There is a new stage.
    Stage {
        /// Which stage.
        stage: StageName,
    },
    /// A stage is gone: nobody promotes to it, and what it let through is released and no more.
    StageRemoved {
        /// Which stage.
        stage: StageName,
    },
    /// What has to be attested before a promotion.
    Requires {
        /// To which stage.
        stage: StageName,
        /// Each kind, and whose it may be.
        kinds: Vec<(String, Vec<PublicKey>)>,
    },
    /// Anything else: drafts of this program have none of it.
    Field {
        /// In whose document.
        role: RoleName,
        /// Where.
        path: String,
        /// What it was.
        before: Option<Value>,
        /// What it will be.
        after: Option<Value>,
    },
}

impl Change {
    /// Whether it is something that this program never does.
    #[must_use]
    pub fn is_unusual(&self) -> bool {
        matches!(self, Self::Field { .. })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document { role, version, expires } => {
                write!(f, "version {version} of {role}, good until {}", rfc3339(*expires))
            }
            Self::KeyAdded { role, key } => write!(f, "{role} gets {}", shown(key)),
            Self::KeyRemoved { role, key } => write!(f, "{role} loses {}", shown(key)),
            Self::Threshold { role, before: None, after } => {
                write!(f, "{role} needs {}", signatures(*after))
            }
            Self::Threshold { role, before: Some(before), after } => {
                write!(f, "{role} needs {} instead of {before}", signatures(*after))
            }
            Self::Released { name, digest, before, sequence } => {
                write!(f, "releases `{name}` as {digest}, number {sequence}")?;
                instead(f, *before)
            }
            Self::Promoted { stage, name, digest, before } => {
                write!(f, "promotes `{name}` to {stage} as {digest}")?;
                instead(f, *before)
            }
            Self::Revoked { digest, reason } => write!(f, "revokes {digest}: {}", printable(reason)),
            Self::Restored { digest } => write!(f, "no longer revokes {digest}"),
            Self::Stage { stage } => write!(f, "makes stage {stage}"),
            Self::StageRemoved { stage } => write!(f, "removes stage {stage}"),
            Self::Requires { stage, kinds } if kinds.is_empty() => {
                write!(f, "promotion to {stage} needs no attestation")
            }
            Self::Requires { stage, kinds } => {
                let kind = |(kind, keys): &(String, Vec<PublicKey>)| {
                    let keys: Vec<String> = keys.iter().map(shown).collect();
                    format!("`{}` by {}", printable(kind), keys.join(" or "))
                };
                let kinds: Vec<String> = kinds.iter().map(kind).collect();
                write!(f, "promotion to {stage} needs {}", kinds.join(" and "))
            }
            Self::Field { role, path, before, after } => {
                write!(f, "unusual: in {role}, {} is ", printable(path))?;
                match after {
                    Some(after) => write!(f, "{}", printable(&after.to_string()))?,
                    None => write!(f, "gone")?,
                }
                match before {
                    Some(before) => write!(f, " instead of {}", printable(&before.to_string())),
                    None => Ok(()),
                }
            }
        }
    }
}

fn instead(f: &mut fmt::Formatter<'_>, before: Option<ClaimedDigest>) -> fmt::Result {
    match before {
        Some(before) => write!(f, " instead of {before}"),
        None => Ok(()),
    }
}

fn signatures(count: u32) -> String {
    if count == 1 { "1 signature".to_owned() } else { format!("{count} signatures") }
}

/// A key by what it is, never by what a document calls it.
fn shown(key: &PublicKey) -> String {
    format!("key {} ({})", key.id().short(), printable(key.scheme()))
}

/// Whole, and without what a terminal would obey or an eye be led by.
fn printable(text: &str) -> String {
    let plain = |c: char| c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric();
    text.chars().map(|c| if plain(c) { c.to_string() } else { c.escape_unicode().to_string() }).collect()
}
