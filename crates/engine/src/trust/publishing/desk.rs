//! Where a publisher works: keys that are opened as they are needed, and somebody who can be asked.

use std::path::{Path, PathBuf};

use trust::key::{Algorithm, PublicKey, Signer, SoftKey};
use trust::publisher::{Change, RoleName, SealedError};

use super::PublishingError;
use crate::registries::{Registries, Secret};
use crate::trust::keyring::{Kept, KeyPlace, Keyring, KeyringError, Protection};
use crate::trust::token::{self, Token, TokenUri, Tools};

/// How often somebody may give a wrong passphrase for one key.
pub(super) const ATTEMPTS: u32 = 3;

/// The largest file with a public key, in bytes.
const MAX_PUBLIC: u64 = 64 << 10;

/// What a publisher's commands need beside the engine.
pub struct Desk<'a> {
    /// The directory of all publishers of a user.
    pub publishers: PathBuf,
    /// Whom they publish to.
    pub registries: &'a Registries,
    /// What speaks to keys in hardware.
    pub tools: Tools,
    /// Who can be asked.
    pub guard: &'a mut dyn Guard,
}

/// Knows secrets, and says yes or no.
pub trait Guard {
    /// The passphrase of a key; `attempt` counts those that were wrong. `None` where there is no other.
    fn passphrase(&mut self, key: &str, attempt: u32) -> Option<Secret>;

    /// The PIN of a token.
    fn pin(&mut self, key: &TokenUri) -> Option<Secret>;

    /// What keys are sealed with that are made now; `None` where nobody says it.
    fn sealing(&mut self) -> Option<Sealing>;

    /// Whether to sign what others have begun, too.
    fn agrees(&mut self, changes: &[Change]) -> bool;
}

/// What protects a key that is made.
#[derive(Debug, Clone)]
pub enum Sealing {
    /// A passphrase.
    Passphrase(Secret),
    /// Nothing but the mode of its file.
    Nothing,
}

/// A key that somebody names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedKey {
    /// Somebody else has the private half: the file of the public one.
    File(PathBuf),
    /// It is in a token of ours.
    Token(TokenUri),
}

impl NamedKey {
    /// A path, or `pkcs11:...`.
    ///
    /// # Errors
    /// A name of a token's key that names none.
    pub fn typed(text: &str) -> Result<Self, PublishingError> {
        if !text.starts_with("pkcs11:") {
            return Ok(Self::File(text.into()));
        }
        Ok(Self::Token(text.parse().map_err(token::TokenError::from)?))
    }
}

impl Desk<'_> {
    /// The directory of one publisher.
    pub(super) fn directory(&self, keyring: &Keyring) -> PathBuf {
        self.publishers.join(keyring.name())
    }

    /// Makes a key.
    pub(super) fn make_key(
        &mut self,
        keyring: &Keyring,
        role: &RoleName,
    ) -> Result<(Kept, SoftKey), PublishingError> {
        let key = SoftKey::generate(Algorithm::default())?;
        let sealing =
            self.guard.sealing().ok_or_else(|| KeyringError::Locked(format!("{role}, which is new")))?;
        let protection = match &sealing {
            Sealing::Passphrase(passphrase) => Protection::Passphrase(passphrase),
            Sealing::Nothing => Protection::Mode,
        };
        Ok((keyring.add(role, &key, protection)?, key))
    }

    /// The public half of a token's key.
    pub(super) fn look_at(&self, uri: &TokenUri) -> Result<PublicKey, PublishingError> {
        Ok(Token::open(uri.clone(), &self.tools, Secret::new(String::new()))?.public().clone())
    }

    /// The public half of a key that was named; a token's is kept in mind.
    pub(super) fn take_key(
        &mut self,
        keyring: &Keyring,
        role: &RoleName,
        named: &NamedKey,
    ) -> Result<PublicKey, PublishingError> {
        match named {
            NamedKey::File(path) => public_key(path),
            NamedKey::Token(uri) => {
                let public = self.look_at(uri)?;
                keyring.add_token(role, uri.clone(), &public)?;
                Ok(public)
            }
        }
    }

    /// Opens a key.
    pub(super) fn open(&mut self, keyring: &Keyring, key: &Kept) -> Result<Box<dyn Signer>, PublishingError> {
        match &key.place {
            KeyPlace::Plain => Ok(Box::new(keyring.unlock(key, None)?)),
            KeyPlace::Sealed => Ok(Box::new(self.unseal(keyring, key)?)),
            KeyPlace::Hardware(uri) => self.open_token(uri, &key.file),
        }
    }

    pub(super) fn open_token(
        &mut self,
        uri: &TokenUri,
        name: &str,
    ) -> Result<Box<dyn Signer>, PublishingError> {
        let pin = match &uri.pin_source {
            Some(path) => token::pin_of(path)?,
            None => self.guard.pin(uri).ok_or_else(|| KeyringError::Locked(name.to_owned()))?,
        };
        Ok(Box::new(Token::open(uri.clone(), &self.tools, pin)?))
    }

    fn unseal(&mut self, keyring: &Keyring, key: &Kept) -> Result<SoftKey, PublishingError> {
        let mut refused = KeyringError::Locked(key.file.clone());
        for attempt in 0..ATTEMPTS {
            let Some(passphrase) = self.guard.passphrase(&key.file, attempt) else { break };
            match keyring.unlock(key, Some(&passphrase)) {
                Err(wrong @ KeyringError::Sealed { source: SealedError::Passphrase, .. }) => refused = wrong,
                opened => return Ok(opened?),
            }
        }
        Err(refused.into())
    }
}

/// A public key in PEM.
pub(super) fn public_key(path: &Path) -> Result<PublicKey, PublishingError> {
    use std::io::Read as _;
    let failed = |source| PublishingError::Io { doing: "read", path: path.to_owned(), source };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(MAX_PUBLIC).read_to_string(&mut text).map_err(failed)?;
    PublicKey::from_pem(&text).map_err(|source| PublishingError::KeyFile { path: path.to_owned(), source })
}
