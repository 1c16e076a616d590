//! Images on their way to a registry: what is to be sent, and the bytes of each part.

use std::fs::File;

use model::digest::ClaimedDigest;
use model::image::Image;
use model::oci::Descriptor;

use crate::disk::Store;
use crate::error::{Result, StoreError};

/// What has to be sent for an image: the layers and the configuration first, the manifest last.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The manifest's bytes.
    pub manifest: Vec<u8>,
    /// What the manifest is.
    pub media_type: String,
    /// The configuration.
    pub config: Descriptor,
    /// Bottom first.
    pub layers: Vec<Descriptor>,
}

/// How layers are packed that the store has as plain archives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Every client reads it.
    Gzip,
    /// Smaller and faster; old clients do not know it.
    Zstd,
}

/// An image whose plain layers were packed for sending. The packed copies go when this is dropped.
pub struct Packed {
    /// What is to be sent.
    pub outgoing: Outgoing,
}

impl Packed {
    /// The bytes of the configuration or of a layer, checked when they were written.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if it is gone.
    pub fn blob(&self, digest: &ClaimedDigest) -> Result<File> {
        let _ = digest;
        Err(StoreError::Stopped)
    }
}

impl Store {
    /// What has to be sent for an image, as it is here.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if the manifest is not what it was.
    pub fn outgoing(&self, image: &Image) -> Result<Outgoing> {
        let _ = image;
        Err(StoreError::Stopped)
    }

    /// The bytes of a blob. Whoever reads them hashes them.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if it is gone.
    pub fn blob(&self, digest: &ClaimedDigest) -> Result<File> {
        let _ = digest;
        Err(StoreError::Stopped)
    }

    /// What has to be sent for an image with its plain layers packed: another manifest, the same configuration.
    /// Packing an image twice gives the same bytes.
    ///
    /// # Errors
    /// As [`Store::outgoing`], and what the disk says.
    pub fn packed(&self, image: &Image, packing: Packing) -> Result<Packed> {
        let _ = (image, packing);
        Err(StoreError::Stopped)
    }
}
