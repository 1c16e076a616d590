//! Registries, where no image of ours is concerned: logins, and which tags there are.

use std::path::PathBuf;

use model::reference::{ImageName, ReferenceSyntax, Repository};
use registry::client::{Client, ClientError, Patience};
use registry::config::{Config, ConfigError};

pub use registry::client::Checked;
pub use registry::config::{Forgotten, Kept, Places, Secret, Warning};

/// Why a registry could not be asked, or a login not be kept.
#[derive(Debug, thiserror::Error)]
pub enum RegistriesError {
    /// A text names no repository.
    #[error(transparent)]
    Reference(#[from] ReferenceSyntax),
    /// About what the host says of registries.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// About what a registry says.
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl RegistriesError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Reference(_) => "E-image-reference",
            Self::Config(error) => error.code(),
            Self::Client(error) => error.code(),
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Reference(_) => "name a repository, such as nginx or registry.example/team/app".into(),
            Self::Config(error) => error.remedy(),
            Self::Client(error) => error.remedy(),
        }
    }
}

/// What this module returns.
pub type Result<T> = std::result::Result<T, RegistriesError>;

/// What a person logs in to: `HOST[:PORT]`, or a part of it, `HOST[:PORT]/PATH`.
///
/// # Errors
/// A text that names no registry.
pub fn scope(text: &str) -> Result<Repository> {
    Ok(registry::config::scope(text)?)
}

/// What the host says about registries, and whom it reaches.
pub struct Registries {
    config: Config,
}

impl Registries {
    /// Reads what is there.
    ///
    /// # Errors
    /// Settings that cannot be read or followed.
    pub fn load(places: Places) -> Result<Self> {
        Ok(Self { config: Config::load(places)? })
    }

    /// What a person may want to change.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        self.config.warnings()
    }

    /// Who is logged in.
    ///
    /// # Errors
    /// A file or a helper that does not work.
    pub fn user(&self, registry: &Repository) -> Result<Option<String>> {
        let credentials = self.config.credentials(&self.asked(registry)?)?;
        Ok(credentials.map(|credentials| credentials.user().to_owned()))
    }

    /// Shows the credentials to the registry, and keeps them unless it refuses them.
    ///
    /// # Errors
    /// What the registry says, or a place where they cannot be kept.
    pub fn login(&self, registry: &Repository, user: &str, password: &Secret) -> Result<(Checked, Kept)> {
        let asked = self.asked(registry)?;
        let client = Client::new(self.config.clone())?;
        let checked = client.check_login(&asked.registry, user, password.reveal())?;
        Ok((checked, self.config.keep(&asked, user, password)?))
    }

    /// Forgets a login. The registry is not asked.
    ///
    /// # Errors
    /// A file or a helper that does not work.
    pub fn logout(&self, registry: &Repository) -> Result<Forgotten> {
        // What is blocked can be forgotten nevertheless.
        let asked = self.asked(registry).unwrap_or_else(|_| registry.clone());
        Ok(self.config.forget(&asked)?)
    }

    /// Forgets all logins of our own file; which they were.
    ///
    /// # Errors
    /// A file that cannot be changed.
    pub fn logout_everywhere(&self) -> Result<Vec<String>> {
        Ok(self.config.forget_all()?)
    }

    /// Who is shown credentials for a name: the place that its settings lead to.
    fn asked(&self, registry: &Repository) -> Result<Repository> {
        Ok(self.config.destination(registry)?.repository)
    }

    /// The repository that a name means, and its tags as the registry lists them.
    ///
    /// # Errors
    /// A name that is none, or what the registry says.
    pub fn tags(&self, name: &str) -> Result<(Repository, Vec<String>)> {
        let repository = self.config.full_name(&name.parse()?)?.located();
        let tags = Client::new(self.config.clone())?.tags(&repository)?;
        Ok((repository, tags))
    }

    /// The name with its registry, where a short one was typed.
    ///
    /// # Errors
    /// Settings that leave it open.
    pub fn full_name(&self, name: &ImageName) -> Result<ImageName> {
        Ok(self.config.full_name(name)?)
    }

    /// A client that keeps documents that are not what their digest says.
    pub(crate) fn client(&self, evidence: PathBuf) -> Result<Client> {
        let mut config = self.config.clone();
        config.places.evidence = Some(evidence);
        Ok(Client::new(config)?)
    }

    /// A client that waits no longer than this.
    pub(crate) fn client_with(&self, patience: Patience) -> Client {
        Client::with_patience(self.config.clone(), patience)
    }

    /// Whether somebody else may answer when the repository is read.
    pub(crate) fn is_mirrored(&self, repository: &Repository) -> Result<bool> {
        Ok(self.config.endpoints(repository)?.len() > 1)
    }
}
