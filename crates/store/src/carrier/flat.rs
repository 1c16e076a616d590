//! containers-transports' `dir:`: manifest.json, version and blobs flat in one new directory.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use model::digest::ClaimedDigest;
use model::oci::Descriptor;

use super::beside::{self, Beside};
use crate::error::{Result, StoreError};
use crate::source::not_an_image;

/// As containers-transports writes it.
const VERSION: &[u8] = b"Directory Transport Version: 1.1\n";

/// A directory that is being filled.
pub(super) struct Flat {
    beside: Beside,
}

impl Flat {
    pub(super) fn create(path: &Path) -> Result<Self> {
        let is_empty = |path| fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
        if path.exists() && !is_empty(path) {
            return Err(not_an_image(&path.display().to_string(), "it is there already, and not empty"));
        }
        let beside = Beside::new(path);
        beside.make_directory()?;
        Ok(Self { beside })
    }

    pub(super) fn has(&self, digest: &ClaimedDigest) -> bool {
        self.beside.path().join(digest.hex()).exists() || self.manifest(digest).exists()
    }

    fn manifest(&self, digest: &ClaimedDigest) -> PathBuf {
        self.beside.path().join(format!("{}.manifest.json", digest.hex()))
    }

    pub(super) fn blob(&self, blob: &Descriptor, bytes: &mut dyn Read) -> Result<()> {
        let is_manifest = blob.is_manifest() || blob.is_index();
        let blob_path = || self.beside.path().join(blob.digest.hex());
        let path = if is_manifest { self.manifest(&blob.digest) } else { blob_path() };
        beside::write_file(&path, |file| beside::copy(blob, bytes, file, &path))
    }

    pub(super) fn finish(self, top: &Descriptor, bytes: &[u8]) -> Result<()> {
        let manifest = self.beside.path().join("manifest.json");
        beside::write_file(&manifest, |file| beside::copy(top, &mut &*bytes, file, &manifest))?;
        let version = self.beside.path().join("version");
        fs::write(&version, VERSION).map_err(StoreError::write_path(&version))?;
        self.beside.place()
    }
}
