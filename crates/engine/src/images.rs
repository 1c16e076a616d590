//! Images, as commands see them: whatever changes the store is written down.

use std::collections::BTreeSet;
use std::io::Write;

use model::digest::Digest;
use model::image::{Image, ImageConfig};
use model::reference::{ArchiveSource, ImageName, Reference};
use store::{Format, Imported, Naming, Progress, Prune, Pruned, Removal, Removed, StoreError};

use crate::book::{Entry, Kind};
use crate::engine::Engine;
use crate::error::EngineError;

/// The name of the image that the binary carries (`demo:`).
pub const EMBEDDED: &str = "coffer-demo";

/// Digits of an id as it is shown.
const SHORT_ID: usize = 12;

impl Engine {
    /// The image that a person means; an archive is imported first, and gets no name.
    ///
    /// # Errors
    /// [`model::reference::ReferenceSyntax`]; the store's: unknown, ambiguous, corrupt.
    pub fn image(&self, text: &str) -> Result<Image, EngineError> {
        self.admit(text, &mut store::Quiet)
    }

    /// Whether the store has nothing under a name, or only what a restart has damaged. The beginning of an id is
    /// no name that could be found elsewhere.
    ///
    /// # Errors
    /// The store's.
    pub fn lacks(&self, name: &ImageName) -> Result<bool, EngineError> {
        match self.store.resolve(name) {
            Ok(_) => Ok(false),
            Err(StoreError::Unknown { .. }) => Ok(!name.may_be_id() || name.repository.len() < SHORT_ID),
            Err(StoreError::Lost { .. }) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// The same, with progress.
    pub(crate) fn admit(&self, text: &str, progress: &mut dyn Progress) -> Result<Image, EngineError> {
        match text.parse()? {
            Reference::Archive(source) => Ok(self.import(&source, &Naming::As(Vec::new()), progress)?.image),
            Reference::Name(name) | Reference::Remote(name) => Ok(self.store.resolve(&name)?),
            Reference::Embedded => Ok(self.store.resolve(&embedded())?),
        }
    }

    /// Takes an image in from disk.
    ///
    /// # Errors
    /// The store's.
    pub fn import(
        &self,
        source: &ArchiveSource,
        naming: &Naming,
        progress: &mut dyn Progress,
    ) -> Result<Imported, EngineError> {
        let now = self.now();
        let imported = self.store.import(source, naming, now, progress)?;
        if !imported.already {
            let digest = Some(imported.image.digest);
            self.note(&Entry::image(Kind::ImageImport, digest, source.to_string(), now))?;
        }
        if imported.beside.kept > 0 {
            self.learn_builds(&imported.image)?;
        }
        Ok(imported)
    }

    /// Takes in the image that the binary carries: one layer, a tar archive, plain or compressed.
    ///
    /// # Errors
    /// The store's.
    pub fn import_embedded(&self, layer: &[u8], config: &ImageConfig) -> Result<Imported, EngineError> {
        let now = self.now();
        let imported = self.store.import_layer(layer, config, &embedded(), now)?;
        if !imported.already {
            let digest = Some(imported.image.digest);
            self.note(&Entry::image(Kind::ImageImport, digest, EMBEDDED.to_owned(), now))?;
        }
        Ok(imported)
    }

    /// Every image, the latest import first.
    ///
    /// # Errors
    /// The store's.
    pub fn images(&self) -> Result<Vec<Image>, EngineError> {
        Ok(self.store.list()?)
    }

    /// Gives an image one more name.
    ///
    /// # Errors
    /// The store's.
    pub fn tag(&self, image: &Image, name: &ImageName) -> Result<(), EngineError> {
        self.store.tag(image, name)?;
        self.learn_builds(&self.store.resolve(name)?)?;
        self.note(&Entry::image(Kind::ImageTag, Some(image.digest), name.tagged(), self.now()))
    }

    /// Removes a name, or by id all names, of an image; without any name left, the image.
    ///
    /// # Errors
    /// The store's; an image that a container uses is in use.
    pub fn remove_image(&self, name: &ImageName, removal: Removal) -> Result<Removed, EngineError> {
        let removed = self.store.remove(name, &self.images_in_use()?, removal)?;
        self.note(&Entry::image(Kind::ImageRemove, removed.deleted, name.to_string(), self.now()))?;
        Ok(removed)
    }

    /// Removes images that no container uses, of those that are `meant`.
    ///
    /// # Errors
    /// The store's.
    pub fn prune_images(&self, which: Prune, meant: &dyn Fn(&Image) -> bool) -> Result<Pruned, EngineError> {
        let mut kept = self.images_in_use()?;
        kept.extend(self.store.list()?.iter().filter(|image| !meant(image)).map(|image| image.digest));
        let pruned = self.store.prune(&kept, which)?;
        for digest in &pruned.images {
            self.note(&Entry::image(Kind::ImageRemove, Some(*digest), String::new(), self.now()))?;
        }
        Ok(pruned)
    }

    /// Reads every byte of every image again and compares it with the digests.
    ///
    /// # Errors
    /// The store's; what is wrong with images is the answer.
    pub fn verify_images(&self, progress: &mut dyn Progress) -> Result<Vec<store::Finding>, EngineError> {
        Ok(self.store.verify(progress)?)
    }

    /// Writes an image as an archive.
    ///
    /// # Errors
    /// The store's.
    pub fn save(&self, image: &Image, format: Format, out: &mut dyn Write) -> Result<(), EngineError> {
        Ok(self.store.save(image, format, out)?)
    }

    /// Digests of the images that containers were made of.
    fn images_in_use(&self) -> Result<BTreeSet<Digest>, EngineError> {
        let mut claimed = BTreeSet::new();
        for id in self.containers.ids()? {
            // One whose record is damaged keeps no image; it cannot be started either.
            claimed.extend(self.containers.record(&id).ok().flatten().map(|record| record.image));
        }
        let images = self.store.list()?.into_iter().map(|image| image.digest);
        Ok(images.filter(|digest| claimed.contains(&(*digest).into())).collect())
    }
}

pub(crate) fn embedded() -> ImageName {
    ImageName { repository: EMBEDDED.to_owned(), tag: None, digest: None }
}
