//! An image on disk, read blob by blob.

use std::io::Read;

use model::digest::{ClaimedDigest, Digest};
use model::oci::{Descriptor, Index, OCI_INDEX, OCI_MANIFEST, REF_NAME};
use model::reference::ArchiveSource;

use super::docker::DockerArchive;
use crate::attached::{is_any_tag, is_tag};
use crate::disk::{Scratch, Store};
use crate::error::{Result, StoreError};
use crate::import::json;
use crate::limits::Limits;
use crate::source::{Container, Opened, answering, open_container};
use crate::wire::parse;

/// What an [`ArchiveSource`] holds. Of its layers nothing is believed before whoever reads them has hashed them.
pub struct Layout {
    kind: Kind,
    limits: Limits,
    _scratch: Scratch,
}

enum Kind {
    /// `blobs/sha256/HEX`, starting from index.json.
    Oci(Container),
    /// manifest.json and one file for each blob.
    Flat(Container),
    Docker(DockerArchive),
}

impl Layout {
    /// Opens what `source` names. Packed archives and streams are copied to the store's scratch space first.
    ///
    /// # Errors
    /// As [`Store::import`]; a bare root filesystem has no manifest and is refused.
    pub fn open(store: &Store, source: &ArchiveSource) -> Result<Self> {
        store.clean();
        let scratch = store.scratch()?;
        let limits = store.limits;
        let kind = match open_container(source, &scratch, &limits)? {
            Opened::Oci(container) => Kind::Oci(container),
            Opened::Flat(container) => Kind::Flat(container),
            Opened::Docker(archive) => {
                Kind::Docker(DockerArchive::open(archive, source.selector.as_deref(), limits)?)
            }
        };
        Ok(Self { kind, limits, _scratch: scratch })
    }

    /// The manifest or index that `selector` names, or the only one, and its bytes: checked against its digest.
    ///
    /// # Errors
    /// [`StoreError::Several`] where a name is needed, and [`StoreError::NotAnImage`] where none fits.
    pub fn top(&self, selector: Option<&str>) -> Result<(Descriptor, Vec<u8>)> {
        match &self.kind {
            Kind::Docker(archive) => archive.top(),
            Kind::Flat(container) => {
                let bytes =
                    container.part("manifest.json")?.bytes(self.limits.manifest, "bytes in a manifest")?;
                Ok((described(&bytes)?, bytes))
            }
            Kind::Oci(container) => {
                let named = answering(self.index(container)?.manifests, selector, &container.label)?;
                self.only(named, &container.label)
            }
        }
    }

    /// The only one, or one index over the platforms of a single image.
    fn only(&self, mut named: Vec<Descriptor>, label: &str) -> Result<(Descriptor, Vec<u8>)> {
        let reference = |one: &Descriptor| one.annotation(REF_NAME).map(str::to_owned);
        let first = named.first().and_then(reference);
        let is_variant = |one: &Descriptor| one.platform.is_some() && reference(one) == first;
        if named.len() > 1 && named.iter().all(is_variant) {
            let bytes = json(&Index::of(named))?;
            return Ok((described(&bytes)?, bytes));
        }
        match (named.pop(), named.is_empty()) {
            (Some(top), true) => self.manifest(&top).map(|bytes| (top, bytes)),
            (last, _) => {
                let names = named.iter().chain(&last).filter_map(reference).collect();
                Err(StoreError::Several { what: label.to_owned(), names })
            }
        }
    }

    /// What the layout lists that refers to a manifest: signatures, inventories, attestations.
    ///
    /// # Errors
    /// As [`Layout::manifest`].
    pub fn referrers(&self, subject: &ClaimedDigest) -> Result<Vec<Descriptor>> {
        let Kind::Oci(container) = &self.kind else { return Ok(Vec::new()) };
        let mut referrers = Vec::new();
        for listed in self.index(container)?.manifests {
            if subject_of(&self.manifest(&listed)?)? == Some(*subject) {
                referrers.push(listed);
            }
        }
        Ok(referrers)
    }

