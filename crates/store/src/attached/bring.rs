//! What comes with an image is taken in with it, as far as it is whole and there is room.

use model::digest::Digest;

use crate::disk::Store;
use crate::error::{Result, StoreError};
use crate::source::Company;

/// What came with an image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Brought {
    /// Artifacts that lie beside it now.
    pub kept: usize,
    /// Artifacts that were left where they are: broken, or too much.
    pub left: usize,
}

impl StoreError {
    /// Whether it is an artifact's own fault that it is not kept, and no reason for its image to stay away.
    #[must_use]
    pub fn is_of_an_artifact(&self) -> bool {
        matches!(
            self,
            Self::Crowded { .. }
                | Self::Limit { .. }
                | Self::NotAnImage { .. }
                | Self::Digest { .. }
                | Self::Size { .. }
                | Self::Truncated { .. }
        )
    }
}

impl Store {
    /// Takes in what a layout has beside an image.
    pub(crate) fn bring_company(&self, image: &Digest, company: &Company) -> Result<Brought> {
        let mut brought = company.brought();
        for (subject, artifacts) in company.by_room() {
            if subject != (*image).into() {
                self.pin_index(image, &subject)?;
            }
            let mut room = self.room(&subject)?;
            for planned in artifacts {
                match planned.read(&self.limits).and_then(|beside| room.keep(&beside)) {
                    Ok(_) => brought.kept += 1,
                    Err(error) if error.is_of_an_artifact() => brought.left += 1,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(brought)
    }
}
