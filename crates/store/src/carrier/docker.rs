//! A docker-archive as a manifest and blobs: it has no manifest, so one is made, for plain layers by diff id.

use std::collections::BTreeMap;
use std::io::{self, Read};

use model::digest::{ClaimedDigest, Digest};
use model::oci::{Descriptor, Manifest, OCI_CONFIG, OCI_LAYER, OCI_MANIFEST};

use crate::compress::{Compression, decoder};
use crate::error::{Result, StoreError};
use crate::import::json;
use crate::limits::Limits;
use crate::source::{Container, Part, docker_parts};

/// One image of a docker-archive.
pub(super) struct DockerArchive {
    manifest: Vec<u8>,
    config: Vec<u8>,
    layers: BTreeMap<ClaimedDigest, Part>,
    limits: Limits,
}

impl DockerArchive {
    pub(super) fn open(archive: Container, selector: Option<&str>, limits: Limits) -> Result<Self> {
        let (config, parts) = docker_parts(&archive, selector, &limits)?;
        if parts.len() > limits.layers {
            let (what, allowed) = (archive.label, limits.layers as u64);
            return Err(StoreError::Limit { what, limit: "layers", allowed });
        }
        let mut layers = BTreeMap::new();
        let mut described = Vec::new();
        for (part, diff_id) in parts {
            described.push(Descriptor::new(OCI_LAYER, diff_id, plain_length(&part, &limits)?));
            layers.insert(diff_id, part);
        }
        let manifest = Manifest {
            schema_version: 2,
            media_type: OCI_MANIFEST.to_owned(),
            config: Descriptor::new(OCI_CONFIG, Digest::of(&config).into(), config.len() as u64),
            layers: described,
            artifact_type: None,
            subject: None,
            annotations: None,
        };
        Ok(Self { manifest: json(&manifest)?, config, layers, limits })
    }

    pub(super) fn top(&self) -> Result<(Descriptor, Vec<u8>)> {
        let (digest, size) = (Digest::of(&self.manifest).into(), self.manifest.len() as u64);
        Ok((Descriptor::new(OCI_MANIFEST, digest, size), self.manifest.clone()))
    }

    pub(super) fn blob(&self, digest: &ClaimedDigest) -> Result<Box<dyn Read + Send>> {
        for bytes in [&self.config, &self.manifest] {
            if *digest == Digest::of(bytes).into() {
                return Ok(Box::new(io::Cursor::new(bytes.clone())));
            }
        }
        let missing = || crate::source::not_an_image("the archive", format!("it has no layer `{digest}`"));
        plain(self.layers.get(digest).ok_or_else(missing)?, &self.limits)
    }
}

fn plain(part: &Part, limits: &Limits) -> Result<Box<dyn Read + Send>> {
    let failed = |error| StoreError::stream(part.label.clone(), error);
    decoder(part.reader(), Compression::of(&part.magic()?), limits).map_err(failed)
}

/// Layers are plain as a rule; one that is packed has to be unpacked to know how long it is.
fn plain_length(part: &Part, limits: &Limits) -> Result<u64> {
    if Compression::of(&part.magic()?) == Compression::Plain {
        return Ok(part.length);
    }
    let failed = |error| StoreError::stream(part.label.clone(), error);
    io::copy(&mut plain(part, limits)?, &mut io::sink()).map_err(failed)
}
