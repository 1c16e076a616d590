//! What belongs to a copy: documents, the blobs that they name, and what refers to them.

use std::collections::BTreeSet;

use model::digest::ClaimedDigest;
use model::oci::{Descriptor, Index, Manifest};

use super::content::{check_here, parse};
use super::origin::{Document, Origin};
use super::platform::{self, Wanted};
use super::{Result, ShipError};

/// Documents of one copy; an index over every platform with all its referrers has some dozens.
const MOST: usize = 10_000;
/// Indexes in indexes, and referrers of referrers.
const DEEPEST: usize = 8;

/// How much of an index is copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// All of it, so that its digest stays.
    Whole,
    /// The image for one platform.
    One(Wanted),
}

/// Whether what refers to an image goes with it: signatures, inventories, attestations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Referrers {
    /// It does.
    Along,
    /// It stays.
    Left,
}

/// A document and the blobs that it names itself.
pub(super) struct Item {
    pub(super) document: Document,
    pub(super) blobs: Vec<Descriptor>,
    /// The tag that says what it is about, where it does not itself.
    pub(super) tag: Option<String>,
}

/// A whole copy.
pub(super) struct Cargo {
    /// What each document names comes before it; the last one is what the copy is about.
    pub(super) items: Vec<Item>,
    /// What is about them, in the same order.
    pub(super) referring: Vec<Item>,
}

/// The image for a platform, and the index that it was chosen from.
pub(crate) struct Chosen {
    pub(crate) document: Document,
    pub(crate) index: Option<ClaimedDigest>,
}

/// Follows indexes to the image for a platform.
pub(crate) fn choose(origin: &dyn Origin, top: Document, wanted: &Wanted) -> Result<Chosen> {
    let index = top.descriptor.is_index().then_some(top.descriptor.digest);
    let mut document = top;
    for _ in 0..DEEPEST {
        if !document.descriptor.is_index() {
            return Ok(Chosen { document, index });
        }
        let name = origin.name();
        let list = parse::<Index>(&name, &document.bytes)?.manifests;
        let Some(chosen) = wanted.choose(&list) else {
            let (wanted, available) = (wanted.to_string(), platform::offered(&list));
            return Err(ShipError::Platform { name, wanted, available }.into());
        };
        document = origin.document(chosen)?;
    }
    Err(too_deep(origin))
}

/// Everything that goes with `top`.
pub(super) fn gather(origin: &dyn Origin, top: Document, referrers: Referrers) -> Result<Cargo> {
    let mut gathering = Gathering { origin, seen: BTreeSet::new() };
    let mut items = Vec::new();
    gathering.add(top, DEEPEST, &mut items)?;
    let mut referring = Vec::new();
    if referrers == Referrers::Along {
        let subjects: Vec<_> = items.iter().map(|item: &Item| item.document.descriptor.digest).collect();
        for subject in &subjects {
            gathering.add_referrers(subject, DEEPEST, &mut referring)?;
        }
        if let Some(top) = subjects.last() {
            gathering.add_tagged(top, &mut referring)?;
        }
    }
    Ok(Cargo { items, referring })
}

struct Gathering<'a> {
    origin: &'a dyn Origin,
    seen: BTreeSet<ClaimedDigest>,
}

impl Gathering<'_> {
    fn add(&mut self, document: Document, depth: usize, items: &mut Vec<Item>) -> Result<()> {
        if depth == 0 || self.seen.len() >= MOST {
            return Err(too_deep(self.origin));
        }
        if !self.seen.insert(document.descriptor.digest) {
            return Ok(());
        }
        let name = self.origin.name();
        let mut blobs = Vec::new();
        if document.descriptor.is_index() {
            for child in parse::<Index>(&name, &document.bytes)?.manifests {
                if !self.seen.contains(&child.digest) {
                    self.add(self.origin.document(&child)?, depth - 1, items)?;
                }
            }
        } else {
            let manifest: Manifest = parse(&name, &document.bytes)?;
            manifest.layers.iter().try_for_each(|layer| check_here(&name, layer))?;
            blobs.extend(manifest.layers);
            blobs.push(manifest.config);
        }
        items.push(Item { document, blobs, tag: None });
        Ok(())
    }

    /// cosign signs what a name stands for, and not each image of an index.
    fn add_tagged(&mut self, subject: &ClaimedDigest, items: &mut Vec<Item>) -> Result<()> {
        for (tag, descriptor) in self.origin.tagged(subject)? {
            let mut added = Vec::new();
            self.add(self.origin.document(&descriptor)?, DEEPEST, &mut added)?;
            // The last one is what has the tag, the others what it names.
            if let Some(last) = added.last_mut() {
                last.tag = Some(tag);
            }
            items.extend(added);
        }
        Ok(())
    }

    fn add_referrers(&mut self, subject: &ClaimedDigest, depth: usize, items: &mut Vec<Item>) -> Result<()> {
        // Whoever may add to it keeps no image from being copied: what is deeper stays where it is.
        if depth == 0 {
            return Ok(());
        }
        for referrer in self.origin.referrers(subject)? {
            if self.seen.contains(&referrer.digest) {
                continue;
            }
            self.add(self.origin.document(&referrer)?, DEEPEST, items)?;
            self.add_referrers(&referrer.digest, depth - 1, items)?;
        }
        Ok(())
    }
}

fn too_deep(origin: &dyn Origin) -> crate::error::EngineError {
    let why = "its documents name each other without an end".to_owned();
    ShipError::Document { name: origin.name(), why }.into()
}
