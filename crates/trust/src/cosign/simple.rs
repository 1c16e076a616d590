//! What cosign signs in its old layout: a small document that names the image's digest.
//!
//! sigstore/cosign, specs/SIGNATURE_SPEC.md, "Payload"; containers/image, docs/containers-signature.5.md.

use std::collections::BTreeMap;

use model::digest::ClaimedDigest;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::key::{SignError, Signer};
use crate::signature::{By, Result, SignatureError, VerifiedSignature, shown};

/// Bytes of a payload.
const MOST_BYTES: usize = 1 << 20;
/// By this word a payload says what it is.
const TYPE: &str = "cosign container image signature";
/// The word of cosign 3, which is a statement's address.
const TYPE_V3: &str = "https://sigstore.dev/cosign/sign/v1";
/// What an error calls it.
const WHAT: &str = "the signed payload";

#[derive(Serialize, Deserialize)]
struct Payload {
    critical: Critical,
    #[serde(default)]
    optional: Option<BTreeMap<String, Value>>,
}

/// What a verifier has to understand, all of it: unknown members are refused.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Critical {
    identity: Identity,
    image: Image,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    /// Free text in cosign's words: "the docker-reference is ignored".
    #[serde(rename = "docker-reference")]
    reference: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Image {
    #[serde(rename = "docker-manifest-digest")]
    digest: String,
}

/// What a payload says of the image, once somebody has verified who signed it.
pub(super) fn read(
    payload: &[u8],
    by: By,
    wanted: &ClaimedDigest,
    witnessed: Option<i64>,
) -> Result<VerifiedSignature> {
    fits(payload)?;
    let Payload { critical, optional } =
        serde_json::from_slice(payload).map_err(SignatureError::malformed(WHAT))?;
    if !matches!(critical.kind.as_str(), TYPE | TYPE_V3) {
        return Err(SignatureError::OtherType { found: shown(&critical.kind), wanted: TYPE.to_owned() });
    }
    if critical.image.digest != wanted.to_string() {
        return Err(SignatureError::OtherDigest { signed: shown(&critical.image.digest), wanted: *wanted });
    }
    Ok(VerifiedSignature {
        by,
        digest: *wanted,
        reference: Some(critical.identity.reference).filter(|reference| !reference.is_empty()),
        annotations: words(optional.unwrap_or_default()),
        witnessed,
    })
}

/// A payload within its limit.
pub(super) fn fits(payload: &[u8]) -> Result<()> {
    SignatureError::fits(WHAT, payload, MOST_BYTES)
}

/// Annotations as text; what is none is as its JSON.
pub(super) fn words(annotations: BTreeMap<String, Value>) -> BTreeMap<String, String> {
    let text = |value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    annotations.into_iter().map(|(key, value)| (key, text(value))).collect()
}

/// The payload about an image, and its signature.
///
/// # Errors
/// The signer's.
pub fn sign(
    reference: &str,
    digest: &ClaimedDigest,
    annotations: &BTreeMap<String, String>,
    signer: &dyn Signer,
) -> std::result::Result<(Vec<u8>, Vec<u8>), SignError> {
    let optional = annotations.iter().map(|(key, value)| (key.clone(), Value::String(value.clone())));
    let payload = Payload {
        critical: Critical {
            identity: Identity { reference: reference.to_owned() },
            image: Image { digest: digest.to_string() },
            kind: TYPE.to_owned(),
        },
        optional: (!annotations.is_empty()).then(|| optional.collect()),
    };
    let bytes = serde_json::to_vec(&payload).unwrap_or_default();
    let signature = signer.sign(&bytes)?;
    Ok((bytes, signature))
}
