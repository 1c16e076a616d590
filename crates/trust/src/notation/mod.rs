//! Notation's signatures, verified: notaryproject/specifications, signature-specification.md.
//!
//! Of its checks, revocation is not made, because it asks other people's servers. Timestamps beside a signature are
//! not read, and so it counts only while its certificates do, as the specification has it where there is none.
//! Plug-ins are not run, and what demands one is refused.

mod cbor;
mod envelope;
mod jws;
mod cose;
mod certificate;
mod chain;
mod policy;

use model::digest::ClaimedDigest;

use crate::signature::{By, Result, SignatureError, VerifiedSignature};
use chain::Chain;
use envelope::{Algorithm, Envelope, SigningScheme};

pub use certificate::Certificate;
pub use policy::{Identities, Identity, TrustPolicy};

/// The type of a manifest that has a signature refer to an image.
pub const ARTIFACT: &str = "application/vnd.cncf.notary.signature";
/// Media type of a signature in JSON.
pub const JWS: &str = "application/jose+json";
/// Media type of a signature in CBOR.
pub const COSE: &str = "application/cose";

/// Bytes of an envelope.
const MOST_BYTES: usize = 4 << 20;
/// What an error calls it.
const WHAT: &str = "the Notation signature";

/// Verifies a signature about an image: trust-store-trust-policy.md, "Signature Evaluation", level `strict` but for
/// revocation.
pub(crate) fn verify(
    media_type: &str,
    bytes: &[u8],
    digest: &ClaimedDigest,
    policy: &TrustPolicy,
    now: i64,
) -> Result<VerifiedSignature> {
    SignatureError::fits(WHAT, bytes, MOST_BYTES)?;
    let envelope = if media_type == COSE { cose::parse(bytes)? } else { jws::parse(bytes)? };
    let chain = Chain::parse(&envelope.chain)?;
    check_integrity(&envelope, &chain)?;
    let roots = match envelope.claims.scheme {
        SigningScheme::X509 => &policy.roots,
        SigningScheme::Authority { .. } => &policy.signing_authorities,
    };
    let root = chain.trusted(roots)?.fingerprint();
    policy.identities.count(chain.leaf())?;
    let witnessed = match envelope.claims.scheme {
        SigningScheme::Authority { time } => Some(time),
        SigningScheme::X509 => None,
    };
    chain.valid_at(witnessed.unwrap_or(now))?;
    if let Some(expiry) = envelope.claims.expiry.filter(|expiry| now >= *expiry) {
        return Err(SignatureError::Expired { what: WHAT.to_owned(), late: now - expiry });
    }
    let annotations = envelope::target(&envelope.payload, digest)?;
    let by = By::Certificate { subject: chain.leaf().subject(), root };
    Ok(VerifiedSignature { by, digest: *digest, reference: None, annotations, witnessed })
}

/// The signer's key decides the algorithm, and the envelope has to say the same.
fn check_integrity(envelope: &Envelope, chain: &Chain) -> Result<()> {
    let leaf = chain.leaf();
    if Algorithm::of(leaf.key()) != Some(envelope.algorithm) {
        let found = format!("{:?}", envelope.algorithm);
        return Err(SignatureError::Algorithm {
            what: WHAT,
            found,
            why: "which is not that of the signer's key",
        });
    }
    if leaf.key().verifies(envelope.algorithm.scheme(), &envelope.message, &envelope.signature) {
        return Ok(());
    }
    Err(SignatureError::NotByKey {
        what: WHAT,
        key: format!("of {}", crate::signature::shown(&leaf.subject())),
    })
}

#[cfg(test)]
mod tests;
