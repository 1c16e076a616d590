//! What a registry or the settings about it stood against, in our words.

use engine::registries::RegistriesError;

use super::Failure;

impl From<RegistriesError> for Failure {
    fn from(error: RegistriesError) -> Self {
        Self::failed(error.code(), error.to_string(), error.remedy())
    }
}
