//! The files of an image, all layers in one, for whoever wants no image.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use build::plan::Origin;
use model::image::{Image, Layer};
use store::Stamp;
use store::copy::{Destination, Notices, Owners, Rules, Trust, TypedPath, View, extract};

use super::context::Origins;
use super::error::BuildError;
use super::solve::whole;
use crate::engine::Engine;

impl Engine {
    /// Writes the files of an image as one tar archive; the same image gives the same bytes.
    ///
    /// # Errors
    /// The store's, and those of whoever writes.
    pub fn export_image(&self, image: &Image, out: &mut dyn Write) -> Result<(), BuildError> {
        let Some(layer) = self.squashed(image)? else { return Ok(()) };
        Ok(self.store.write_archive_of(&layer, out)?)
    }

    /// Writes the files of an image into a directory of this host. They belong to whoever builds, and nothing of them is
    /// set-id: an image's owners mean nothing outside of it.
    ///
    /// # Errors
    /// The store's, and those of the directory.
    pub fn unpack_image(
        &self,
        image: &Image,
        place: &Path,
        advanced: &mut dyn FnMut(u64),
    ) -> Result<Notices, BuildError> {
        let Some(layer) = self.squashed(image)? else { return Ok(Notices::default()) };
        let archive = self.store.archive_of(&layer)?;
        let rules = Rules { owners: Owners::Maker, trust: Trust::Stranger };
        let path = TypedPath::new(place.as_os_str().as_encoded_bytes());
        Ok(extract(View::Host, &Destination::Directory(path), archive, rules, advanced)?)
    }

    /// All layers of an image as one, which nobody keeps.
    fn squashed(&self, image: &Image) -> Result<Option<Layer>, BuildError> {
        let all = whole(Origin::Step(0), "");
        let roots = BTreeMap::from([(0, image.layers.as_slice())]);
        let origins = Origins { contexts: BTreeMap::new(), roots };
        let taken = self.taken(&all, &origins, &[])?;
        self.copy(&all, &taken, &[], Stamp::default())
    }
}
