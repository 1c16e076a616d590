//! Why a registry of ours did not do what was asked.

use registry::server::access::AccountError;
use registry::server::depot::DepotError;
use registry::server::desk::DeskError;
use registry::server::serve::ServeError;
use registry::server::storage::StorageError;

use crate::error::EngineError;

/// Why a registry of ours did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ServingError {
    /// It could not be served.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// Its data could not be opened.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// What it holds could not be read or changed.
    #[error(transparent)]
    Depot(#[from] DepotError),
    /// An account could not be read or changed.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The site's.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl ServingError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Serve(ServeError::Clear(_)) => "E-serve-clear",
            Self::Serve(ServeError::Listen { .. } | ServeError::Begin(_)) => "E-serve-listen",
            Self::Serve(ServeError::Tls(_) | ServeError::Protocols(_)) => "E-serve-tls",
            Self::Depot(DepotError::Collecting { .. }) => "E-serve-collecting",
            Self::Serve(ServeError::Storage(StorageError::Settings(_)))
            | Self::Desk(DeskError::Storage(StorageError::Settings(_))) => "E-serve-settings",
            Self::Serve(ServeError::Storage(_)) | Self::Desk(_) | Self::Depot(_) => "E-serve-storage",
            Self::Serve(ServeError::Account(error)) | Self::Account(error) => error.code(),
            Self::Engine(error) => error.code(),
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Serve(ServeError::Clear(_)) => {
                "let it make a certificate, --tls auto, or accept that everybody on the way reads them: --insecure-http"
                    .into()
            }
            Self::Serve(ServeError::Listen { .. } | ServeError::Begin(_)) => {
                "take another address or port: --listen ADDRESS:PORT".into()
            }
            Self::Serve(ServeError::Tls(_) | ServeError::Protocols(_)) => {
                "look at the certificate and its key, or let them be made: --tls auto".into()
            }
            Self::Depot(DepotError::Collecting { .. }) => "wait until it is done, and try again".into(),
            Self::Serve(ServeError::Storage(StorageError::Settings(_)))
            | Self::Desk(DeskError::Storage(StorageError::Settings(_))) => {
                "mend the settings; `coffer help serving` says what they may hold".into()
            }
            Self::Serve(ServeError::Storage(_)) | Self::Desk(_) | Self::Depot(_) => {
                "look at where the registry keeps its data, and at its rights".into()
            }
            Self::Serve(ServeError::Account(error)) | Self::Account(error) => error.remedy(),
            Self::Engine(error) => error.remedy(),
        }
    }
}

/// What this module returns.
pub type Result<T> = std::result::Result<T, ServingError>;
