//! An artifact that we make: its manifest is written here.

use model::digest::Digest;
use model::oci::{Annotations, Descriptor, Manifest, OCI_EMPTY, OCI_MANIFEST};

use super::Beside;
use crate::error::Result;
use crate::import::{claim, json};

/// Bytes of an artifact, and what they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactContent {
    /// What they are.
    pub media_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Free text about them.
    pub annotations: Annotations,
}

impl ArtifactContent {
    /// `{}`, where a manifest needs something and there is nothing (manifest.md, "Guidance for an Empty Descriptor").
    fn empty() -> Self {
        Self { media_type: OCI_EMPTY.to_owned(), bytes: b"{}".to_vec(), annotations: Annotations::new() }
    }

    fn descriptor(&self) -> Descriptor {
        let (digest, size) = (claim(&Digest::of(&self.bytes)), self.bytes.len() as u64);
        let annotations = (!self.annotations.is_empty()).then(|| self.annotations.clone());
        Descriptor { annotations, ..Descriptor::new(self.media_type.clone(), digest, size) }
    }
}

/// Something to put beside an image (image-spec, manifest.md, "Guidelines for Artifact Usage").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// What kind of artifact it is, as a media type.
    pub artifact_type: String,
    /// Its configuration, if it has one.
    pub config: Option<ArtifactContent>,
    /// What it consists of.
    pub layers: Vec<ArtifactContent>,
    /// Free text about it.
    pub annotations: Annotations,
}

impl Artifact {
    /// The artifact as what refers to a manifest.
    pub(super) fn about(&self, subject: Descriptor) -> Result<Beside> {
        let (config, empty) =
            (self.config.clone().unwrap_or_else(ArtifactContent::empty), [ArtifactContent::empty()]);
        let layers = if self.layers.is_empty() { empty.as_slice() } else { &self.layers };
        let manifest = Manifest {
            schema_version: 2,
            media_type: OCI_MANIFEST.to_owned(),
            artifact_type: Some(self.artifact_type.clone()),
            config: config.descriptor(),
            layers: layers.iter().map(ArtifactContent::descriptor).collect(),
            annotations: (!self.annotations.is_empty()).then(|| self.annotations.clone()),
            subject: Some(subject.clone()),
        };
        let blobs = layers.iter().chain([&config]).map(|content| content.bytes.clone()).collect();
        Ok(Beside { subject: subject.digest, tag: None, manifest: json(&manifest)?, blobs })
    }
}