    /// What the layout has under tags that are made of a manifest's digest, as cosign does: by tag.
    ///
    /// # Errors
    /// Those of its index.
    pub fn tagged(&self, subject: &ClaimedDigest) -> Result<Vec<(String, Descriptor)>> {
        let Kind::Oci(container) = &self.kind else { return Ok(Vec::new()) };
        let by_tag = |listed: Descriptor| {
            let tag = listed.annotation(REF_NAME).filter(|tag| is_tag(tag, subject))?.to_owned();
            Some((tag, listed))
        };
        Ok(self.index(container)?.manifests.into_iter().filter_map(by_tag).collect())
    }

    /// What the layout has under tags that are made of a digest, whatever of, and end in a word.
    ///
    /// # Errors
    /// Those of its index.
    pub fn tagged_anything(&self, suffix: &str) -> Result<Vec<Descriptor>> {
        let Kind::Oci(container) = &self.kind else { return Ok(Vec::new()) };
        let ends = |tag: &str| is_any_tag(tag) && tag.rsplit('.').next() == Some(suffix);
        let mut listed = self.index(container)?.manifests;
        listed.retain(|listed| listed.is_manifest() && listed.annotation(REF_NAME).is_some_and(ends));
        Ok(listed)
    }

    fn index(&self, container: &Container) -> Result<Index> {
        let index = container.part("index.json")?;
        parse(&index.bytes(self.limits.manifest, "bytes in an index")?, &index.label)
    }

    /// The bytes of a manifest, index or configuration, checked.
    ///
    /// # Errors
    /// [`StoreError::Digest`], [`StoreError::Size`] and [`StoreError::Limit`].
    pub fn manifest(&self, descriptor: &Descriptor) -> Result<Vec<u8>> {
        let (limit, label) = (self.limits.manifest.max(self.limits.config), descriptor.digest.to_string());
        if descriptor.size > limit {
            return Err(StoreError::Limit { what: label, limit: "bytes in a manifest", allowed: limit });
        }
        let mut bytes = Vec::new();
        let read = self.blob(&descriptor.digest)?.take(limit.saturating_add(1)).read_to_end(&mut bytes);
        read.map_err(|error| StoreError::stream(label.clone(), error))?;
        if bytes.len() as u64 != descriptor.size {
            return Err(StoreError::size(label, descriptor.size, bytes.len() as u64));
        }
        let confirmed = descriptor.digest.confirm(Digest::of(&bytes));
        confirmed.map(|_| bytes).map_err(|mismatch| StoreError::mismatch(label, mismatch))
    }

    /// A blob's bytes, not checked.
    ///
    /// # Errors
    /// [`StoreError::NotAnImage`] if it is not there.
    pub fn blob(&self, digest: &ClaimedDigest) -> Result<Box<dyn Read + Send>> {
        let hex = digest.hex();
        let part = match &self.kind {
            Kind::Docker(archive) => return archive.blob(digest),
            Kind::Oci(container) => container.part(&format!("blobs/sha256/{hex}"))?,
            Kind::Flat(container) => {
                let manifest = format!("{hex}.manifest.json");
                container.part(if container.has(&manifest) { &manifest } else { &hex })?
            }
        };
        Ok(Box::new(part.reader()))
    }
}

/// The manifest that another document is about.
fn subject_of(bytes: &[u8]) -> Result<Option<ClaimedDigest>> {
    #[derive(serde::Deserialize)]
    struct Referring {
        #[serde(default)]
        subject: Option<Descriptor>,
    }
    let referring: Referring = parse(bytes, "the manifest")?;
    Ok(referring.subject.map(|subject| subject.digest))
}

/// What the bytes say they are: a manifest or an index of either family.
fn described(bytes: &[u8]) -> Result<Descriptor> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Shape {
        #[serde(default)]
        media_type: String,
        #[serde(default)]
        manifests: Option<serde::de::IgnoredAny>,
    }
    let shape: Shape = parse(bytes, "the manifest")?;
    let media_type = match shape.media_type.as_str() {
        "" if shape.manifests.is_some() => OCI_INDEX,
        "" => OCI_MANIFEST,
        said => said,
    };
    Ok(Descriptor::new(media_type, Digest::of(bytes).into(), bytes.len() as u64))
}
