//! Images whose layers come from afar: fetched, hashed and unpacked at the same time.

use std::io::{self, Read};

use model::digest::ClaimedDigest;
use model::image::Image;
use model::oci::Descriptor;
use model::reference::ImageName;

use crate::disk::{Lock, Store};
use crate::error::{Result, StoreError};
use crate::import::{Imported, Naming, Progress};
use crate::source::{Company, Inbound, Plan, PlannedConfig, Remote, described, kept_type};

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

/// The right to bring an image in, alone.
pub struct Turn {
    _alone: Lock,
    /// Keeps the sweeper away, which takes locks away too.
    _present: Lock,
}

impl Store {
    /// Waits for whoever brings the same manifest in: afterwards the image may be here.
    ///
    /// # Errors
    /// What the disk says.
    pub fn turn(&self, manifest: &ClaimedDigest) -> Result<Turn> {
        let present = self.begin_import()?;
        let alone = self.lock(&format!("{}.turn", manifest.hex()))?;
        Ok(Turn { _alone: alone, _present: present })
    }

    /// The configuration's bytes, checked.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if they are not what they were.
    pub fn config(&self, image: &Image) -> Result<Vec<u8>> {
        self.small_blob(&image.config_digest)
    }

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
        let _present = self.begin_import()?;
        self.clean_partials(now);
        let scratch = self.scratch()?;
        let plan = self.plan(incoming)?;
        let imported = self.admit(&plan, naming, now, progress, &scratch)?;
        self.set_pins(&imported.image.digest, &incoming.pins)?;
        Ok(imported)
    }

    /// Everything that can be refused before the first layer is asked for.
    fn plan<'a>(&self, incoming: &Incoming<'a>) -> Result<Plan<'a>> {
        let layers = described(&incoming.manifest, &incoming.config, &self.limits)?;
        let allowed = self.limits.layer_bytes;
        if let Some((blob, _)) = layers.iter().find(|(blob, _)| blob.size > allowed) {
            return Err(StoreError::Limit {
                what: blob.digest.to_string(),
                limit: "bytes in a layer",
                allowed,
            });
        }
        let afar = |(blob, diff_id)| Inbound::Afar(Remote { blob, diff_id, source: incoming.blobs });
        Ok(Plan {
            names: Vec::new(),
            manifest: Some((incoming.manifest.clone(), kept_type(&incoming.media_type).to_owned())),
            config: PlannedConfig::Shipped(incoming.config.clone()),
            layers: layers.into_iter().map(afar).collect(),
            company: Company::default(),
        })
    }
}
