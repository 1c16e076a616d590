//! What a registry of ours stood against, in our words.

use engine::serving::ServingError;

use super::Failure;

impl From<ServingError> for Failure {
    fn from(error: ServingError) -> Self {
        match error {
            ServingError::Engine(error) => error.into(),
            error => Self::failed(error.code(), error.to_string(), error.remedy()),
        }
    }
}
