//! Images whose layers come from afar: fetched, hashed and unpacked at the same time.

use std::io::{self, Read};

use model::digest::ClaimedDigest;
use model::image::Image;
use model::oci::Descriptor;
use model::reference::ImageName;

use crate::disk::Store;
use crate::error::{Result, StoreError};
use crate::import::{Imported, Naming, Progress};

/// Where the blobs of an image come from.
pub trait Blobs: Sync {
    /// The blob's bytes from offset `from` on, to its end.
    ///
    /// # Errors
    /// What keeps them from coming; they reach the caller of [`Store::pull`] inside [`StoreError::Fetch`].
    fn open(&self, blob: &Descriptor, from: u64) -> io::Result<Box<dyn Read + Send + '_>>;
}

/// An image that is about to come.
pub struct Incoming<'a> {
    /// The manifest's bytes. They are the image: what is not in them is not believed.
    pub manifest: Vec<u8>,
    /// What the manifest is.
    pub media_type: String,
    /// The configuration's bytes, to be checked against the manifest.
    pub config: Vec<u8>,
    /// `repository@digest` that it also answers to: the digest of the index that it was chosen from.
    pub pins: Vec<ImageName>,
    /// Where the layers are.
    pub blobs: &'a dyn Blobs,
}

impl Store {
    /// Brings an image in from afar. Layers that are here already are not asked for. `now` is in seconds since
    /// the epoch.
    ///
    /// # Errors
    /// [`StoreError::Fetch`] where bytes do not come; what has come by then is kept for the next try.
    /// [`StoreError::Digest`] and [`StoreError::Size`] where they are not what was claimed; otherwise as
    /// [`Store::import`].
    pub fn pull(
        &self,
        incoming: &Incoming<'_>,
        naming: &Naming,
        now: i64,
        progress: &mut dyn Progress,
    ) -> Result<Imported> {
        let _ = (incoming.blobs, naming, now, progress);
        Err(StoreError::Stopped)
    }

    /// The image of a manifest's digest, or of the digest of an index that it was pulled from, if it is here.
    ///
    /// # Errors
    /// As [`Store::resolve`], but for [`StoreError::Unknown`].
    pub fn holds(&self, digest: &ClaimedDigest) -> Result<Option<Image>> {
        let _ = digest;
        Ok(None)
    }

    /// `repository@digest` that an image answers to, besides its names.
    ///
    /// # Errors
    /// What the disk says.
    pub fn pins(&self, image: &Image) -> Result<Vec<String>> {
        let _ = image;
        Ok(Vec::new())
    }
}
