//! Pins: digests of indexes that an image was chosen from, so that `name@digest` finds it again.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::PathBuf;

use model::digest::{ClaimedDigest, Digest};
use model::image::Image;
use model::reference::ImageName;
use serde::{Deserialize, Serialize};

use crate::disk::Store;
use crate::error::{Result, StoreError};
use crate::record::Record;

/// `pins/HEX`, by the pinned digest.
#[derive(Debug, Serialize, Deserialize)]
struct Pin {
    /// Digest of the image's manifest.
    image: ClaimedDigest,
    /// Where it was seen under the pinned digest.
    repositories: BTreeSet<String>,
}

impl Store {
    /// `repository@digest` that an image answers to, besides its names.
    ///
    /// # Errors
    /// What the disk says.
    pub fn pins(&self, image: &Image) -> Result<Vec<String>> {
        let mut pins = Vec::new();
        for path in self.pin_files()? {
            let Some(pin) = read(&path)?.filter(|pin| pin.image == image.digest.into()) else { continue };
            let digest = path.file_name().unwrap_or_default().to_string_lossy();
            pins.extend(pin.repositories.iter().map(|repository| format!("{repository}@sha256:{digest}")));
        }
        pins.sort_unstable();
        Ok(pins)
    }

    /// The image of a manifest's digest, or of the digest of an index that it was pulled from, if it is here.
    ///
    /// # Errors
    /// As [`Store::resolve`]; but an image that is gone, or that a restart has damaged, is only not here.
    pub fn holds(&self, digest: &ClaimedDigest) -> Result<Option<Image>> {
        let Some(record) = self.record_of(digest)? else { return Ok(None) };
        match self.check_synced(&record) {
            Ok(()) => Ok(Some(record.into_image())),
            Err(StoreError::Lost { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The digest of an index, if the image was pulled from it: both were hashed then.
    ///
    /// # Errors
    /// What the disk says.
    pub fn listed(&self, index: &ClaimedDigest, image: &Image) -> Result<Option<Digest>> {
        let pin = read(&self.root.join("pins").join(index.hex()))?;
        Ok(pin.filter(|pin| pin.image == image.digest.into()).map(|_| Digest::assertion(*index)))
    }

    /// The record of an image by its own digest or by a pinned one.
    pub(crate) fn record_of(&self, digest: &ClaimedDigest) -> Result<Option<Record>> {
        if let Some(record) = self.record(&digest.hex())? {
            return Ok(Some(record));
        }
        let pin = read(&self.root.join("pins").join(digest.hex()))?;
        pin.map_or(Ok(None), |pin| self.record(&pin.image.hex()))
    }

    /// Lets an image answer to `pins`, of which those without a digest say nothing.
    pub(crate) fn set_pins(&self, image: &Digest, pins: &[ImageName]) -> Result<()> {
        if pins.is_empty() {
            return Ok(());
        }
        let _alone = self.lock("names")?;
        let directory = self.directory("pins")?;
        for pin in pins {
            let Some(digest) = pin.digest else { continue };
            let path = directory.join(digest.hex());
            let mut repositories = read(&path)?.map(|pin| pin.repositories).unwrap_or_default();
            repositories.insert(pin.repository.clone());
            let pin = Pin { image: (*image).into(), repositories };
            let bytes = serde_json::to_vec(&pin).map_err(io::Error::from);
            self.replace(&path, &bytes.map_err(StoreError::write_path(&path))?)?;
        }
        Ok(())
    }

    /// Removes the pins of an image that goes.
    pub(crate) fn drop_pins(&self, image: &Digest) -> Result<()> {
        for path in self.pin_files()? {
            if read(&path)?.is_some_and(|pin| pin.image == (*image).into()) {
                fs::remove_file(&path).map_err(StoreError::write_path(&path))?;
            }
        }
        Ok(())
    }

    fn pin_files(&self) -> Result<Vec<PathBuf>> {
        if self.root.join("pins").exists() { self.files_in("pins") } else { Ok(Vec::new()) }
    }
}

/// A damaged pin is no pin: the next pull writes it again.
fn read(path: &std::path::Path) -> Result<Option<Pin>> {
    match fs::read(path) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::read_path(path)(error)),
    }
}
