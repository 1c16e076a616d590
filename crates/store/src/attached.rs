//! What lies beside an image: signatures, attestations, inventories. Each is an artifact of OCI's about the image, about
//! the index that the image was chosen from, or about another artifact there; it comes and goes with the image.
//!
//! `attached/SUBJECT/` has their manifests, each under its own digest or, as cosign keeps some, under a tag. What a
//! manifest names is among the blobs.

mod artifact;
mod beside;
mod bring;
mod upkeep;

use std::fs;
use std::path::{Path, PathBuf};

use model::digest::{ClaimedDigest, Digest};
use model::image::Image;
use model::oci::{Annotations, Descriptor, Manifest, OCI_MANIFEST, REF_NAME};

use crate::disk::Store;
use crate::error::{Result, StoreError};
use crate::import::claim;

pub use artifact::{Artifact, ArtifactContent};
pub use beside::{Beside, Room};
pub use bring::Brought;

pub(crate) use beside::{is_any_tag, is_tag};

/// Where all of it is.
const DIRECTORY: &str = "attached";

/// An artifact that lies beside an image.
#[derive(Debug, Clone)]
pub struct Attached {
    /// What it is about: the image or index that it lies beside, or another artifact there.
    pub subject: ClaimedDigest,
    /// Of its manifest.
    pub digest: Digest,
    /// The tag that it is kept under, where it does not say itself what it is about.
    pub tag: Option<String>,
    /// Its manifest, read.
    pub manifest: Manifest,
    /// Its manifest, as it is.
    pub bytes: Vec<u8>,
}

impl Attached {
    /// What kind of artifact it is (manifest.md, "artifactType"): that of the configuration where it does not say.
    #[must_use]
    pub fn artifact_type(&self) -> &str {
        let said = self.manifest.artifact_type.as_deref().filter(|kind| !kind.is_empty());
        said.unwrap_or(&self.manifest.config.media_type)
    }

    /// Free text about it.
    #[must_use]
    pub fn annotations(&self) -> Annotations {
        self.manifest.annotations.clone().unwrap_or_default()
    }

    /// As a list of referrers has it (distribution specification, "Listing Referrers").
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        let media_type = match self.manifest.media_type.as_str() {
            "" => OCI_MANIFEST,
            said => said,
        };
        let descriptor = Descriptor::new(media_type, claim(&self.digest), self.bytes.len() as u64);
        let artifact_type = self.tag.is_none().then(|| self.artifact_type().to_owned());
        Descriptor { artifact_type, annotations: self.manifest.annotations.clone(), ..descriptor }
    }

    /// As an OCI image layout lists it: a tag is its name there.
    #[must_use]
    pub fn listed(&self) -> Descriptor {
        let mut listed = self.descriptor();
        if let Some(tag) = &self.tag {
            listed.annotations.get_or_insert_default().insert(REF_NAME.to_owned(), tag.clone());
        }
        listed
    }

    /// What its manifest names.
    pub fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        named(&self.manifest)
    }

    /// Bytes of all of it.
    fn size(&self) -> u64 {
        self.blobs().map(|blob| blob.size).fold(self.bytes.len() as u64, u64::saturating_add)
    }
}

/// What a manifest names.
fn named(manifest: &Manifest) -> impl Iterator<Item = &Descriptor> {
    manifest.layers.iter().chain([&manifest.config])
}

impl Store {
    /// Puts an artifact beside an image; the same one twice is one. Returns its manifest's digest.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] if the image is not in the store, [`StoreError::Crowded`] where too much lies there
    /// already, and what the disk says.
    pub fn attach(&self, image: &Image, artifact: &Artifact) -> Result<Digest> {
        let record = self.record(&image.digest.hex())?.ok_or_else(|| absent(&claim(&image.digest)))?;
        self.keep_beside(&artifact.about(record.descriptor())?)
    }

    /// What lies beside an image, or beside the index of this digest that an image was chosen from, with what is about
    /// that.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] where a manifest is not what was kept.
    pub fn attached(&self, subject: &ClaimedDigest) -> Result<Vec<Attached>> {
        self.manifests_beside(subject)?.iter().map(|path| self.attached_at(subject, path)).collect()
    }

    /// The bytes of something that an attached manifest names, checked.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if they are not what they were, [`StoreError::Limit`] if nothing attached is so long.
    pub fn attached_blob(&self, blob: &Descriptor) -> Result<Vec<u8>> {
        let (digest, allowed) = (Digest::assertion(blob.digest), self.limits.attached_bytes);
        let (_, size) = self.blob_size(digest).ok_or_else(|| self.corrupt(&digest, "the blob is gone"))?;
        if size > allowed {
            let limit = "bytes beside an image";
            return Err(StoreError::Limit { what: digest.to_string(), limit, allowed });
        }
        self.small_blob(&digest)
    }

    /// The digests that something beside an image may be about: its own, and those of the indexes that it was chosen
    /// from.
    ///
    /// # Errors
    /// What the disk says.
    pub fn subjects(&self, image: &Image) -> Result<Vec<ClaimedDigest>> {
        Ok([vec![claim(&image.digest)], self.indexes(&image.digest)?].concat())
    }

    /// The files that hold the manifests.
    fn manifests_beside(&self, subject: &ClaimedDigest) -> Result<Vec<PathBuf>> {
        let directory = format!("{DIRECTORY}/{}", subject.hex());
        if self.root.join(&directory).exists() { self.files_in(&directory) } else { Ok(Vec::new()) }
    }

    fn attached_at(&self, subject: &ClaimedDigest, path: &Path) -> Result<Attached> {
        let corrupt = |why: String| StoreError::Corrupt { file: path.to_owned(), why };
        let bytes = fs::read(path).map_err(StoreError::read_path(path))?;
        let digest = Digest::of(&bytes);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let tag = beside::is_tag(&name, subject).then(|| name.clone().into_owned());
        if tag.is_none() && name != digest.hex() {
            return Err(corrupt(format!("it hashes to {digest}")));
        }
        let manifest: Manifest =
            serde_json::from_slice(&bytes).map_err(|error| corrupt(error.to_string()))?;
        let said = manifest.subject.as_ref().filter(|_| tag.is_none());
        let subject = said.map_or(*subject, |subject| subject.digest);
        Ok(Attached { subject, digest, tag, manifest, bytes })
    }
}

/// The error for a subject that is not here.
fn absent(subject: &ClaimedDigest) -> StoreError {
    StoreError::Unknown { name: subject.to_string(), near: Vec::new() }
}
