//! Sigstore bundles, 0.1 to 0.3: a statement in an envelope, with what is needed to verify it beside it.
//!
//! sigstore/protobuf-specs, protos/sigstore_bundle.proto; sigstore/cosign, specs/BUNDLE_SPEC.md.

use std::collections::BTreeMap;

use model::digest::ClaimedDigest;
use model::oci::{Annotations, Descriptor, Manifest, OCI_EMPTY, OCI_MANIFEST};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::simple::words;
use crate::dsse::{self, Envelope, MOST_BYTES};
use crate::evidence::{Grounds, Verified};
use crate::foreign::ForeignKey;
use crate::key::{SignError, Signer};
use crate::signature::{By, Result, SignatureError, VerifiedSignature, VerifiedStatement, shown, standard};
use crate::statement::{PAYLOAD_TYPE, Predicate, Statement};

/// Media type of the newest version, which is the one that is written.
pub const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// All that are read. The third is what 0.3 was called before it was done.
const VERSIONS: [&str; 4] = [
    BUNDLE,
    "application/vnd.dev.sigstore.bundle+json;version=0.2",
    "application/vnd.dev.sigstore.bundle+json;version=0.3",
    "application/vnd.dev.sigstore.bundle+json;version=0.1",
];
/// What an error calls it.
const WHAT: &str = "the bundle";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    media_type: String,
    verification_material: Material,
    #[serde(default)]
    dsse_envelope: Option<dsse::Wire>,
}

/// What a bundle says that it is to be verified with. Of keys it gives only a hint, which nobody needs.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Material {
    #[serde(default)]
    public_key: Option<Hint>,
    #[serde(default, skip_serializing)]
    certificate: Option<IgnoredAny>,
    #[serde(default, rename = "x509CertificateChain", skip_serializing)]
    chain: Option<IgnoredAny>,
}

#[derive(Serialize, Deserialize)]
struct Hint {
    #[serde(default)]
    hint: String,
}

/// Whether a media type is that of a bundle.
#[must_use]
pub fn is_bundle(media_type: &str) -> bool {
    VERSIONS.contains(&media_type)
}

/// Verifies a bundle about an image.
pub(crate) fn verify(bytes: &[u8], digest: &ClaimedDigest, grounds: &Grounds) -> Result<Verified> {
    SignatureError::fits(WHAT, bytes, MOST_BYTES)?;
    let wire: Wire = serde_json::from_slice(bytes).map_err(SignatureError::malformed(WHAT))?;
    if !is_bundle(&wire.media_type) {
        return Err(SignatureError::OtherType { found: shown(&wire.media_type), wanted: BUNDLE.to_owned() });
    }
    let material = &wire.verification_material;
    if material.certificate.is_some() || material.chain.is_some() {
        let kept = grounds.identities()?.verify(bytes, digest)?;
        return said(kept.by, Statement::parse(kept.payload)?, digest, Some(kept.time));
    }
    let mut keys = grounds.keys()?;
    let envelope = wire.dsse_envelope.ok_or_else(|| SignatureError::OtherType {
        found: "a signature over bytes".to_owned(),
        wanted: "a statement about an image".to_owned(),
    })?;
    let envelope = Envelope::read(envelope)?;
    let key = keys.find(|key| envelope.is_by(key)).ok_or_else(|| grounds.not_by_key(WHAT))?;
    let statement = Statement::parse(envelope.open(key, PAYLOAD_TYPE)?)?;
    said(By::Key(key.fingerprint()), statement, digest, None)
}

/// What a verified statement comes to: cosign's signatures are statements that say nothing more.
fn said(by: By, statement: Statement, digest: &ClaimedDigest, witnessed: Option<i64>) -> Result<Verified> {
    statement.about(digest)?;
    if statement.predicate() != &Predicate::Signature {
        return Ok(Verified::Statement(VerifiedStatement { by, digest: *digest, statement, witnessed }));
    }
    let subject = statement.subject(digest);
    Ok(Verified::Signature(VerifiedSignature {
        by,
        digest: *digest,
        reference: subject.map(|subject| subject.name.clone()).filter(|name| !name.is_empty()),
        annotations: subject.map(|subject| words(subject.annotations.clone())).unwrap_or_default(),
        witnessed,
    }))
}

/// A bundle around a statement, signed with a key.
///
/// # Errors
/// The signer's, also for keys that no bundle can hint at.
pub fn seal(statement: &[u8], signer: &dyn Signer) -> std::result::Result<Vec<u8>, SignError> {
    let key = ForeignKey::try_from(signer.public())
        .map_err(|error| SignError { key: signer.public().id(), reason: error.to_string() })?;
    let hint = Hint { hint: standard(key.fingerprint().as_bytes()) };
    let wire = Wire {
        media_type: BUNDLE.to_owned(),
        verification_material: Material { public_key: Some(hint), certificate: None, chain: None },
        dsse_envelope: Some(dsse::signed(PAYLOAD_TYPE, statement, signer)?),
    };
    Ok(serde_json::to_vec(&wire).unwrap_or_default())
}

/// The manifest that has a bundle refer to an image. `created` is RFC 3339.
#[must_use]
pub fn referrer(bundle: Descriptor, subject: Descriptor, predicate: &Predicate, created: &str) -> Manifest {
    let annotations: Annotations = BTreeMap::from([
        ("dev.sigstore.bundle.content".to_owned(), "dsse-envelope".to_owned()),
        ("dev.sigstore.bundle.predicateType".to_owned(), predicate.address().to_owned()),
        ("org.opencontainers.image.created".to_owned(), created.to_owned()),
    ]);
    let empty = model::digest::Digest::of(b"{}").into();
    Manifest {
        schema_version: 2,
        media_type: OCI_MANIFEST.to_owned(),
        artifact_type: Some(BUNDLE.to_owned()),
        config: Descriptor::new(OCI_EMPTY, empty, 2),
        layers: vec![bundle],
        subject: Some(subject),
        annotations: Some(annotations),
    }
}
