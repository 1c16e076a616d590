//! What we say of an image, put beside it in cosign's layouts.

use model::digest::{ClaimedDigest, Digest};
use model::oci::{Descriptor, Manifest, OCI_EMPTY};
use trust::cosign::{self, Layer};
use trust::dsse;
use trust::key::Signer;
use trust::statement::{self, PAYLOAD_TYPE, Predicate};

use super::place::{Place, document, wrapped};
use super::{AttestError, Layouts, Result, Saying};
use crate::ship::{Document, parse};
use crate::time::rfc3339;

/// Signs what is said, puts it there, and returns where.
pub(super) fn all(
    place: &Place<'_>,
    top: &Document,
    saying: &Saying,
    layouts: Layouts,
    signer: &dyn Signer,
    now: i64,
) -> Result<Vec<String>> {
    let mut at = Vec::new();
    if layouts != Layouts::Referrer {
        at.push(tagged(place, top, saying, signer)?);
    }
    if layouts != Layouts::Tag {
        at.push(referring(place, top, saying, signer, now)?);
    }
    Ok(at)
}

/// Under a tag, beside what is there already.
fn tagged(place: &Place<'_>, top: &Document, saying: &Saying, signer: &dyn Signer) -> Result<String> {
    let digest = &top.descriptor.digest;
    let tag = match saying {
        Saying::Signature { .. } => cosign::signature_tag(digest),
        Saying::Statement { .. } => cosign::attestation_tag(digest),
    };
    let there = place.beside(&tag)?.map(|there| parse::<Manifest>(&tag, &there.bytes)).transpose()?;
    let image = match saying {
        Saying::Signature { annotations } => {
            let signed = cosign::sign_simple(&place.reference(), digest, annotations, signer);
            let (payload, signature) = signed.map_err(AttestError::from)?;
            cosign::add(there, &Layer::Signature { payload: &payload, signature: &signature })
        }
        Saying::Statement { predicate, .. } => {
            let statement = said(place, digest, saying)?;
            let envelope = dsse::seal(PAYLOAD_TYPE, &statement, signer).map_err(AttestError::from)?;
            cosign::add(there, &Layer::Attestation { envelope: &envelope, predicate })
        }
    };
    let image = image.map_err(AttestError::from)?;
    place.put(top, &wrapped(image.manifest), &[image.layer, image.config], Some(&tag))?;
    Ok(tag)
}

/// As what refers to the image.
fn referring(
    place: &Place<'_>,
    top: &Document,
    saying: &Saying,
    signer: &dyn Signer,
    now: i64,
) -> Result<String> {
    let statement = said(place, &top.descriptor.digest, saying)?;
    let bundle = cosign::seal_bundle(&statement, signer).map_err(AttestError::from)?;
    let layer = blob(cosign::BUNDLE, &bundle);
    let subject = Descriptor { annotations: None, platform: None, ..top.descriptor.clone() };
    let manifest = cosign::referrer(layer.clone(), subject, kind(saying), &rfc3339(now));
    let document = Document {
        descriptor: Descriptor {
            artifact_type: manifest.artifact_type.clone(),
            ..document(&manifest)?.descriptor
        },
        ..document(&manifest)?
    };
    let empty = (blob(OCI_EMPTY, b"{}"), b"{}".to_vec());
    place.put(top, &document, &[(layer, bundle), empty], None)?;
    Ok(document.descriptor.digest.to_string())
}

/// The statement's bytes.
fn said(place: &Place<'_>, digest: &ClaimedDigest, saying: &Saying) -> Result<Vec<u8>> {
    let none = std::collections::BTreeMap::new();
    let (annotations, said) = match saying {
        Saying::Signature { annotations } => (annotations, b"{}".as_slice()),
        Saying::Statement { said, .. } => (&none, said.as_slice()),
    };
    let statement = statement::write(&place.reference(), digest, annotations, kind(saying), said);
    Ok(statement.map_err(AttestError::from)?)
}

fn kind(saying: &Saying) -> &Predicate {
    match saying {
        Saying::Signature { .. } => &Predicate::Signature,
        Saying::Statement { predicate, .. } => predicate,
    }
}

fn blob(media_type: &str, bytes: &[u8]) -> Descriptor {
    Descriptor::new(media_type, Digest::of(bytes).into(), bytes.len() as u64)
}
