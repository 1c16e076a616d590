//! One layer of cosign's old layout: a signature, or an attestation.

use model::digest::ClaimedDigest;
use model::oci::Annotations;

use super::{CERTIFICATE, SIGNATURE, promised, simple};
use crate::dsse::Envelope;
use crate::evidence::Grounds;
use crate::signature::{By, Result, SignatureError, VerifiedSignature, VerifiedStatement, lenient};
use crate::statement::{PAYLOAD_TYPE, Statement};

/// Bytes of a signature in base64; RSA with 8192 bits has 1.4 KiB.
const MOST_SIGNATURE: usize = 16 << 10;
/// What an error calls it.
const WHAT: &str = "the signature";

/// Verifies a signature layer: its bytes, and the signature in its annotations.
pub(crate) fn signature(
    payload: &[u8],
    annotations: &Annotations,
    digest: &ClaimedDigest,
    grounds: &Grounds,
) -> Result<VerifiedSignature> {
    simple::fits(payload)?;
    if annotations.contains_key(CERTIFICATE) {
        let keyless = grounds.identities()?;
        let (by, time) = keyless.verify_bytes(&promised::signature(payload, annotations)?, payload)?;
        return simple::read(payload, by, digest, Some(time));
    }
    let text = annotations.get(SIGNATURE).ok_or(SignatureError::Unsigned)?;
    SignatureError::fits(WHAT, text.as_bytes(), MOST_SIGNATURE)?;
    let signature = lenient(WHAT, text)?;
    let key = grounds.keys()?.find(|key| key.signed(payload, &signature));
    let key = key.ok_or_else(|| grounds.not_by_key(WHAT))?;
    simple::read(payload, By::Key(key.fingerprint()), digest, None)
}

/// Verifies an attestation layer: an envelope around a statement.
pub(crate) fn attestation(
    bytes: &[u8],
    annotations: &Annotations,
    digest: &ClaimedDigest,
    grounds: &Grounds,
) -> Result<VerifiedStatement> {
    if annotations.contains_key(CERTIFICATE) {
        let keyless = grounds.identities()?;
        let kept = keyless.verify(&promised::attestation(bytes, annotations)?, digest)?;
        let statement = Statement::parse(kept.payload)?;
        statement.about(digest)?;
        let witnessed = Some(kept.time);
        return Ok(VerifiedStatement { by: kept.by, digest: *digest, statement, witnessed });
    }
    let envelope = Envelope::parse(bytes)?;
    let mut keys = grounds.keys()?;
    let key = keys.find(|key| envelope.is_by(key)).ok_or_else(|| grounds.not_by_key("the attestation"))?;
    let statement = Statement::parse(envelope.open(key, PAYLOAD_TYPE)?)?;
    statement.about(digest)?;
    Ok(VerifiedStatement { by: By::Key(key.fingerprint()), digest: *digest, statement, witnessed: None })
}
