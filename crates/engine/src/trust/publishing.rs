//! What publishers do: their keys and documents meet the registry here, and nobody signs what they have not seen.

mod error;
mod notes;
mod desk;
mod signer;
mod whose;

mod beginning;
mod outcome;
mod change;
mod attested;
mod deeds;
mod fresh;
mod look;
mod retired;

use std::collections::BTreeMap;

pub use beginning::{Beginning, Made, RoleWish};
pub(super) use change::fingerprint;
pub use deeds::StageWish;
pub use desk::{Desk, Guard, NamedKey, Sealing};
pub use error::PublishingError;
pub use look::{Known, Of, ReleaseStanding, RoleStanding, Waiting};
pub use outcome::{First, Outcome, State};
pub use retired::{KeyStanding, Usage};
pub use whose::{Begun, Whose};

use super::files::Files;
use super::keyring::KeyringError;
use super::token::TokenError;
use crate::error::EngineError;
use trust::publisher::PublishError;

/// As registries carry them.
fn packed(files: &trust::publisher::Files) -> Result<Files, EngineError> {
    let mut packed = Files::default();
    for (name, bytes) in files {
        packed.add(name, bytes.clone())?;
    }
    Ok(packed)
}

/// As the crate `trust` reads them.
fn unpacked(files: &Files) -> trust::publisher::Files {
    files.iter().map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).collect::<BTreeMap<_, _>>()
}

impl From<PublishingError> for EngineError {
    fn from(error: PublishingError) -> Self {
        Self::Publishing(Box::new(error))
    }
}

impl From<PublishError> for EngineError {
    fn from(error: PublishError) -> Self {
        PublishingError::from(error).into()
    }
}

impl From<KeyringError> for EngineError {
    fn from(error: KeyringError) -> Self {
        PublishingError::from(error).into()
    }
}

impl From<TokenError> for EngineError {
    fn from(error: TokenError) -> Self {
        PublishingError::from(error).into()
    }
}
