//! What can go wrong between us and a registry.

use model::reference::Repository;

/// Why a registry's answer is not what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Being built.
    #[error("`{0}` cannot be reached yet")]
    Unfinished(String),
}

impl ClientError {
    pub(crate) fn unfinished(repository: &Repository) -> Self {
        Self::Unfinished(repository.to_string())
    }

    /// The stable code that `coffer help` explains.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "E-registry-unfinished"
    }

    /// What a person can do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        String::new()
    }
}
