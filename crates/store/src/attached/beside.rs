//! An artifact that is complete, whoever made it: checked, and kept as it is.

use std::collections::{BTreeMap, BTreeSet};

use model::digest::{ClaimedDigest, Digest};
use model::oci::{Descriptor, Manifest};

use super::{Attached, DIRECTORY, absent, named};
use crate::disk::{Lock, Store};
use crate::error::{Result, StoreError};
use crate::import::claim;
use crate::record::Record;
use crate::source::not_an_image;
use crate::wire::parse;

/// Letters of a tag after the digest that it is made of: `sig`, `att`, `sbom`.
const MAX_SUFFIX: usize = 16;

/// An artifact with everything that it consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beside {
    /// What it is about: an image of the store, an index that one was chosen from, or an artifact beside either.
    pub subject: ClaimedDigest,
    /// cosign's `sha256-HEX.sig`, which takes the place of what had that tag; without one, the manifest names its
    /// subject itself.
    pub tag: Option<String>,
    /// Its manifest's bytes.
    pub manifest: Vec<u8>,
    /// What the manifest names, in any order; what the store has may be left out.
    pub blobs: Vec<Vec<u8>>,
}

impl Beside {
    /// The manifest, which is one, and is about the subject.
    fn read(&self, limit: u64) -> Result<Manifest> {
        let subject = &self.subject;
        let what = format!("the artifact {}", Digest::of(&self.manifest).short());
        if self.manifest.len() as u64 > limit {
            return Err(StoreError::Limit { what, limit: "bytes in a manifest", allowed: limit });
        }
        let manifest: Manifest = parse(&self.manifest, &what)?;
        let about = match &self.tag {
            Some(tag) => is_tag(tag, subject),
            None => manifest.subject.as_ref().is_some_and(|about| about.digest == *subject),
        };
        if about && manifest.schema_version == 2 {
            return Ok(manifest);
        }
        Err(not_an_image(&what, format!("it is no artifact about `{subject}`")))
    }

    /// The name of its file.
    fn file(&self) -> String {
        self.tag.clone().unwrap_or_else(|| Digest::of(&self.manifest).hex())
    }
}

/// Whether a tag is one of those that are made of a digest, as cosign does: it keeps what is about the digest.
pub(crate) fn is_tag(tag: &str, subject: &ClaimedDigest) -> bool {
    let suffix =
        tag.strip_prefix("sha256-").and_then(|rest| rest.strip_prefix(&format!("{}.", subject.hex())));
    suffix.is_some_and(is_suffix)
}

/// Whether a tag is made of any digest.
pub(crate) fn is_any_tag(tag: &str) -> bool {
    let parts = tag.strip_prefix("sha256-").and_then(|rest| rest.split_once('.'));
    parts.is_some_and(|(hex, suffix)| {
        hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) && is_suffix(suffix)
    })
}

fn is_suffix(suffix: &str) -> bool {
    (1..=MAX_SUFFIX).contains(&suffix.len()) && suffix.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// The room beside one image or index, held alone.
pub struct Room<'a> {
    store: &'a Store,
    subject: ClaimedDigest,
    record: Record,
    /// What each file there and what it names comes to, in bytes.
    sizes: BTreeMap<String, u64>,
    /// The artifacts there, about which others may be.
    there: BTreeSet<ClaimedDigest>,
    _alone: Lock,
    /// Keeps the sweeper away, which takes locks away too.
    _present: Lock,
}

impl Store {
    /// Keeps an artifact as it is. Returns its manifest's digest.
    ///
    /// # Errors
    /// As [`Store::room`] and [`Room::keep`].
    pub fn keep_beside(&self, beside: &Beside) -> Result<Digest> {
        self.room(&beside.subject)?.keep(beside)
    }

    /// The room beside an image of the store, or beside an index that one was chosen from.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] if the subject is not in the store; what the disk says.
    pub fn room(&self, subject: &ClaimedDigest) -> Result<Room<'_>> {
        let present = self.share("sweep")?;
        let record = self.record_of(subject)?.ok_or_else(|| absent(subject))?;
        let alone = self.lock(&format!("{}.beside", subject.hex()))?;
        // A restart may have to look at what comes now, but not before somebody has looked at what came before it.
        self.check_synced(&record)?;
        let (mut sizes, mut there) = (BTreeMap::new(), BTreeSet::new());
        for path in self.manifests_beside(subject)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let attached = self.attached_at(subject, &path).ok();
            // What is damaged is replaced one day, and must not stand in the way of that.
            sizes.insert(name, attached.as_ref().map_or(0, Attached::size));
            there.extend(attached.map(|attached| claim(&attached.digest)));
        }
        Ok(Room { store: self, subject: *subject, record, sizes, there, _alone: alone, _present: present })
    }

    /// What is there and unharmed stays as it is.
    fn keep_blob(&self, blob: &Descriptor, came: Option<&Vec<u8>>) -> Result<()> {
        let Some(bytes) = came else {
            let present = self.blob_size(Digest::assertion(blob.digest));
            let missing =
                || not_an_image(&blob.digest.to_string(), "an artifact names it, and it did not come");
            let (_, found) = present.ok_or_else(missing)?;
            return check_size(blob, found);
        };
        check_size(blob, bytes.len() as u64)?;
        let digest = Digest::of(bytes);
        if self.blob_size(digest).is_some() && self.small_blob(&digest).is_ok() {
            return Ok(());
        }
        self.replace(&self.blob_path(&digest), bytes)
    }
}

