//! Why a build does not go on.

mod steps;

use crate::error::EngineError;

pub use steps::StepError;

/// Why a build does not go on.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// About a `RUN`, before or after its program.
    #[error(transparent)]
    Step(#[from] StepError),
    /// Any other stage's.
    #[error(transparent)]
    Engine(Box<EngineError>),
}

impl<E: Into<EngineError>> From<E> for BuildError {
    fn from(error: E) -> Self {
        Self::Engine(Box::new(error.into()))
    }
}

impl BuildError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Step(error) => error.code(),
            Self::Engine(error) => error.code(),
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Step(error) => error.remedy(),
            Self::Engine(error) => error.remedy(),
        }
    }
}
