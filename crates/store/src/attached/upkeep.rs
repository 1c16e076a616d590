//! What lies beside images, kept true and taken away with them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use model::digest::{ClaimedDigest, Digest};
use model::image::Image;

use super::DIRECTORY;
use crate::disk::{Store, remove_tree};
use crate::error::{Result, StoreError};

/// Something beside an image that is not what was kept.
pub(crate) struct Damage {
    /// The manifest that is damaged, or names what is.
    manifest: PathBuf,
    /// The damaged file.
    pub(crate) file: PathBuf,
    /// What is wrong with it.
    pub(crate) why: String,
}

/// What a sweep leaves beside images.
#[derive(Default)]
pub(crate) struct Kept {
    /// Hex of the blobs that it names.
    pub(crate) blobs: BTreeSet<String>,
    /// Bytes of what is gone.
    pub(crate) freed: u64,
}

impl Store {
    /// Removes what is about anything else than these.
    pub(crate) fn drop_attached(&self, subjects: &BTreeSet<String>) -> Result<Kept> {
        let mut kept = Kept::default();
        if !self.root.join(DIRECTORY).exists() {
            return Ok(kept);
        }
        for path in self.unreferenced(DIRECTORY, subjects)? {
            kept.freed += bytes_in(&path);
            remove_tree(&path)?;
        }
        for subject in subjects.iter().filter_map(|hex| format!("sha256:{hex}").parse().ok()) {
            for path in self.manifests_beside(&subject)? {
                // A damaged one is reported by whoever asks for it, and must not keep the others from changing.
                let Ok(attached) = self.attached_at(&subject, &path) else { continue };
                kept.blobs.extend(attached.blobs().map(|blob| blob.digest.hex()));
            }
        }
        Ok(kept)
    }

    /// Everything beside an image that is not what it was.
    pub(crate) fn damage_beside(&self, image: &Image) -> Result<Vec<Damage>> {
        let mut damages = Vec::new();
        for subject in self.subjects(image)? {
            for path in self.manifests_beside(&subject)? {
                match self.attached_at(&subject, &path) {
                    Ok(attached) => {
                        for blob in attached.blobs() {
                            damages.extend(self.damaged_blob(&path, &blob.digest)?);
                        }
                    }
                    Err(StoreError::Corrupt { file, why }) => {
                        damages.push(Damage { manifest: path, file, why });
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(damages)
    }

    fn damaged_blob(&self, manifest: &Path, blob: &ClaimedDigest) -> Result<Option<Damage>> {
        let digest = Digest::assertion(*blob);
        let (manifest, file) = (manifest.to_owned(), self.blob_path(&digest));
        Ok(self.blob_problem(&digest)?.map(|why| Damage { manifest, file, why }))
    }

    /// After a restart: what a power cut has torn beside an image is fetched again by the next pull, and the image is
    /// whole without it.
    pub(crate) fn drop_torn(&self, image: &Image) -> Result<()> {
        for damage in self.damage_beside(image)? {
            for path in [damage.manifest, damage.file].into_iter().filter(|path| path.exists()) {
                fs::remove_file(&path).map_err(StoreError::write_path(&path))?;
            }
        }
        Ok(())
    }
}

fn bytes_in(directory: &Path) -> u64 {
    let files = fs::read_dir(directory).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|metadata| metadata.len()).sum()
}