impl Room<'_> {
    /// Keeps an artifact as it is. Returns its manifest's digest.
    ///
    /// # Errors
    /// [`StoreError::Crowded`] where too much lies there already, [`StoreError::NotAnImage`] for what is about something
    /// else or not complete; what the disk says.
    pub fn keep(&mut self, beside: &Beside) -> Result<Digest> {
        let manifest = self.expects(beside)?;
        self.store.mark_unsynced(&self.record.digest())?;
        let came: BTreeMap<ClaimedDigest, &Vec<u8>> =
            beside.blobs.iter().map(|bytes| (claim(&Digest::of(bytes)), bytes)).collect();
        for blob in named(&manifest) {
            self.store.keep_blob(blob, came.get(&blob.digest).copied())?;
        }
        let directory = self.store.directory(&format!("{DIRECTORY}/{}", self.subject.hex()))?;
        self.store.replace(&directory.join(beside.file()), &beside.manifest)?;
        self.sizes.insert(beside.file(), size(beside, &manifest));
        let digest = Digest::of(&beside.manifest);
        self.there.insert(claim(&digest));
        Ok(digest)
    }

    /// Reads an artifact's manifest before its blobs come, and whether there is room for all of it.
    ///
    /// # Errors
    /// As [`Room::keep`].
    pub fn expects(&self, beside: &Beside) -> Result<Manifest> {
        let manifest = beside.read(self.store.limits.manifest)?;
        // What is about an artifact follows it, and only what is about the image may have a tag.
        let belongs = match beside.subject == self.subject {
            true => true,
            false => beside.tag.is_none() && self.there.contains(&beside.subject),
        };
        if !belongs {
            let what = format!("the artifact {}", Digest::of(&beside.manifest).short());
            return Err(not_an_image(&what, format!("it is no artifact beside `{}`", self.subject)));
        }
        self.check(&beside.file(), size(beside, &manifest))?;
        Ok(manifest)
    }

    /// Whoever may write to a registry decides what comes with its images: it has a bound.
    fn check(&self, file: &str, size: u64) -> Result<()> {
        let limits = &self.store.limits;
        let others = self.sizes.iter().filter(|(name, _)| *name != file);
        let crowded =
            |limit, allowed| StoreError::Crowded { subject: self.subject.to_string(), limit, allowed };
        if others.clone().count() >= limits.attached {
            return Err(crowded("artifacts", limits.attached as u64));
        }
        if others.map(|(_, size)| *size).fold(size, u64::saturating_add) > limits.attached_bytes {
            return Err(crowded("bytes", limits.attached_bytes));
        }
        Ok(())
    }
}

/// Bytes of all of it, as its manifest claims.
fn size(beside: &Beside, manifest: &Manifest) -> u64 {
    named(manifest).map(|blob| blob.size).fold(beside.manifest.len() as u64, u64::saturating_add)
}

fn check_size(blob: &Descriptor, found: u64) -> Result<()> {
    if found == blob.size { Ok(()) } else { Err(StoreError::size(blob.digest.to_string(), blob.size, found)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_made_of_its_subject() {
        let subject = claim(&Digest::of(b"image"));
        let of = |suffix: &str| format!("sha256-{}{suffix}", subject.hex());
        assert!(is_tag(&of(".sig"), &subject) && is_any_tag(&of(".sbom")));
        for other in [".", "", ".sig/x", ".Sig", ".aaaaaaaaaaaaaaaaa", ".sig.att"] {
            assert!(!is_tag(&of(other), &subject) && !is_any_tag(&of(other)), "{other}");
        }
        assert!(!is_tag(&of(".sig"), &claim(&Digest::of(b"another"))));
        assert!(!is_any_tag("1.27") && !is_any_tag("sha256-short.sig"));
    }
}
