//! Who vouches for the images that start here: the publishers that are pinned, and what they said last.

use std::io;

use model::image::Image;
use model::trust::Vouched;

use crate::engine::Engine;

/// The file of the pins.
const PINS: &str = "pins.json";

impl Engine {
    /// Who vouches for an image that was asked for by this name. Where it cannot be known, nobody does.
    pub(crate) fn vouched(&self, _name: &str, _image: &Image, _now: i64) -> Vouched {
        let pins = self.site.trust().join(PINS);
        match pins.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vouched::Nobody,
            _ => Vouched::Doubted {
                publisher: "a publisher".to_owned(),
                place: "places of this site".to_owned(),
                doubt: format!("this version cannot read {}", pins.display()),
                remedy: "use the version of coffer that wrote it".to_owned(),
            },
        }
    }
}
