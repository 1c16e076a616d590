//! cosign's old layout as documents: an image whose layers are signatures, or attestations.

use std::collections::BTreeMap;

use model::digest::{ClaimedDigest, Digest};
use model::oci::{Descriptor, Manifest, OCI_CONFIG, OCI_MANIFEST};
use serde_json::json;

use super::{DSSE_ENVELOPE, SIGNATURE, SIMPLE_SIGNING};
use crate::signature::{Result, SignatureError, standard};
use crate::statement::Predicate;

/// Signatures or attestations of one image; each costs whoever verifies it.
const MOST_LAYERS: usize = 1_000;

/// What has to be sent, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The new layer, with its bytes.
    pub layer: (Descriptor, Vec<u8>),
    /// The configuration, with its bytes.
    pub config: (Descriptor, Vec<u8>),
    /// The manifest's bytes, of type `application/vnd.oci.image.manifest.v1+json`.
    pub manifest: Vec<u8>,
}

/// A layer that is to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layer<'a> {
    /// What [`super::sign_simple`] returns.
    Signature {
        /// What is signed.
        payload: &'a [u8],
        /// The signature.
        signature: &'a [u8],
    },
    /// What [`crate::dsse::seal`] returns.
    Attestation {
        /// The envelope.
        envelope: &'a [u8],
        /// What kind of thing it says.
        predicate: &'a Predicate,
    },
}

/// The image with one layer more than `there` already are. One that is there stays once.
///
/// # Errors
/// [`SignatureError::TooMany`].
pub fn add(there: Option<Manifest>, layer: &Layer<'_>) -> Result<Image> {
    let (added, bytes) = describe(layer);
    let mut layers = there.map(|manifest| manifest.layers).unwrap_or_default();
    SignatureError::few("signatures of an image", layers.len() + 1, MOST_LAYERS)?;
    if !layers.contains(&added) {
        layers.push(added.clone());
    }
    let config = config(&layers);
    let described = blob(OCI_CONFIG, &config);
    let manifest = Manifest {
        schema_version: 2,
        media_type: OCI_MANIFEST.to_owned(),
        artifact_type: None,
        config: described.clone(),
        layers,
        subject: None,
        annotations: None,
    };
    let manifest = serde_json::to_vec(&manifest).map_err(SignatureError::malformed("the manifest"))?;
    Ok(Image { layer: (added, bytes), config: (described, config), manifest })
}

fn describe(layer: &Layer<'_>) -> (Descriptor, Vec<u8>) {
    let (media_type, bytes, annotations) = match layer {
        Layer::Signature { payload, signature } => {
            (SIMPLE_SIGNING, *payload, vec![(SIGNATURE.to_owned(), standard(signature))])
        }
        Layer::Attestation { envelope, predicate } => {
            // cosign wants the annotation and reads the signature in the envelope.
            let kind = ("predicateType".to_owned(), predicate.address().to_owned());
            (DSSE_ENVELOPE, *envelope, vec![(SIGNATURE.to_owned(), String::new()), kind])
        }
    };
    let annotations = Some(BTreeMap::from_iter(annotations));
    (Descriptor { annotations, ..blob(media_type, bytes) }, bytes.to_vec())
}

/// An image's configuration, because cosign's image is one to whoever looks.
fn config(layers: &[Descriptor]) -> Vec<u8> {
    let ids: Vec<ClaimedDigest> = layers.iter().map(|layer| layer.digest).collect();
    let config = json!({
        "architecture": "",
        "os": "",
        "config": {},
        "rootfs": { "type": "layers", "diff_ids": ids },
    });
    config.to_string().into_bytes()
}

fn blob(media_type: &str, bytes: &[u8]) -> Descriptor {
    Descriptor::new(media_type, Digest::of(bytes).into(), bytes.len() as u64)
}
