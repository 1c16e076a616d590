//! One image, as the store remembers it: the only file that a warm start reads.

use std::fs;
use std::io;
use std::path::Path;

use model::digest::{ClaimedDigest, Digest};
use model::image::{HistoryEntry, Image, ImageConfig, ImageFacts, Layer};
use model::oci::Descriptor;
use serde::{Deserialize, Serialize};

use crate::disk::Store;
use crate::error::{Result, StoreError};

/// `records/HEX.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Layout of this file.
    version: u32,
    digest: ClaimedDigest,
    config_digest: ClaimedDigest,
    pub(crate) manifest_type: String,
    pub(crate) manifest_size: u64,
    pub(crate) names: Vec<String>,
    size: u64,
    created: Option<i64>,
    imported: i64,
    layers: Vec<LayerRecord>,
    config: ImageConfig,
    facts: ImageFacts,
    history: Vec<HistoryEntry>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct LayerRecord {
    blob: ClaimedDigest,
    diff_id: ClaimedDigest,
    size: u64,
}

impl Record {
    const VERSION: u32 = 1;

    pub(crate) fn new(image: &Image, manifest_type: String, manifest_size: u64) -> Self {
        let layer = |layer: &Layer| LayerRecord {
            blob: claim(&layer.blob),
            diff_id: claim(&layer.diff_id),
            size: layer.size,
        };
        Self {
            version: Self::VERSION,
            digest: claim(&image.digest),
            config_digest: claim(&image.config_digest),
            manifest_type,
            manifest_size,
            names: image.names.clone(),
            size: image.size,
            created: image.created,
            imported: image.imported,
            layers: image.layers.iter().map(layer).collect(),
            config: image.config.clone(),
            facts: image.facts.clone(),
            history: image.history.clone(),
        }
    }

    /// The store hashed everything that its own records name before it wrote them.
    pub(crate) fn into_image(self) -> Image {
        let layer = |layer: LayerRecord| Layer {
            blob: Digest::assertion(layer.blob),
            diff_id: Digest::assertion(layer.diff_id),
            size: layer.size,
        };
        Image {
            digest: Digest::assertion(self.digest),
            config_digest: Digest::assertion(self.config_digest),
            names: self.names,
            size: self.size,
            created: self.created,
            imported: self.imported,
            layers: self.layers.into_iter().map(layer).collect(),
            config: self.config,
            facts: self.facts,
            history: self.history,
        }
    }

    pub(crate) fn digest(&self) -> Digest {
        Digest::assertion(self.digest)
    }

    pub(crate) fn config_digest(&self) -> Digest {
        Digest::assertion(self.config_digest)
    }

    pub(crate) fn descriptor(&self) -> Descriptor {
        Descriptor::new(self.manifest_type.clone(), self.digest, self.manifest_size)
    }
}

fn claim(digest: &Digest) -> ClaimedDigest {
    ClaimedDigest::from(*digest)
}

impl Store {
    /// The record of an image, if the store has it.
    pub(crate) fn record(&self, hex: &str) -> Result<Option<Record>> {
        let path = self.record_path(hex);
        match fs::read(&path) {
            Ok(bytes) => parse(&path, &bytes).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::read_path(&path)(error)),
        }
    }

    /// Every image's record.
    pub(crate) fn records(&self) -> Result<Vec<Record>> {
        let read = |path: std::path::PathBuf| {
            let bytes = fs::read(&path).map_err(StoreError::read_path(&path))?;
            parse(&path, &bytes)
        };
        self.files_in("records")?.into_iter().map(read).collect()
    }

    /// Every image whose record can be read: a damaged one must not keep the others from changing.
    pub(crate) fn readable_records(&self) -> Result<Vec<Record>> {
        let read = |path: &std::path::PathBuf| parse(path, &fs::read(path).ok()?).ok();
        Ok(self.files_in("records")?.iter().filter_map(read).collect())
    }

    pub(crate) fn write_record(&self, record: &Record) -> Result<()> {
        let path = self.record_path(&record.digest.hex());
        let bytes = serde_json::to_vec(record).map_err(io::Error::from);
        self.replace(&path, &bytes.map_err(StoreError::write_path(&path))?)
    }
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Record> {
    let corrupt = |why: String| StoreError::Corrupt { file: path.to_owned(), why };
    let record: Record = serde_json::from_slice(bytes).map_err(|error| corrupt(error.to_string()))?;
    if record.version != Record::VERSION {
        return Err(corrupt(format!(
            "it has version {}, this program knows {}",
            record.version,
            Record::VERSION
        )));
    }
    Ok(record)
}
