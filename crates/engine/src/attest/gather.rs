//! Everything beside an image that could vouch for it. Whoever may write there decides how much that is, so all of
//! it is counted and bounded.

use std::io::Read as _;

use model::digest::{ClaimedDigest, Digest};
use model::oci::{Annotations, Descriptor, Manifest};
use store::StoreError;
use trust::cosign::{attestation_tag, signature_tag};
use trust::evidence::is_evidence;

use super::place::Place;
use super::{AttestError, Result};
use crate::ship::{Document, Origin, Wanted as Platform, choose, parse};

/// Pieces of evidence beside one image; each costs its bytes and the work to verify it.
const MOST: usize = 256;
/// Bytes of all of them together.
const MOST_BYTES: u64 = 256 << 20;

/// A piece of evidence, as it lies there.
pub(super) struct Piece {
    /// The tag or the manifest that it was found in.
    pub(super) at: String,
    /// What it was found beside.
    pub(super) subject: ClaimedDigest,
    pub(super) media_type: String,
    pub(super) annotations: Annotations,
    pub(super) bytes: Vec<u8>,
}

/// All evidence beside what a name stands for, and beside its image for a platform.
pub(super) fn all(place: &Place<'_>, top: Document, platform: &Platform) -> Result<Vec<Piece>> {
    let origin = place.origin()?;
    let mut gathering = Gathering { place, origin: &*origin, pieces: Vec::new(), left: MOST_BYTES };
    let digest = top.descriptor.digest;
    gathering.beside(&digest)?;
    if top.descriptor.is_index()
        && let Ok(chosen) = choose(&*origin, top, platform)
        && chosen.document.descriptor.digest != digest
    {
        gathering.beside(&chosen.document.descriptor.digest)?;
    }
    Ok(gathering.pieces)
}

struct Gathering<'a> {
    place: &'a Place<'a>,
    origin: &'a dyn Origin,
    pieces: Vec<Piece>,
    left: u64,
}

impl Gathering<'_> {
    fn beside(&mut self, subject: &ClaimedDigest) -> Result<()> {
        for tag in [signature_tag(subject), attestation_tag(subject)] {
            if let Some(document) = self.place.beside(&tag)? {
                self.layers(&format!("the tag `{tag}`"), &document, subject)?;
            }
        }
        for referrer in self.origin.referrers(subject)? {
            if !referrer.is_manifest() {
                continue;
            }
            let document = self.origin.document(&referrer)?;
            self.layers(
                &format!("the referrer {}", Digest::of(&document.bytes).short()),
                &document,
                subject,
            )?;
        }
        Ok(())
    }

    /// What of a manifest's layers is evidence.
    fn layers(&mut self, at: &str, document: &Document, subject: &ClaimedDigest) -> Result<()> {
        let manifest: Manifest = parse(at, &document.bytes)?;
        for layer in manifest.layers.into_iter().filter(|layer| is_evidence(&layer.media_type)) {
            if self.pieces.len() >= MOST || layer.size > self.left {
                return Err(AttestError::TooMany { name: self.place.name(), allowed: MOST }.into());
            }
            let bytes = read(self.origin, &layer)?;
            self.left -= layer.size;
            self.pieces.push(Piece {
                at: at.to_owned(),
                subject: *subject,
                media_type: layer.media_type,
                annotations: layer.annotations.unwrap_or_default(),
                bytes,
            });
        }
        Ok(())
    }
}

/// A blob, whole and checked against its descriptor, whose size is within what is left.
fn read(origin: &dyn Origin, blob: &Descriptor) -> Result<Vec<u8>> {
    let label = || blob.digest.to_string();
    let mut bytes = Vec::new();
    let read = origin.open(blob, 0).and_then(|from| from.take(blob.size + 1).read_to_end(&mut bytes));
    read.map_err(|cause| StoreError::Fetch { blob: label(), cause })?;
    let found = bytes.len() as u64;
    if found != blob.size {
        return Err(StoreError::Size { blob: label(), claimed: blob.size, found, evidence: None }.into());
    }
    match blob.digest.confirm(Digest::of(&bytes)) {
        Ok(_) => Ok(bytes),
        Err(mismatch) => Err(StoreError::Digest { blob: label(), mismatch, evidence: None }.into()),
    }
}
