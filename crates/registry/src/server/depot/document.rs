//! Manifests and indexes as they are pushed: read with limits, for what they need and what they are about.

use std::collections::BTreeMap;

use model::oci::{DOCKER_INDEX, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, is_index};
use serde::{Deserialize, Serialize};

use super::records::Written;
use super::{DepotError, Result};
use crate::server::shelf::ContentDigest;

/// The largest manifest (spec.md, "Pushing Manifests": registries should take those of 4 megabytes).
pub const MANIFEST_LIMIT: u64 = 4 * 1024 * 1024;

/// More layers than any kernel stacks, and more platforms than there are.
const PARTS: usize = 2048;

/// A manifest or an index, as far as a registry has to understand it.
#[derive(Debug, Clone)]
pub struct Document {
    /// What it was pushed as.
    pub media_type: String,
    /// The blobs that it needs, each once.
    pub blobs: Vec<ContentDigest>,
    /// The manifests that it needs, each once.
    pub manifests: Vec<ContentDigest>,
    /// The manifest that it is about.
    pub subject: Option<ContentDigest>,
    /// What kind of artifact it is: its own word, or its configuration's.
    pub artifact_type: Option<String>,
    /// Free text.
    pub annotations: Option<BTreeMap<String, String>>,
}

/// spec.md, "Listing Referrers": the descriptor of a manifest that is about another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Referrer {
    /// What it was pushed as.
    pub media_type: String,
    /// The manifest.
    pub digest: Written,
    /// Its bytes.
    pub size: u64,
    /// What kind of artifact it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Its own free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    schema_version: u32,
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<Part>,
    layers: Option<Vec<Part>>,
    manifests: Option<Vec<Part>>,
    subject: Option<Part>,
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    #[serde(default)]
    media_type: String,
    digest: Written,
    #[serde(rename = "size")]
    _size: u64,
}

impl Document {
    /// Reads what was pushed as `content_type`, or as what it calls itself.
    ///
    /// # Errors
    /// [`DepotError::Manifest`] if it is none, or none of the kind that it is said to be.
    pub fn read(bytes: &[u8], content_type: Option<&str>) -> Result<Self> {
        let wrong = |why: String| DepotError::Manifest(why);
        if bytes.len() as u64 > MANIFEST_LIMIT {
            return Err(wrong(format!("it has more than {MANIFEST_LIMIT} bytes")));
        }
        let raw: Raw = serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
        if raw.schema_version != 2 {
            return Err(wrong(format!("its schemaVersion is {} and not 2", raw.schema_version)));
        }
        let media_type = raw.media_type(content_type)?;
        match is_index(&media_type) {
            true => raw.index(media_type),
            false => raw.manifest(media_type),
        }
    }

    /// All digests that it needs, blobs first.
    pub fn parts(&self) -> impl Iterator<Item = &ContentDigest> {
        self.blobs.iter().chain(&self.manifests)
    }

    /// How it is listed where its subject's referrers are asked for.
    #[must_use]
    pub fn referrer(&self, digest: &ContentDigest, size: u64) -> Referrer {
        Referrer {
            media_type: self.media_type.clone(),
            digest: Written(digest.clone()),
            size,
            artifact_type: self.artifact_type.clone(),
            annotations: self.annotations.clone(),
        }
    }
}

impl Raw {
    /// The header's word and the document's must be the same: otherwise two clients read two different things.
    fn media_type(&self, content_type: Option<&str>) -> Result<String> {
        let said = content_type.map(|text| text.split(';').next().unwrap_or(text).trim());
        let own = self.media_type.as_deref().filter(|own| !own.is_empty());
        let media_type = match (said, own) {
            (Some(said), Some(own)) if said != own => {
                return Err(DepotError::Manifest(format!(
                    "it was sent as `{said}` and calls itself `{own}`"
                )));
            }
            (Some(one), _) | (None, Some(one)) => one,
            (None, None) if self.manifests.is_some() => OCI_INDEX,
            (None, None) => OCI_MANIFEST,
        };
        match media_type {
            OCI_MANIFEST | OCI_INDEX | DOCKER_MANIFEST | DOCKER_INDEX => Ok(media_type.to_owned()),
            other => Err(DepotError::Manifest(format!("media type `{}` is not supported", shortened(other)))),
        }
    }

