//! What comes with an image that is pulled: signatures, attestations, inventories. They are kept beside it as far as
//! there is room; where they cannot be had, the image comes all the same.

use std::collections::BTreeSet;
use std::thread::{ScopedJoinHandle, scope};

use model::digest::ClaimedDigest;
use model::oci::Descriptor;
use store::{Beside, Limits, Room, Store, StoreError};

use super::Result;
use super::origin::{Origin, whole};
use crate::error::EngineError;

/// Most that is looked at beside one image or index.
const MOST: usize = 256;

/// What came with an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Company {
    /// Artifacts that lie beside it now.
    pub kept: usize,
    /// Artifacts that were left where they are: broken, or too much.
    pub left: usize,
    /// Why the others could not be had.
    pub failed: Option<String>,
}

/// What an origin has beside one image or index.
pub(super) struct Found {
    subject: ClaimedDigest,
    listed: Vec<Listed>,
}

/// An artifact, and the tag that says what it is about where it does not itself.
struct Listed {
    tag: Option<String>,
    descriptor: Descriptor,
}

/// Asks for everything that is about these at the same time: mostly there is nothing, and each answer is a way there and
/// back.
pub(super) fn look(origin: &dyn Origin, subjects: &[ClaimedDigest]) -> Result<Vec<Found>> {
    scope(|scope| {
        let ask = |subject: ClaimedDigest| {
            let referrers = scope.spawn(move || origin.referrers(&subject));
            (subject, referrers, scope.spawn(move || origin.tagged(&subject)))
        };
        let asked: Vec<_> = subjects.iter().copied().map(ask).collect();
        let mut found = Vec::new();
        for (subject, referrers, tagged) in asked {
            let referring = answer(referrers)?.into_iter().map(|descriptor| Listed { tag: None, descriptor });
            let tagged = answer(tagged)?.into_iter();
            let tagged = tagged.map(|(tag, descriptor)| Listed { tag: Some(tag), descriptor });
            let listed = referring.chain(tagged).filter(|listed| listed.descriptor.is_manifest());
            found.push(Found { subject, listed: listed.collect() });
        }
        Ok(found)
    })
}

fn answer<T>(asked: ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    asked.join().unwrap_or_else(|_| Err(StoreError::Stopped.into()))
}

impl Company {
    /// Keeps what was found, as far as there is room.
    pub(super) fn bring(store: &Store, origin: &dyn Origin, found: Result<Vec<Found>>) -> Self {
        let mut company = Self::default();
        let brought =
            found.and_then(|found| found.iter().try_for_each(|one| company.add(store, origin, one)));
        company.failed = brought.err().map(|error| error.to_string());
        company
    }

    fn add(&mut self, store: &Store, origin: &dyn Origin, found: &Found) -> Result<()> {
        if found.listed.is_empty() {
            return Ok(());
        }
        // What is damaged comes again.
        let there = store.attached(&found.subject).unwrap_or_default();
        let there: BTreeSet<_> = there.into_iter().map(|one| (one.tag, one.digest.into())).collect();
        let mut room = store.room(&found.subject)?;
        self.left += found.listed.len().saturating_sub(MOST);
        for listed in found.listed.iter().take(MOST) {
            if there.contains(&(listed.tag.clone(), listed.descriptor.digest)) {
                self.kept += 1;
                continue;
            }
            match fetch(origin, &room, found.subject, listed).and_then(|beside| Ok(room.keep(&beside)?)) {
                Ok(_) => self.kept += 1,
                Err(EngineError::Store(error)) if error.is_of_an_artifact() => self.left += 1,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Of an artifact that there is no room for, nothing but the manifest is asked for.
fn fetch(origin: &dyn Origin, room: &Room<'_>, subject: ClaimedDigest, listed: &Listed) -> Result<Beside> {
    let document = origin.document(&listed.descriptor)?;
    let (tag, allowed) = (listed.tag.clone(), Limits::default().attached_bytes);
    let mut beside = Beside { subject, tag, manifest: document.bytes, blobs: Vec::new() };
    let manifest = room.expects(&beside)?;
    let mut asked = BTreeSet::new();
    for blob in manifest.layers.iter().chain([&manifest.config]) {
        if asked.insert(blob.digest) {
            beside.blobs.push(whole(origin, blob, "bytes beside an image", allowed)?);
        }
    }
    Ok(beside)
}
