//! An image on disk, written blob by blob: complete in the end, or not there at all.

use std::io::Read;

use model::digest::ClaimedDigest;
use model::oci::Descriptor;
use model::reference::ArchiveSource;

use crate::error::{Result, StoreError};

/// An image that is being written to an [`ArchiveSource`]. Dropped before its end, it leaves nothing.
pub struct LayoutWriter {}

impl LayoutWriter {
    /// Prepares to write. An OCI layout that is there is added to, other files are replaced at the end;
    /// a `dir:` has to be new or empty.
    ///
    /// # Errors
    /// [`StoreError::Write`], and a destination that is of another kind.
    pub fn create(destination: &ArchiveSource) -> Result<Self> {
        let _ = destination;
        Err(StoreError::Stopped)
    }

    /// Whether the blob is there already.
    #[must_use]
    pub fn has(&self, digest: &ClaimedDigest) -> bool {
        let _ = digest;
        false
    }

    /// Writes a blob: a layer, a configuration, or a manifest that is not the top one. Threads may share it.
    ///
    /// # Errors
    /// [`StoreError::Digest`] and [`StoreError::Size`] where the bytes are not the blob's.
    pub fn blob(&self, blob: &Descriptor, bytes: &mut dyn Read) -> Result<()> {
        let _ = (blob, bytes);
        Err(StoreError::Stopped)
    }

    /// Writes the manifest or index that all blobs were for, under a name where one is given, and makes all of it
    /// visible. A name in the destination itself comes first.
    ///
    /// # Errors
    /// What the disk says; for `docker-archive:`, whatever is not one image.
    pub fn finish(self, name: Option<&str>, top: &Descriptor, bytes: &[u8]) -> Result<()> {
        let _ = (name, top, bytes);
        Err(StoreError::Stopped)
    }
}
