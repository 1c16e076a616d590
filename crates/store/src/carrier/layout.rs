//! An image on disk, read blob by blob.

use std::io::Read;

use model::digest::ClaimedDigest;
use model::oci::Descriptor;
use model::reference::ArchiveSource;

use crate::disk::Store;
use crate::error::{Result, StoreError};

/// What an [`ArchiveSource`] holds. Nothing of it is believed before whoever reads it has hashed it.
pub struct Layout {}

impl Layout {
    /// Opens what `source` names. Packed archives and streams are copied to the store's scratch space first.
    ///
    /// # Errors
    /// As [`Store::import`]; a bare root filesystem has no manifest and is refused.
    pub fn open(store: &Store, source: &ArchiveSource) -> Result<Self> {
        let _ = (store, source);
        Err(StoreError::Stopped)
    }

    /// The manifest or index that `selector` names, or the only one, and its bytes: checked against its digest.
    ///
    /// # Errors
    /// [`StoreError::Several`] where a name is needed.
    pub fn top(&self, selector: Option<&str>) -> Result<(Descriptor, Vec<u8>)> {
        let _ = selector;
        Err(StoreError::Stopped)
    }

    /// A blob's bytes, not checked.
    ///
    /// # Errors
    /// [`StoreError::NotAnImage`] if it is not there.
    pub fn blob(&self, digest: &ClaimedDigest) -> Result<Box<dyn Read + Send>> {
        let _ = digest;
        Err(StoreError::Stopped)
    }
}