    fn index(self, media_type: String) -> Result<Document> {
        if self.config.is_some() || self.layers.is_some() {
            return Err(DepotError::Manifest("an index with layers would be read in two ways".to_owned()));
        }
        let parts = self.manifests.ok_or_else(|| DepotError::Manifest("it has no manifests".to_owned()))?;
        Ok(Document {
            media_type,
            blobs: Vec::new(),
            manifests: needed(parts)?,
            subject: self.subject.map(|subject| subject.digest.0),
            artifact_type: self.artifact_type,
            annotations: self.annotations,
        })
    }

    fn manifest(self, media_type: String) -> Result<Document> {
        if self.manifests.is_some() {
            return Err(DepotError::Manifest(
                "a manifest with manifests would be read in two ways".to_owned(),
            ));
        }
        let config = self.config.ok_or_else(|| DepotError::Manifest("it has no config".to_owned()))?;
        let kind = config.media_type.clone();
        let mut parts = self.layers.unwrap_or_default();
        parts.insert(0, config);
        Ok(Document {
            media_type,
            blobs: needed(parts)?,
            manifests: Vec::new(),
            subject: self.subject.map(|subject| subject.digest.0),
            artifact_type: self.artifact_type.filter(|own| !own.is_empty()).or(Some(kind)),
            annotations: self.annotations,
        })
    }
}

/// What a repository has to have. Layers that may not be distributed are somewhere else.
fn needed(parts: Vec<Part>) -> Result<Vec<ContentDigest>> {
    if parts.len() > PARTS {
        return Err(DepotError::Manifest(format!("it has more than {PARTS} parts")));
    }
    let elsewhere = |part: &Part| {
        part.media_type.contains(".nondistributable.") || part.media_type.contains(".rootfs.foreign.")
    };
    let mut digests: Vec<_> =
        parts.into_iter().filter(|part| !elsewhere(part)).map(|part| part.digest.0).collect();
    digests.sort_unstable();
    digests.dedup();
    Ok(digests)
}

fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::server::shelf::Algorithm;

    fn part(kind: &str, bytes: &[u8]) -> serde_json::Value {
        let digest = ContentDigest::of(Algorithm::Sha256, bytes).to_string();
        serde_json::json!({ "mediaType": kind, "digest": digest, "size": bytes.len() })
    }

    fn manifest() -> serde_json::Value {
        serde_json::json!({
            "schemaVersion": 2,
            "config": part("application/x-kind", b"{}"),
            "layers": [part("layer", b"a"), part("layer", b"b"), part("layer", b"a")],
        })
    }

    fn read(value: &serde_json::Value, kind: Option<&str>) -> Result<Document> {
        Document::read(value.to_string().as_bytes(), kind)
    }

    #[test]
    fn a_manifest_needs_its_configuration_and_layers_each_once() {
        let document =
            read(&manifest(), Some("application/vnd.oci.image.manifest.v1+json; charset=utf-8")).unwrap();
        assert_eq!((document.blobs.len(), document.manifests.len()), (3, 0));
        assert_eq!(document.artifact_type.as_deref(), Some("application/x-kind"));
        let mut typed = manifest();
        typed["artifactType"] = "application/x-own".into();
        assert_eq!(read(&typed, None).unwrap().artifact_type.as_deref(), Some("application/x-own"));
    }

    #[test]
    fn layers_that_may_not_be_distributed_are_elsewhere() {
        let mut value = manifest();
        value["layers"] = serde_json::json!([
            part("application/vnd.oci.image.layer.nondistributable.v1.tar", b"x"),
            part("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", b"y"),
        ]);
        assert_eq!(read(&value, None).unwrap().blobs.len(), 1);
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        let mut both = manifest();
        both["manifests"] = serde_json::json!([]);
        assert!(read(&both, Some(OCI_MANIFEST)).is_err() && read(&both, Some(OCI_INDEX)).is_err());
        let mut called = manifest();
        called["mediaType"] = DOCKER_MANIFEST.into();
        assert!(read(&called, Some(OCI_MANIFEST)).is_err());
        assert_eq!(read(&called, None).unwrap().media_type, DOCKER_MANIFEST);
        let twice = manifest().to_string().replacen('{', "{\"config\":null,", 1);
        assert!(Document::read(twice.as_bytes(), None).is_err(), "a name that is there twice");
    }

    #[test]
    fn there_are_limits() {
        let mut wide = manifest();
        wide["layers"] = vec![part("layer", b"a"); PARTS + 1].into();
        assert!(read(&wide, None).is_err());
        assert!(Document::read("[".repeat(10_000).as_bytes(), None).is_err());
        let large = format!("{}{}", " ".repeat(MANIFEST_LIMIT as usize), manifest());
        assert!(Document::read(large.as_bytes(), None).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _whatever = Document::read(&bytes, None);
        }
    }
}
