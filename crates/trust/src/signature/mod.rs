//! What other people's signatures say once they are verified: who says it, of which bytes, and what.

mod error;
mod text;
mod base64;

use std::collections::BTreeMap;
use std::fmt;

use model::digest::{ClaimedDigest, Digest};

pub use error::SignatureError;

pub(crate) use base64::{lenient, standard, strict_url};
pub(crate) use text::shown;

use crate::statement::Statement;

/// What verification returns.
pub type Result<T> = std::result::Result<T, SignatureError>;

/// Who made a signature, as it was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// Whoever holds the private half of a public key that was given.
    Key(Digest),
    /// Whom an issuer of identities knew, at the time when they signed.
    Identity {
        /// An address, or the URI of a workflow.
        subject: String,
        /// Who vouched for it.
        issuer: String,
    },
    /// Whom a certificate below a given root names.
    Certificate {
        /// RFC 4514: `CN=build,O=example`.
        subject: String,
        /// SHA-256 of the root.
        root: Digest,
    },
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(fingerprint) => write!(f, "key {}", fingerprint.short()),
            Self::Identity { subject, issuer } => {
                write!(f, "{} as {} knows them", shown(subject), shown(issuer))
            }
            Self::Certificate { subject, .. } => write!(f, "{}", shown(subject)),
        }
    }
}

/// A signature over an image, verified. Nobody outside of this crate can make one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedSignature {
    /// Who made it.
    pub by: By,
    /// The manifest that it is about: what was asked for.
    pub digest: ClaimedDigest,
    /// What the signer called the image. Says nothing: no tool binds signatures to it.
    pub reference: Option<String>,
    /// Free text that was signed along.
    pub annotations: BTreeMap<String, String>,
    /// When it was made, where somebody other than the signer says so: Unix seconds.
    pub witnessed: Option<i64>,
}

/// A statement about an image, verified. Nobody outside of this crate can make one.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VerifiedStatement {
    /// Who made it.
    pub by: By,
    /// The manifest that it is about: what was asked for.
    pub digest: ClaimedDigest,
    /// What is said.
    pub statement: Statement,
    /// When it was made, where somebody other than the signer says so: Unix seconds.
    pub witnessed: Option<i64>,
}

impl VerifiedSignature {
    /// Whether all of these were signed along, word for word.
    ///
    /// # Errors
    /// [`SignatureError::Annotation`] with the first that was not.
    pub fn require(&self, annotations: &BTreeMap<String, String>) -> Result<()> {
        annotations.iter().try_for_each(|(key, wanted)| match self.annotations.get(key) {
            Some(found) if found == wanted => Ok(()),
            found => Err(SignatureError::Annotation {
                key: key.clone(),
                wanted: wanted.clone(),
                found: found.map(|text| shown(text)),
            }),
        })
    }
}
