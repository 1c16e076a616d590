//! What the host says about registries: mirrors, blocks, short names, certificates, credentials, proxies.
//!
//! Formats: containers-registries.conf(5) version 2, containers-certs.d(5), containers-auth.json(5) and Docker's
//! config.json. What cannot be followed is an error that names file and line; nothing is guessed.

mod host;
mod read;
mod error;
mod secret;

mod endpoint;
mod registries;
mod shortname;

mod certificates;
mod no_proxy;
mod proxy;

mod credentials;

pub mod fuzz;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use model::reference::{ImageName, Repository};

pub use certificates::{ClientCertificate, TlsFiles};
pub use credentials::{Credentials, Forgotten, Kept};
pub use endpoint::{Endpoint, Named, Pulls, Role, Security};
pub use error::{ConfigError, Result, Warning};
pub use host::{canonical, scope};
pub use proxy::{Proxy, Scheme};
pub use secret::Secret;

use registries::Registries;

/// Where to look, and what the environment says. The binary fills it.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// registries.conf files, the first that exists counts: the user's, the site's, the system's.
    pub registries: Vec<PathBuf>,
    /// Directories of drop-in files, in the order in which later ones win.
    pub registries_dirs: Vec<PathBuf>,
    /// certs.d directories, the first that has the registry counts.
    pub certificates: Vec<PathBuf>,
    /// Files with credentials: the first is written by `login`, all are read.
    pub credentials: Vec<PathBuf>,
    /// Proxy variables as they are set: `HTTPS_PROXY`, `https_proxy`, `NO_PROXY` and so on.
    pub proxies: BTreeMap<String, String>,
    /// Where credential helpers are looked for (`PATH`).
    pub helpers: Vec<PathBuf>,
    /// All that a credential helper sees of the environment.
    pub helper_environment: BTreeMap<String, OsString>,
    /// Where documents are kept that are not what their digest says.
    pub evidence: Option<PathBuf>,
}

/// What applies to registries on this host.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Where it was read from.
    pub places: Places,
    registries: Registries,
    warnings: Vec<Warning>,
}

impl Config {
    /// Reads what is there. Certificates and credentials are read when they are asked for.
    ///
    /// # Errors
    /// A file that cannot be read or understood.
    pub fn load(places: Places) -> Result<Self> {
        let (registries, mut warnings) = Registries::load(&places.registries, &places.registries_dirs)?;
        warnings.extend(credentials::exposed(&places));
        Ok(Self { places, registries, warnings })
    }

    /// What a person may want to change.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The name with its registry, where a short one was typed. An alias comes first, then the only registry that
    /// is listed for short names, then Docker Hub; nothing is searched for.
    ///
    /// # Errors
    /// [`ConfigError::Ambiguous`] where several registries are listed.
    pub fn full_name(&self, name: &ImageName) -> Result<ImageName> {
        shortname::full_name(&self.registries, name)
    }

    /// Where to pull a repository from: its mirrors in their order, then the registry itself, which is the last
    /// one always.
    ///
    /// # Errors
    /// [`ConfigError::Blocked`].
    pub fn endpoints(&self, repository: &Repository) -> Result<Vec<Endpoint>> {
        self.registries.endpoints(repository)
    }

    /// Where to push a repository to: the registry itself, wherever its settings say that it is.
    ///
    /// # Errors
    /// [`ConfigError::Blocked`].
    pub fn destination(&self, repository: &Repository) -> Result<Endpoint> {
        self.registries.destination(repository)
    }

    /// Certificates for a registry, `host[:port]`.
    ///
    /// # Errors
    /// A file that cannot be read, or half a pair.
    pub fn tls(&self, host: &str) -> Result<TlsFiles> {
        certificates::load(&self.places.certificates, host)
    }

    /// The proxy that `host[:port]` is reached through.
    ///
    /// # Errors
    /// [`ConfigError::Proxy`], so that nobody connects directly who meant not to.
    pub fn proxy_for(&self, host: &str, scheme: Scheme) -> Result<Option<Proxy>> {
        proxy::find(&self.places.proxies, host, scheme)
    }

    /// What to show to a repository's registry. An empty path asks for the whole registry.
    ///
    /// # Errors
    /// A file or a helper that does not work: pulling without credentials would be another request.
    pub fn credentials(&self, repository: &Repository) -> Result<Option<Credentials>> {
        credentials::find(&self.places, repository)
    }

    /// Keeps a login. A path keeps it for this part of the registry alone.
    ///
    /// # Errors
    /// A file that cannot be written, or a helper that does not work.
    pub fn keep(&self, registry: &Repository, user: &str, password: &Secret) -> Result<Kept> {
        credentials::keep(&self.places, registry, user, password)
    }

    /// Forgets a login.
    ///
    /// # Errors
    /// As [`Config::keep`].
    pub fn forget(&self, registry: &Repository) -> Result<Forgotten> {
        credentials::forget(&self.places, registry)
    }

    /// Forgets all logins that are in our own file; which they were.
    ///
    /// # Errors
    /// As [`Config::keep`].
    pub fn forget_all(&self) -> Result<Vec<String>> {
        credentials::forget_all(&self.places)
    }
}
