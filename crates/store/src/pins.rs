//! Pins: digests of indexes that an image was chosen from, so that `name@digest` finds it again.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

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
        let of_image = self.all_pins()?.into_iter().filter(|(_, pin)| pin.image == image.digest.into());
        let named = |(index, pin): (ClaimedDigest, Pin)| {
            pin.repositories.into_iter().map(move |repository| format!("{repository}@{index}"))
        };
        let mut pins: Vec<String> = of_image.flat_map(named).collect();
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

    /// Digests of the indexes that an image was chosen from.
    pub(crate) fn indexes(&self, image: &Digest) -> Result<Vec<ClaimedDigest>> {
        let of_image = |(index, pin): (ClaimedDigest, Pin)| (pin.image == (*image).into()).then_some(index);
        Ok(self.all_pins()?.into_iter().filter_map(of_image).collect())
    }

    /// Hex of what something beside these images may be about: they themselves, and the indexes that they were chosen
    /// from.
    pub(crate) fn subjects_of(&self, images: &BTreeSet<String>) -> Result<BTreeSet<String>> {
        let pins = self.all_pins()?.into_iter().filter(|(_, pin)| images.contains(&pin.image.hex()));
        Ok(images.iter().cloned().chain(pins.map(|(index, _)| index.hex())).collect())
    }

    fn all_pins(&self) -> Result<Vec<(ClaimedDigest, Pin)>> {
        let mut pins = Vec::new();
        for path in self.pin_files()? {
            let digest = path.file_name().unwrap_or_default().to_string_lossy();
            let Ok(digest) = format!("sha256:{digest}").parse() else { continue };
            pins.extend(read(&path)?.map(|pin| (digest, pin)));
        }
        Ok(pins)
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
            self.write_pin(&path, &Pin { image: (*image).into(), repositories })?;
        }
        Ok(())
    }

    /// Remembers an index that an image of no repository was chosen from.
    pub(crate) fn pin_index(&self, image: &Digest, index: &ClaimedDigest) -> Result<()> {
        let _alone = self.lock("names")?;
        let path = self.directory("pins")?.join(index.hex());
        if read(&path)?.is_some_and(|pin| pin.image == (*image).into()) {
            return Ok(());
        }
        self.write_pin(&path, &Pin { image: (*image).into(), repositories: BTreeSet::new() })
    }

    fn write_pin(&self, path: &Path, pin: &Pin) -> Result<()> {
        let bytes = serde_json::to_vec(pin).map_err(io::Error::from);
        self.replace(path, &bytes.map_err(StoreError::write_path(path))?)
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
fn read(path: &Path) -> Result<Option<Pin>> {
    match fs::read(path) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::read_path(path)(error)),
    }
}
