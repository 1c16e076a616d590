//! Is everything still what it was? Blobs against their digests, unpacked layers against their blobs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use model::digest::Digest;
use model::image::{Image, Layer};

use crate::compare::compare;
use crate::disk::Store;
use crate::error::{Result, StoreError};
use crate::import::Progress;
use crate::record::Record;
use crate::save::Checked;

/// Something in the store that is not what the store wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Names (or, nameless, digests) of the images that it affects.
    pub images: Vec<String>,
    /// The file or directory.
    pub file: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

impl Store {
    /// Checks every image: each blob is hashed, each unpacked layer is compared with its blob entry by entry.
    /// If nothing is wrong, all of it is also made to survive a power cut.
    ///
    /// # Errors
    /// Only what keeps it from looking; what it finds is the result.
    pub fn verify(&self, progress: &mut dyn Progress) -> Result<Vec<Finding>> {
        let _present = self.share("sweep")?;
        let (images, mut findings) = self.readable_images()?;
        findings.extend(self.verify_images(&images, progress)?);
        findings.extend(self.verify_beside(&images)?);
        if findings.is_empty() {
            self.settle()?;
        }
        Ok(findings)
    }

    /// Every image whose record can be read, and a finding for every record that cannot.
    fn readable_images(&self) -> Result<(Vec<Image>, Vec<Finding>)> {
        let (mut images, mut findings) = (Vec::new(), Vec::new());
        for path in self.files_in("records")? {
            let hex = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            match self.record(&hex) {
                Ok(record) => images.extend(record.map(Record::into_image)),
                Err(StoreError::Corrupt { file, why }) => {
                    findings.push(Finding { images: vec![format!("sha256:{hex}")], file, why });
                }
                Err(error) => return Err(error),
            }
        }
        Ok((images, findings))
    }

    pub(crate) fn verify_images(
        &self,
        images: &[Image],
        progress: &mut dyn Progress,
    ) -> Result<Vec<Finding>> {
        let mut blobs: BTreeMap<Digest, BTreeSet<String>> = BTreeMap::new();
        let mut layers: BTreeMap<Digest, (Layer, BTreeSet<String>)> = BTreeMap::new();
        for image in images {
            let name = named(image);
            for digest in self.blobs_of(image) {
                blobs.entry(digest).or_default().insert(name.clone());
            }
            for layer in &image.layers {
                layers.entry(layer.diff_id).or_insert((*layer, BTreeSet::new())).1.insert(name.clone());
            }
        }
        let sizes: Vec<u64> = layers.values().map(|(layer, _)| layer.size).collect();
        progress.started(&sizes);
        let mut findings = Vec::new();
        for (digest, affected) in &blobs {
            let file = self.blob_path(digest);
            findings.extend(self.blob_problem(digest)?.map(|why| finding(affected, file, why)));
        }
        for (number, (layer, affected)) in layers.values().enumerate() {
            findings.extend(self.layer_problem(layer)?.map(|(file, why)| finding(affected, file, why)));
            progress.advanced(number, layer.size);
            progress.finished(number);
        }
        Ok(findings)
    }

    /// What lies beside images is checked like their own blobs.
    fn verify_beside(&self, images: &[Image]) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        for image in images {
            let affected = BTreeSet::from([named(image)]);
            let damages = self.damage_beside(image)?;
            findings.extend(damages.into_iter().map(|damage| finding(&affected, damage.file, damage.why)));
        }
        Ok(findings)
    }

    pub(crate) fn blob_problem(&self, digest: &Digest) -> Result<Option<String>> {
        let file = match self.open_blob(digest) {
            Err(StoreError::Corrupt { why, .. }) => return Ok(Some(why)),
            result => result?,
        };
        let mut blob = Checked::new(file);
        io::copy(&mut blob, &mut io::sink()).map_err(StoreError::read_path(&self.blob_path(digest)))?;
        let found = blob.finish();
        Ok((found != *digest).then(|| format!("it hashes to {found}")))
    }

    /// The first difference between a layer's directory and its blob.
    pub(crate) fn layer_problem(&self, layer: &Layer) -> Result<Option<(PathBuf, String)>> {
        let root = self.layer_dir(layer);
        let directory = match File::open(&root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Some((root, "the unpacked layer is gone".to_owned())));
            }
            result => result.map_err(StoreError::read_path(&root))?,
        };
        let listing = self.listing(&layer.diff_id);
        if !matches!(listing, Ok(Some(_))) {
            return Ok(Some((root, "its listing is damaged".to_owned())));
        }
        let stream = match self.plain_layer(layer) {
            // Reported as the blob's own problem.
            Err(StoreError::Corrupt { .. }) => return Ok(None),
            result => result?,
        };
        Ok(match compare(&directory.into(), stream, self.owner, &self.limits) {
            Ok(None) => None,
            Ok(Some((path, why))) => Some((root.join(path), why.to_owned())),
            Err(error) => Some((root, error.to_string())),
        })
    }

    /// Everything to the disk; then no power cut can matter any more.
    pub(crate) fn settle(&self) -> Result<()> {
        let failed = StoreError::write_path(&self.root);
        let root = File::open(&self.root).map_err(StoreError::read_path(&self.root))?;
        rustix::fs::syncfs(&root).map_err(failed)?;
        for path in self.files_in("unsynced")? {
            fs::remove_file(&path).map_err(StoreError::write_path(&path))?;
        }
        Ok(())
    }
}

fn named(image: &Image) -> String {
    image.names.first().cloned().unwrap_or_else(|| image.digest.to_string())
}

fn finding(images: &BTreeSet<String>, file: PathBuf, why: String) -> Finding {
    Finding { images: images.iter().cloned().collect(), file, why }
}
