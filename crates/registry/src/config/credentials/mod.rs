//! Credentials for registries: files that we share with podman and Docker, and helpers that keep them elsewhere.

mod keys;
mod answer;
mod helper;
mod file;
mod write;
pub(super) mod fuzz;
#[cfg(test)]
mod tests;

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use model::reference::Repository;

use self::file::{AuthFile, Source};
use self::helper::Helper;
use super::Places;
use super::error::{ConfigError, Result, Warning};
use super::secret::Secret;

/// What a registry is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A user's name and password, or what a registry takes for one.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
    /// A token that gets other tokens: OAuth 2's refresh token.
    IdentityToken {
        /// The user, where it is known.
        user: String,
        /// The token.
        token: Secret,
    },
}

/// Where credentials are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// In this file, which only its owner can read.
    File(PathBuf),
    /// With the helper of this name.
    Helper(String),
}

/// What `logout` came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Where there was something.
    pub from: Vec<Kept>,
    /// Files of others that still have something; `logout` changes only its own.
    pub left: Vec<PathBuf>,
}

impl Credentials {
    /// The user's name; nothing where only the token knows.
    #[must_use]
    pub fn user(&self) -> &str {
        match self {
            Self::Password { user, .. } | Self::IdentityToken { user, .. } => user,
        }
    }

    /// The password or token.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        match self {
            Self::Password { password: secret, .. } | Self::IdentityToken { token: secret, .. } => secret,
        }
    }
}

/// Files that others on this host can read.
pub(super) fn exposed(places: &Places) -> Vec<Warning> {
    let exposed = places.credentials.iter().filter(|path| {
        path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o077 != 0)
    });
    exposed.map(|path| Warning::Exposed { path: path.clone() }).collect()
}

/// What the first file that has anything says.
pub(super) fn find(places: &Places, repository: &Repository) -> Result<Option<Credentials>> {
    for path in &places.credentials {
        let found = match AuthFile::read(path)?.source(repository)? {
            None => None,
            Some(Source::Inline(credentials)) => Some(credentials),
            Some(Source::Helper(name)) => Helper::find(&name, places)?.get(repository)?,
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Keeps a login in the first file, or with the helper that this file names.
pub(super) fn keep(places: &Places, registry: &Repository, user: &str, password: &Secret) -> Result<Kept> {
    let path = own(places)?;
    if let Some(name) = AuthFile::read(path)?.keeper(registry)? {
        Helper::find(&name, places)?.store(registry, user, password)?;
        return Ok(Kept::Helper(name));
    }
    write::change(path, |file| file.keep(registry, user, password))?;
    Ok(Kept::File(path.clone()))
}

/// Forgets a login: in the first file, and with the helper that it names.
pub(super) fn forget(places: &Places, registry: &Repository) -> Result<Forgotten> {
    let path = own(places)?;
    let mut forgotten = Forgotten::default();
    if let Some(name) = AuthFile::read(path)?.keeper(registry)?
        && Helper::find(&name, places)?.erase(registry)?
    {
        forgotten.from.push(Kept::Helper(name));
    }
    if path.exists() && write::change(path, |file| file.remove(registry))? {
        forgotten.from.push(Kept::File(path.clone()));
    }
    for other in places.credentials.iter().skip(1) {
        if matches!(AuthFile::read(other)?.source(registry)?, Some(Source::Inline(_))) {
            forgotten.left.push(other.clone());
        }
    }
    Ok(forgotten)
}

/// Forgets every login of the first file; the registries that it had.
pub(super) fn forget_all(places: &Places) -> Result<Vec<String>> {
    let path = own(places)?;
    if path.exists() { write::change(path, AuthFile::clear) } else { Ok(Vec::new()) }
}

fn own(places: &Places) -> Result<&PathBuf> {
    places.credentials.first().ok_or(ConfigError::Nowhere)
}
