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
use crate::error::EngineError;

/// An archive of nothing: its end alone (pax(1), "ustar Interchange Format").
const NOTHING: [u8; 1024] = [0; 1024];

impl Engine {
    /// Writes the files of an image as one tar archive; the same image gives the same bytes.
    ///
    /// # Errors
    /// The store's, and those of whoever writes.
    pub fn export_image(&self, image: &Image, out: &mut dyn Write) -> Result<(), BuildError> {
        self.squashed(image, |layer| match layer {
            Some(layer) => Ok(self.store.write_archive_of(layer, out)?),
            None => Ok(out.write_all(&NOTHING).map_err(EngineError::io("write the image's files"))?),
        })
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
        self.squashed(image, |layer| {
            let Some(layer) = layer else { return Ok(Notices::default()) };
            let archive = self.store.archive_of(layer)?;
            let rules = Rules { owners: Owners::Maker, trust: Trust::Stranger };
            let path = TypedPath::new(place.as_os_str().as_encoded_bytes());
            Ok(extract(View::Host, &Destination::Directory(path), archive, rules, advanced)?)
        })
    }

    /// Does something with all layers of an image as one, which goes afterwards; there is none where there are no files.
    fn squashed<T>(
        &self,
        image: &Image,
        work: impl FnOnce(Option<&Layer>) -> Result<T, BuildError>,
    ) -> Result<T, BuildError> {
        if image.layers.is_empty() {
            return work(None);
        }
        let all = whole(Origin::Step(0), "");
        let roots = BTreeMap::from([(0, image.layers.as_slice())]);
        let origins = Origins { roots, ..Origins::default() };
        let taken = self.taken(&all, &origins, &[])?;
        let Some(layer) = self.copy(&all, &taken, &[], Stamp::default())? else { return work(None) };
        let done = work(Some(&layer));
        self.store.release(&layer)?;
        done
    }
}
