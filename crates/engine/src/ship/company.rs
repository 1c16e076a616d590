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

/// How far artifacts may be about each other.
const DEEPEST: usize = 8;

/// Artifacts about which it is asked what is about them, and how many at the same time: each is a way there and back.
const MOST_ASKED: usize = 64;
const AT_ONCE: usize = 16;

/// What an origin has beside one image or index, and what is about that; each comes after what it is about.
pub(super) struct Found {
    subject: ClaimedDigest,
    listed: Vec<Listed>,
}

/// An artifact, and the tag that says what it is about where it does not itself.
struct Listed {
    about: ClaimedDigest,
    tag: Option<String>,
    descriptor: Descriptor,
}

/// Asks for everything that is about these at the same time: mostly there is nothing, and each answer is a way there and
/// back.
pub(super) fn look(origin: &dyn Origin, subjects: &[ClaimedDigest]) -> Result<Vec<Found>> {
    let mut found = scope(|scope| -> Result<Vec<Found>> {
        let ask = |subject: ClaimedDigest| {
            let referrers = scope.spawn(move || origin.referrers(&subject));
            (subject, referrers, scope.spawn(move || origin.tagged(&subject)))
        };
        let asked: Vec<_> = subjects.iter().copied().map(ask).collect();
        let mut found = Vec::new();
        for (subject, referrers, tagged) in asked {
            let referring = referring(subject, answer(referrers)?);
            let tagged = answer(tagged)?.into_iter();
            let tagged =
                tagged.map(|(tag, descriptor)| Listed { about: subject, tag: Some(tag), descriptor });
            let listed = referring.chain(tagged).filter(|listed| listed.descriptor.is_manifest());
            found.push(Found { subject, listed: listed.collect() });
        }
        Ok(found)
    })?;
    found.iter_mut().try_for_each(|found| found.follow(origin))?;
    Ok(found)
}

fn referring(about: ClaimedDigest, descriptors: Vec<Descriptor>) -> impl Iterator<Item = Listed> {
    descriptors.into_iter().map(move |descriptor| Listed { about, tag: None, descriptor })
}

impl Found {
    /// Asks for what is about the artifacts, and for what is about that: an attestation of an inventory, a signature of
    /// an attestation. What is deeper, or about too many, stays where it is.
    fn follow(&mut self, origin: &dyn Origin) -> Result<()> {
        let mut seen: BTreeSet<ClaimedDigest> =
            self.listed.iter().map(|listed| listed.descriptor.digest).chain([self.subject]).collect();
        let mut asked = 0;
        for _ in 1..DEEPEST {
            let level: Vec<_> = self
                .listed
                .iter()
                .take(MOST_ASKED)
                .skip(asked)
                .map(|listed| listed.descriptor.digest)
                .collect();
            asked += level.len();
            for subjects in level.chunks(AT_ONCE) {
                let answers = referrers_of(origin, subjects)?;
                let new = answers.filter(|listed| listed.descriptor.is_manifest());
                self.listed.extend(new.filter(|listed| seen.insert(listed.descriptor.digest)));
            }
        }
        Ok(())
    }
}

/// What is about each of them, asked at the same time.
fn referrers_of(
    origin: &dyn Origin,
    subjects: &[ClaimedDigest],
) -> Result<impl Iterator<Item = Listed> + use<>> {
    let answers = scope(|scope| {
        let ask = |subject: ClaimedDigest| (subject, scope.spawn(move || origin.referrers(&subject)));
        let asked: Vec<_> = subjects.iter().copied().map(ask).collect();
        let answers = asked.into_iter().map(|(subject, asked)| Ok((subject, answer(asked)?)));
        answers.collect::<Result<Vec<_>>>()
    })?;
    Ok(answers.into_iter().flat_map(|(subject, descriptors)| referring(subject, descriptors)))
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
            match fetch(origin, &room, listed).and_then(|beside| Ok(room.keep(&beside)?)) {
                Ok(_) => self.kept += 1,
                Err(EngineError::Store(error)) if error.is_of_an_artifact() => self.left += 1,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Of an artifact that there is no room for, nothing but the manifest is asked for.
fn fetch(origin: &dyn Origin, room: &Room<'_>, listed: &Listed) -> Result<Beside> {
    let document = origin.document(&listed.descriptor)?;
    let subject = listed.about;
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
