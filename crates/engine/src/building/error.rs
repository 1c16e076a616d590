//! Why an image could not be built.

mod files;

pub use files::FilesError;
pub(super) use files::shown;

use crate::error::EngineError;

/// Why an image could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Files could not be taken or placed.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// Another part of the engine did not do what was asked.
    #[error(transparent)]
    Engine(#[from] Box<EngineError>),
}

impl BuildError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Files(error) => error.code(),
            Self::Engine(error) => error.code(),
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Files(error) => error.remedy(),
            Self::Engine(error) => error.remedy(),
        }
    }
}
