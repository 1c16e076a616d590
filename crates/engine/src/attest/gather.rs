//! Everything beside an image that could vouch for it. Whoever may write there decides how much that is, so all of
//! it is counted and bounded.

use std::collections::BTreeSet;

use model::digest::ClaimedDigest;
use model::oci::{Annotations, Manifest};
use trust::cosign::{attestation_tag, signature_tag};
use trust::evidence::is_evidence;

use super::place::Place;
use super::{AttestError, Refused, Result, SignatureError};
use crate::error::EngineError;
use crate::ship::{Document, Origin, Wanted as Platform, choose, parse, whole};

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

/// What was found.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) pieces: Vec<Piece>,
    /// What claims to be evidence and cannot be read: it hides nothing of the rest.
    pub(super) broken: Vec<Refused>,
}

/// All evidence beside what a name stands for, and beside its image for a platform; of an image of the store, also what
/// is said of the index that it was chosen from.
pub(super) fn all(place: &Place<'_>, top: Document, platform: &Platform) -> Result<Gathered> {
    let origin = place.origin()?;
    let mut gathering = Gathering { place, origin: &*origin, found: Gathered::default(), left: MOST_BYTES };
    let mut subjects = vec![top.descriptor.digest];
    subjects.extend(place.indexes()?);
    if top.descriptor.is_index()
        && let Ok(chosen) = choose(&*origin, top, platform)
    {
        subjects.push(chosen.document.descriptor.digest);
    }
    let mut seen = BTreeSet::new();
    for subject in subjects.iter().filter(|subject| seen.insert(**subject)) {
        gathering.beside(subject)?;
    }
    Ok(gathering.found)
}

struct Gathering<'a> {
    place: &'a Place<'a>,
    origin: &'a dyn Origin,
    found: Gathered,
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
            let at = format!("the referrer {}", short(&referrer.digest));
            match self.origin.document(&referrer) {
                Ok(document) => self.layers(&at, &document, subject)?,
                Err(error) => self.broken(&at, &error)?,
            }
        }
        Ok(())
    }

    /// What of a manifest's layers is evidence.
    fn layers(&mut self, at: &str, document: &Document, subject: &ClaimedDigest) -> Result<()> {
        let manifest: Manifest = match parse(at, &document.bytes) {
            Ok(manifest) => manifest,
            Err(error) => return self.broken(at, &error),
        };
        for layer in manifest.layers.into_iter().filter(|layer| is_evidence(&layer.media_type)) {
            self.count()?;
            self.left = self.left.checked_sub(layer.size).ok_or_else(|| self.too_many())?;
            let bytes = match whole(self.origin, &layer, "bytes of evidence", MOST_BYTES) {
                Ok(bytes) => bytes,
                Err(error) => {
                    self.broken(at, &error)?;
                    continue;
                }
            };
            self.found.pieces.push(Piece {
                at: at.to_owned(),
                subject: *subject,
                media_type: layer.media_type,
                annotations: layer.annotations.unwrap_or_default(),
                bytes,
            });
        }
        Ok(())
    }

    fn broken(&mut self, at: &str, error: &EngineError) -> Result<()> {
        self.count()?;
        let error = SignatureError::Malformed { what: "what is there", why: error.to_string() };
        self.found.broken.push(Refused { at: at.to_owned(), error });
        Ok(())
    }

    fn count(&self) -> Result<()> {
        let Gathered { pieces, broken } = &self.found;
        if pieces.len() + broken.len() < MOST { Ok(()) } else { Err(self.too_many().into()) }
    }

    fn too_many(&self) -> AttestError {
        AttestError::TooMany { name: self.place.name(), allowed: MOST }
    }
}

/// As tables show a digest.
fn short(digest: &ClaimedDigest) -> String {
    format!("sha256:{}", digest.hex().chars().take(12).collect::<String>())
}
