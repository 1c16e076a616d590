//! Taking names and images away, and reclaiming what nothing refers to.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use model::digest::Digest;
use model::image::Image;
use model::reference::ImageName;

use crate::disk::{Store, remove_tree};
use crate::error::{Result, StoreError};
use crate::names::familiar;
use crate::record::Record;

/// Whether containers protect their image's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// An image in use stays as it is.
    Careful,
    /// An image in use loses its names; its bytes stay until [`Store::prune`] finds it unused.
    Forced,
}

/// What [`Store::remove`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removed {
    /// Names that are gone.
    pub untagged: Vec<String>,
    /// The image, if that was its last name.
    pub deleted: Option<Digest>,
    /// Bytes freed.
    pub bytes: u64,
}

/// Which images [`Store::prune`] removes, of those that no container uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prune {
    /// Images without a name.
    Dangling,
    /// All of them.
    Unused,
}

/// What [`Store::prune`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Images removed.
    pub images: Vec<Digest>,
    /// Blobs removed.
    pub blobs: u64,
    /// Unpacked layers removed.
    pub layers: u64,
    /// Bytes freed.
    pub bytes: u64,
}

/// What must stay, in hex.
pub(crate) struct Needed {
    pub(crate) blobs: BTreeSet<String>,
    /// Unpacked ones.
    pub(crate) layers: BTreeSet<String>,
    images: BTreeSet<String>,
}

impl Store {
    /// Gives an image another name, taking it from whichever image had it.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] if the image is not in the store (any more).
    pub fn tag(&self, image: &Image, name: &ImageName) -> Result<()> {
        let _present = self.share("sweep")?;
        if self.record(&image.digest.hex())?.is_none() {
            return Err(StoreError::Unknown { name: image.digest.to_string(), near: Vec::new() });
        }
        self.set_names(image.digest, &[familiar(name)])
    }

    /// Removes a name, or by id all names, of an image; without any name left, the image.
    /// Layers that other images share stay.
    ///
    /// # Errors
    /// Those of [`Store::resolve`], and [`StoreError::InUse`] if `in_use` holds an image that would go.
    pub fn remove(&self, name: &ImageName, in_use: &BTreeSet<Digest>, removal: Removal) -> Result<Removed> {
        let _alone = self.lock("sweep")?;
        let image = self.find(name)?.into_image();
        let by_name = image.names.iter().find(|held| **held == familiar(name) && name.digest.is_none());
        let untagged = by_name.map_or_else(|| image.names.clone(), |held| vec![held.clone()]);
        let is_last = untagged.len() == image.names.len();
        let is_used = in_use.contains(&image.digest);
        if is_last && is_used && removal == Removal::Careful {
            return Err(StoreError::InUse { name: name.to_string() });
        }
        self.drop_names(&untagged)?;
        if !is_last || is_used {
            return Ok(Removed { untagged, deleted: None, bytes: 0 });
        }
        self.drop_record(&image.digest)?;
        let bytes = self.reclaim()?.bytes;
        Ok(Removed { untagged, deleted: Some(image.digest), bytes })
    }

    /// Removes images that nobody needs, every blob and layer that no image refers to, and what broken transfers
    /// have left, waiting for imports under way to end.
    ///
    /// # Errors
    /// What the disk says.
    pub fn prune(&self, in_use: &BTreeSet<Digest>, which: Prune) -> Result<Pruned> {
        let _alone = self.lock("sweep")?;
        self.clean();
        let mut images = Vec::new();
        for record in self.records()? {
            let digest = record.digest();
            if !in_use.contains(&digest) && (record.names.is_empty() || which == Prune::Unused) {
                self.drop_names(&record.names)?;
                self.drop_record(&digest)?;
                images.push(digest);
            }
        }
        let partial = self.drop_partials()?;
        let reclaimed = self.reclaim()?;
        Ok(Pruned { images, bytes: reclaimed.bytes + partial, ..reclaimed })
    }

    /// Removes what no record refers to and nobody keeps. The caller holds `sweep` alone, so no import is under way.
    pub(crate) fn reclaim(&self) -> Result<Pruned> {
        let Needed { mut blobs, layers, images } = self.needed()?;
        let notes = self.drop_notes(&layers, &images)?;
        let beside = self.drop_attached(&self.subjects_of(&images)?)?;
        blobs.extend(beside.blobs);
        let mut report = Pruned { bytes: notes + beside.freed, ..Pruned::default() };
        for path in self.unreferenced("images/blobs/sha256", &blobs)? {
            report.bytes += fs::metadata(&path).map_or(0, |metadata| metadata.len());
            fs::remove_file(&path).map_err(StoreError::write_path(&path))?;
            report.blobs += 1;
        }
        for path in self.unreferenced("layers", &layers)? {
            report.bytes += unpacked_bytes(&path);
            self.remove_layer(&path)?;
            report.layers += 1;
        }
        for path in self.unreferenced("locks", &["names", "sweep", "tmp"].map(str::to_owned).into())? {
            fs::remove_file(&path).map_err(StoreError::write_path(&path))?;
        }
        Ok(report)
    }

    /// Everything that images have, or somebody keeps. The caller holds `sweep` alone.
    pub(crate) fn needed(&self) -> Result<Needed> {
        let (mut blobs, mut layers) = self.roots()?;
        let mut images = BTreeSet::new();
        for image in self.records()?.into_iter().map(Record::into_image) {
            images.insert(image.digest.hex());
            blobs.extend([image.digest.hex(), image.config_digest.hex()]);
            blobs.extend(image.layers.iter().map(|layer| layer.blob.hex()));
            layers.extend(image.layers.iter().map(|layer| layer.diff_id.hex()));
        }
        Ok(Needed { blobs, layers, images })
    }

    pub(crate) fn unreferenced(
        &self,
        directory: &str,
        referenced: &BTreeSet<String>,
    ) -> Result<Vec<PathBuf>> {
        let mut files = self.files_in(directory)?;
        files.retain(|path| {
            path.file_name().is_some_and(|name| !referenced.contains(&*name.to_string_lossy()))
        });
        Ok(files)
    }

    /// Moved away first: a layer is there whole or not at all.
    pub(crate) fn remove_layer(&self, path: &Path) -> Result<()> {
        let scratch = self.scratch()?;
        let away = scratch.fresh();
        fs::rename(path, &away).map_err(StoreError::write_path(path))?;
        remove_tree(&away)
    }
}

fn unpacked_bytes(layer: &Path) -> u64 {
    let listing = fs::read(layer.join("listing.json")).unwrap_or_default();
    serde_json::from_slice::<crate::listing::Listing>(&listing).map_or(0, |listing| listing.bytes)
}
