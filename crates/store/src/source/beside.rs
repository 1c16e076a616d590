//! What an OCI image layout has beside an image: artifacts whose subject it is, and what cosign keeps under a tag.
//! What of it is broken, or too much, stays where it is; the image comes all the same.

use std::collections::{BTreeMap, BTreeSet};

use model::digest::{ClaimedDigest, Digest};
use model::oci::{Descriptor, Manifest, REF_NAME};

use super::{Container, Part};
use crate::attached::{Beside, Brought, is_tag};
use crate::error::{Result, StoreError};
use crate::limits::Limits;
use crate::wire::parse;

/// An artifact on this machine, of which only the manifest was read.
pub(crate) struct PlannedBeside {
    subject: ClaimedDigest,
    tag: Option<String>,
    manifest: Vec<u8>,
    parts: Vec<Part>,
}

/// What is to come with an image.
#[derive(Default)]
pub(crate) struct Company {
    artifacts: Vec<PlannedBeside>,
    /// How many stay where they are.
    left: usize,
}

impl PlannedBeside {
    /// All of it, in memory: it has a bound.
    pub(crate) fn read(&self, limits: &Limits) -> Result<Beside> {
        let bytes = |part: &Part| part.bytes(limits.attached_bytes, "bytes beside an image");
        Ok(Beside {
            subject: self.subject,
            tag: self.tag.clone(),
            manifest: self.manifest.clone(),
            blobs: self.parts.iter().map(bytes).collect::<Result<_>>()?,
        })
    }
}

impl Company {
    /// Of what a layout lists, everything that is about one of `subjects`: an image and the indexes around it.
    pub(super) fn of(
        container: &Container,
        listed: &[Descriptor],
        subjects: &[ClaimedDigest],
        limits: &Limits,
    ) -> Self {
        let mut company = Self::default();
        let mut seen: BTreeSet<ClaimedDigest> = subjects.iter().copied().collect();
        // What is read to find out what it is about counts, whatever that is.
        let mut left = limits.attached_bytes;
        for descriptor in listed.iter().filter(|descriptor| descriptor.is_manifest()) {
            let Some(rest) = left.checked_sub(descriptor.size) else { break };
            if descriptor.size > limits.manifest || !seen.insert(descriptor.digest) {
                continue;
            }
            left = rest;
            let Some((manifest, bytes)) = manifest(container, descriptor, limits) else { continue };
            let Some((subject, tag)) = about(descriptor, &manifest, subjects) else { continue };
            match parts(container, &manifest) {
                Ok(parts) => {
                    company.artifacts.push(PlannedBeside { subject, tag, manifest: bytes, parts });
                }
                Err(_incomplete) => company.left += 1,
            }
        }
        company
    }

    pub(crate) fn by_subject(&self) -> BTreeMap<ClaimedDigest, Vec<&PlannedBeside>> {
        let mut by_subject: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for planned in &self.artifacts {
            by_subject.entry(planned.subject).or_default().push(planned);
        }
        by_subject
    }

    pub(crate) fn brought(&self) -> Brought {
        Brought { kept: 0, left: self.left }
    }
}

/// A manifest, if it is one and whole.
fn manifest(container: &Container, descriptor: &Descriptor, limits: &Limits) -> Option<(Manifest, Vec<u8>)> {
    let part = container.part(&format!("blobs/sha256/{}", descriptor.digest.hex())).ok()?;
    let bytes = part.bytes(limits.manifest, "bytes in a manifest").ok()?;
    descriptor.digest.confirm(Digest::of(&bytes)).ok()?;
    Some((parse(&bytes, &part.label).ok()?, bytes))
}

/// Which of the subjects a manifest is about, and the tag that says so where it does not itself.
fn about(
    descriptor: &Descriptor,
    manifest: &Manifest,
    subjects: &[ClaimedDigest],
) -> Option<(ClaimedDigest, Option<String>)> {
    if let Some(subject) = &manifest.subject {
        return subjects.contains(&subject.digest).then_some((subject.digest, None));
    }
    let tag = descriptor.annotation(REF_NAME)?;
    let subject = subjects.iter().find(|subject| is_tag(tag, subject))?;
    Some((*subject, Some(tag.to_owned())))
}

fn parts(container: &Container, manifest: &Manifest) -> Result<Vec<Part>> {
    let part = |blob: &Descriptor| {
        let part = container.part(&format!("blobs/sha256/{}", blob.digest.hex()))?;
        if part.length == blob.size {
            return Ok(part);
        }
        Err(StoreError::size(part.label.as_str(), blob.size, part.length))
    };
    manifest.layers.iter().chain([&manifest.config]).map(part).collect()
}
