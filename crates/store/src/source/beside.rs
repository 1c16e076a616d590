//! What an OCI image layout has beside an image: artifacts whose subject it is, what cosign keeps under a tag, and what is
//! about those artifacts. What of it is broken, or too much, stays where it is; the image comes all the same.

use std::collections::{BTreeMap, BTreeSet};

use model::digest::{ClaimedDigest, Digest};
use model::oci::{Descriptor, Manifest, REF_NAME};

use super::{Container, Part};
use crate::attached::{Beside, Brought, is_tag};
use crate::error::{Result, StoreError};
use crate::limits::Limits;
use crate::wire::parse;

/// How far artifacts may be about each other.
const DEEPEST: usize = 8;

/// An artifact on this machine, of which only the manifest was read.
pub(crate) struct PlannedBeside {
    /// The image or index that it lies beside.
    room: ClaimedDigest,
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
    /// Of what a layout lists, everything that is about one of `subjects`: an image and the indexes around it. What is
    /// about an artifact follows it.
    pub(super) fn of(
        container: &Container,
        listed: &[Descriptor],
        subjects: &[ClaimedDigest],
        limits: &Limits,
    ) -> Self {
        let mut company = Self::default();
        let mut rooms: BTreeMap<ClaimedDigest, ClaimedDigest> =
            subjects.iter().map(|subject| (*subject, *subject)).collect();
        let mut open = read_all(container, listed, subjects, limits);
        for _ in 0..DEEPEST {
            let (found, rest): (Vec<_>, Vec<_>) =
                open.into_iter().partition(|one| one.about(&rooms).is_some());
            open = rest;
            let mut next = rooms.clone();
            for one in found {
                let Some((subject, tag)) = one.about(&rooms) else { continue };
                let room = rooms.get(&subject).copied().unwrap_or(subject);
                next.insert(one.descriptor.digest, room);
                match parts(container, &one.manifest) {
                    Ok(parts) => {
                        let manifest = one.bytes;
                        company.artifacts.push(PlannedBeside { room, subject, tag, manifest, parts });
                    }
                    Err(_incomplete) => company.left += 1,
                }
            }
            rooms = next;
        }
        company
    }

    /// By what they lie beside; what is about an artifact comes after it.
    pub(crate) fn by_room(&self) -> BTreeMap<ClaimedDigest, Vec<&PlannedBeside>> {
        let mut by_room: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for planned in &self.artifacts {
            by_room.entry(planned.room).or_default().push(planned);
        }
        by_room
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

/// What a layout lists, as far as it is a manifest.
struct Listed {
    descriptor: Descriptor,
    manifest: Manifest,
    bytes: Vec<u8>,
}

impl Listed {
    /// What of what is known it is about, and the tag that says so where it does not itself.
    fn about(
        &self,
        rooms: &BTreeMap<ClaimedDigest, ClaimedDigest>,
    ) -> Option<(ClaimedDigest, Option<String>)> {
        if let Some(subject) = &self.manifest.subject {
            return rooms.contains_key(&subject.digest).then_some((subject.digest, None));
        }
        let tag = self.descriptor.annotation(REF_NAME)?;
        // Only what is about an image has a tag.
        let subject = rooms.iter().find(|(subject, room)| subject == room && is_tag(tag, subject))?.0;
        Some((*subject, Some(tag.to_owned())))
    }
}

/// Every manifest of a layout but the images themselves. What is read to find out what it is about counts, whatever
/// that is.
fn read_all(
    container: &Container,
    listed: &[Descriptor],
    subjects: &[ClaimedDigest],
    limits: &Limits,
) -> Vec<Listed> {
    let mut seen: BTreeSet<ClaimedDigest> = subjects.iter().copied().collect();
    let (mut all, mut left) = (Vec::new(), limits.attached_bytes);
    for descriptor in listed.iter().filter(|descriptor| descriptor.is_manifest()) {
        let Some(rest) = left.checked_sub(descriptor.size) else { break };
        if descriptor.size > limits.manifest || !seen.insert(descriptor.digest) {
            continue;
        }
        left = rest;
        let Some((manifest, bytes)) = manifest(container, descriptor, limits) else { continue };
        all.push(Listed { descriptor: descriptor.clone(), manifest, bytes });
    }
    all
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
