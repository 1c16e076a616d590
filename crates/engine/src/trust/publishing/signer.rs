//! A key that somebody signs with who need not be a publisher: from a keyring, a file of coffer, age, openssl or
//! cosign, or a token.

use std::io::Read as _;
use std::path::Path;

use trust::cosign::open_private_key;
use trust::key::{PublicKey, Signer, SoftKey};
use trust::publisher::{SealedError, sealed};
use trust::signature::SignatureError;
use zeroize::Zeroizing;

use super::desk::{ATTEMPTS, Desk, NamedKey, public_key};
use super::{EngineError, PublishingError};
use crate::attest::AttestError;
use crate::trust::keyring::{Kept, Keyring, KeyringError};

/// The largest file with a private key, in bytes.
const MAX_PRIVATE: u64 = 64 << 10;

/// How cosign's keys begin, which have a password.
const OF_COSIGN: [&str; 2] =
    ["-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY", "-----BEGIN ENCRYPTED COSIGN PRIVATE KEY"];

/// How a file begins that is sealed with a passphrase.
const SEALED: &[u8] = b"age-encryption.org/";

impl Desk<'_> {
    /// The key that `text` names: `NAME/ROLE-N` of a publisher here, a file, or `pkcs11:...`.
    ///
    /// # Errors
    /// [`PublishingError`]: there is none, or it does not open.
    pub fn signing_key(&mut self, text: &str) -> Result<Box<dyn Signer>, EngineError> {
        match NamedKey::typed(text)? {
            NamedKey::Token(uri) => Ok(self.open_token(&uri, text)?),
            NamedKey::File(path) if path.exists() => self.open_file(&path),
            NamedKey::File(path) => match self.kept(text)? {
                Some((keyring, kept)) => Ok(self.open(&keyring, &kept)?),
                None => {
                    let source = std::io::ErrorKind::NotFound.into();
                    Err(PublishingError::Io { doing: "find the key", path, source }.into())
                }
            },
        }
    }

    /// The public half of a key whose word counts for something: in a file, `NAME/ROLE-N`, or in a token.
    pub(super) fn public_half(&self, key: &NamedKey) -> Result<PublicKey, PublishingError> {
        match key {
            NamedKey::Token(uri) => self.look_at(uri),
            NamedKey::File(path) if path.exists() => public_key(path),
            NamedKey::File(path) => match self.kept(&path.to_string_lossy())? {
                Some((_, kept)) => Ok(kept.public),
                None => public_key(path),
            },
        }
    }

    /// `team/release-1`
    fn kept(&self, text: &str) -> Result<Option<(Keyring, Kept)>, PublishingError> {
        let Some((name, file)) = text.split_once('/') else { return Ok(None) };
        if !Keyring::names(&self.publishers)?.iter().any(|known| known == name) {
            return Ok(None);
        }
        let keyring = Keyring::open(&self.publishers, name)?;
        let key = keyring.keys()?.into_iter().find(|key| key.file == file);
        Ok(key.map(|key| (keyring, key)))
    }

    fn open_file(&mut self, path: &Path) -> Result<Box<dyn Signer>, EngineError> {
        let name = path.display().to_string();
        let failed = |source| PublishingError::Io { doing: "read", path: path.to_owned(), source };
        let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(MAX_PRIVATE).unwrap_or_default()));
        let file = std::fs::File::open(path).map_err(failed)?;
        file.take(MAX_PRIVATE).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.starts_with(SEALED) {
            bytes = self.unsealed(&name, &bytes)?;
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| PublishingError::NoPrivateKey(path.to_owned()))?;
        if OF_COSIGN.iter().any(|begin| text.trim_start().starts_with(begin)) {
            return Ok(Box::new(self.of_cosign(&name, text)?));
        }
        let key = SoftKey::from_pem(text);
        Ok(Box::new(key.map_err(|source| KeyringError::Key { file: name, source })?))
    }

    fn unsealed(&mut self, name: &str, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, PublishingError> {
        let mut refused = KeyringError::Locked(name.to_owned());
        for attempt in 0..ATTEMPTS {
            let Some(passphrase) = self.guard.passphrase(name, attempt) else { break };
            match sealed::open(bytes, passphrase.reveal()) {
                Ok(opened) => return Ok(opened),
                Err(source) => {
                    let is_wrong = source == SealedError::Passphrase;
                    refused = KeyringError::Sealed { file: name.to_owned(), source };
                    if !is_wrong {
                        break;
                    }
                }
            }
        }
        Err(refused.into())
    }

    fn of_cosign(&mut self, name: &str, text: &str) -> Result<SoftKey, EngineError> {
        let mut refused = EngineError::from(KeyringError::Locked(name.to_owned()));
        for attempt in 0..ATTEMPTS {
            let Some(passphrase) = self.guard.passphrase(name, attempt) else { break };
            match open_private_key(text, passphrase.reveal().as_bytes()) {
                Ok(key) => return Ok(key),
                Err(error) => {
                    let is_wrong = error == SignatureError::Password;
                    refused = AttestError::from(error).into();
                    if !is_wrong {
                        break;
                    }
                }
            }
        }
        Err(refused)
    }
}
