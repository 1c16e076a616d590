//! Images that a build begins with: who vouches for them counts as it does for a start.

use ledger::Durability;
use model::image::Image;
use model::trust::Vouched;
use model::verdict::Level;

use super::error::BuildError;
use crate::book::{Entry, Kind};
use crate::engine::{Engine, Notice};
use crate::trust::{TrustError, UnvouchedError};

impl Engine {
    /// Refuses an image that falls under a pin and that its publisher does not vouch for. At the level `open` it is
    /// said, and taken all the same.
    pub(super) fn believed(&self, reference: &str, image: &Image, level: Level) -> Result<(), BuildError> {
        let now = self.now();
        let Vouched::Doubted { place, publisher, doubt, remedy } = self.vouched(reference, image, now) else {
            return Ok(());
        };
        let error = UnvouchedError {
            image: reference.to_owned(),
            place,
            publisher,
            doubt,
            code: "E-trust-base",
            remedy,
        };
        let detail = error.to_string();
        if level == Level::Open {
            (self.herald)(&Notice::Unvouched { image: reference, detail: &detail });
            return Ok(());
        }
        let entry = Entry::image(Kind::TrustRefusal, Some(image.digest), reference.to_owned(), now);
        self.book()?.append(&Entry { detail: Some(detail), ..entry }, Durability::Flushed)?;
        Err(TrustError::from(Box::new(error)).into())
    }
}
