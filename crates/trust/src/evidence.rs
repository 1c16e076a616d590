//! Anything that lies beside an image and vouches for it, and what a person trusts to verify it with.

use model::digest::ClaimedDigest;
use model::oci::Annotations;

use crate::cosign::{self, Keyless};
use crate::foreign::ForeignKey;
use crate::notation::{self, TrustPolicy};
use crate::signature::{Result, SignatureError, VerifiedSignature, VerifiedStatement};

/// What a person trusts. Each piece of evidence has to hold against one of these.
#[derive(Debug, Default)]
pub struct Grounds {
    /// Keys, any of them.
    pub keys: Vec<ForeignKey>,
    /// Identities that an issuer vouches for, for cosign without keys.
    pub keyless: Option<Keyless>,
    /// Certificates, and whom they may name, for Notation.
    pub notation: Option<TrustPolicy>,
}

/// Evidence as a registry has it: a layer of a manifest.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The layer's media type, which decides how it is read.
    pub media_type: &'a str,
    /// The layer's annotations, unauthenticated.
    pub annotations: &'a Annotations,
    /// The layer.
    pub bytes: &'a [u8],
}

/// What evidence says, verified.
#[derive(Debug, Clone, PartialEq)]
pub enum Verified {
    /// Somebody signs the image.
    Signature(VerifiedSignature),
    /// Somebody says something of it.
    Statement(VerifiedStatement),
}

/// Whether a layer is evidence of a kind that is read here.
#[must_use]
pub fn is_evidence(media_type: &str) -> bool {
    matches!(media_type, cosign::SIMPLE_SIGNING | cosign::DSSE_ENVELOPE | notation::JWS | notation::COSE)
        || cosign::is_bundle(media_type)
}

/// Verifies evidence about an image. `now` is Unix seconds.
///
/// # Errors
/// [`SignatureError`]: the first reason for which it does not count.
pub fn verify(
    evidence: Evidence<'_>,
    digest: &ClaimedDigest,
    grounds: &Grounds,
    now: i64,
) -> Result<Verified> {
    let Evidence { media_type, annotations, bytes } = evidence;
    match media_type {
        cosign::SIMPLE_SIGNING => {
            cosign::signature(bytes, annotations, digest, grounds).map(Verified::Signature)
        }
        cosign::DSSE_ENVELOPE => {
            cosign::attestation(bytes, annotations, digest, grounds).map(Verified::Statement)
        }
        notation::JWS | notation::COSE => {
            let policy = grounds.notation.as_ref().ok_or_else(|| grounds.lacks("a Notation signature"))?;
            notation::verify(media_type, bytes, digest, policy, now).map(Verified::Signature)
        }
        _ if cosign::is_bundle(media_type) => cosign::verify_bundle(bytes, digest, grounds),
        other => Err(SignatureError::OtherType {
            found: crate::signature::shown(other),
            wanted: "a signature or an attestation".to_owned(),
        }),
    }
}

impl Grounds {
    /// The keys, where there are any.
    pub(crate) fn keys(&self) -> Result<std::slice::Iter<'_, ForeignKey>> {
        if self.keys.is_empty() { Err(self.lacks("signed with a key")) } else { Ok(self.keys.iter()) }
    }

    /// The identities, where there are any.
    pub(crate) fn identities(&self) -> Result<&Keyless> {
        self.keyless.as_ref().ok_or_else(|| self.lacks("signed with an identity"))
    }

    /// The error for evidence that needs something else than there is.
    pub(crate) fn lacks(&self, found: &'static str) -> SignatureError {
        let given = match (self.keys.is_empty(), &self.keyless, &self.notation) {
            (false, ..) => "a key",
            (true, Some(_), _) => "an identity",
            (true, None, Some(_)) => "a trust store of Notation",
            (true, None, None) => "nothing",
        };
        SignatureError::Material { found, given }
    }

    /// The error for evidence that no key signed.
    pub(crate) fn not_by_key(&self, what: &'static str) -> SignatureError {
        let keys: Vec<_> = self.keys.iter().map(|key| key.fingerprint().short()).collect();
        SignatureError::NotByKey { what, key: keys.join(" or ") }
    }
}
