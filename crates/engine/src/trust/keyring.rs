//! A publisher's keys on disk: `publishers/NAME/keys/ROLE-N` sealed with a passphrase, plain, or the name of a key in
//! hardware, each with its public half beside it; and what the publisher last knew to be published.

mod error;
mod files;

use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use trust::key::{PublicKey, SoftKey};
use trust::publisher::{RoleName, Versions, sealed};
use zeroize::Zeroizing;

pub use error::KeyringError;

use super::token::TokenUri;
use crate::registries::Secret;
use files::Existing;

/// The root that is known to be the publisher's.
const ROOT: &str = "root.json";
/// The versions that were last seen published.
const SEEN: &str = "seen.json";
/// How the file of a public half ends.
const PUBLIC: &str = ".pub";

/// One publisher's directory.
#[derive(Debug)]
pub struct Keyring {
    name: String,
    path: PathBuf,
}

/// A key that a keyring has, or knows where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// `ROLE-N`, which its files are called.
    pub file: String,
    /// What it was made for. What it may sign is up to the publisher's root.
    pub role: RoleName,
    /// Where the private half is.
    pub place: KeyPlace,
    /// The public half.
    pub public: PublicKey,
}

/// Where a private key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPlace {
    /// In an age file.
    Sealed,
    /// In a file that its mode alone protects.
    Plain,
    /// In a token.
    Hardware(TokenUri),
}

impl KeyPlace {
    fn extension(&self) -> &'static str {
        match self {
            Self::Sealed => ".age",
            Self::Plain => ".key",
            Self::Hardware(_) => ".token",
        }
    }
}

/// What protects a new key's file.
#[derive(Debug, Clone, Copy)]
pub enum Protection<'a> {
    /// A passphrase, and its mode.
    Passphrase(&'a Secret),
    /// Its mode alone.
    Mode,
}

impl Keyring {
    /// The names of all publishers below a directory, sorted.
    ///
    /// # Errors
    /// [`KeyringError::Io`].
    pub fn names(publishers: &Path) -> Result<Vec<String>, KeyringError> {
        let names = files::names(publishers).map_err(KeyringError::io("list", publishers))?;
        Ok(names.into_iter().filter(|name| is_name(name)).collect())
    }

    /// Makes a publisher's directory.
    ///
    /// # Errors
    /// [`KeyringError::Exists`] if the publisher has keys or a root already.
    pub fn create(publishers: &Path, name: &str) -> Result<Self, KeyringError> {
        let keyring = Self::at(publishers, name)?;
        let keys = keyring.keys_path();
        files::directory(&keys).map_err(KeyringError::io("make", &keys))?;
        if keyring.root()?.is_some() || !keyring.keys()?.is_empty() {
            return Err(KeyringError::Exists(name.to_owned()));
        }
        Ok(keyring)
    }

    /// A publisher's directory that is there.
    ///
    /// # Errors
    /// [`KeyringError::Unknown`].
    pub fn open(publishers: &Path, name: &str) -> Result<Self, KeyringError> {
        let keyring = Self::at(publishers, name)?;
        match keyring.path.is_dir() {
            true => Ok(keyring),
            false => Err(KeyringError::Unknown { name: name.to_owned(), there: Self::names(publishers)? }),
        }
    }

    fn at(publishers: &Path, name: &str) -> Result<Self, KeyringError> {
        match is_name(name) {
            true => Ok(Self { name: name.to_owned(), path: publishers.join(name) }),
            false => Err(KeyringError::Name(name.chars().take(80).collect())),
        }
    }

    /// The publisher's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Every key, by role and number.
    ///
    /// # Errors
    /// A file that cannot be read or is none of ours.
    pub fn keys(&self) -> Result<Vec<Kept>, KeyringError> {
        let path = self.keys_path();
        let names = files::names(&path).map_err(KeyringError::io("list", &path))?;
        let mut keys = Vec::new();
        for file in names.iter().filter_map(|name| name.strip_suffix(PUBLIC)) {
            if let Some((role, number)) = role_of(file) {
                keys.push((number, self.kept(file, role, &names)?));
            }
        }
        keys.sort_by(|(a, one), (b, other)| (&one.role, a).cmp(&(&other.role, b)));
        Ok(keys.into_iter().map(|(_, key)| key).collect())
    }

    /// Keeps a new key.
    ///
    /// # Errors
    /// [`KeyringError::Sealed`], [`KeyringError::Io`].
    pub fn add(
        &self,
        role: &RoleName,
        key: &SoftKey,
        protection: Protection<'_>,
    ) -> Result<Kept, KeyringError> {
        use trust::key::Signer as _;
        let pem = key.to_pem();
        let (place, bytes) = match protection {
            Protection::Mode => (KeyPlace::Plain, Zeroizing::new(pem.as_bytes().to_vec())),
            Protection::Passphrase(passphrase) => {
                let bytes = sealed::seal(pem.as_bytes(), passphrase.reveal());
                let file = role.to_string();
                let bytes = bytes.map_err(|source| KeyringError::Sealed { file, source })?;
                (KeyPlace::Sealed, Zeroizing::new(bytes))
            }
        };
        self.keep(role, place, key.public(), &bytes)
    }

    /// Keeps the name of a key in hardware.
    ///
    /// # Errors
    /// [`KeyringError::Io`].
    pub fn add_token(
        &self,
        role: &RoleName,
        uri: TokenUri,
        public: &PublicKey,
    ) -> Result<Kept, KeyringError> {
        let text = format!("{uri}\n");
        self.keep(role, KeyPlace::Hardware(uri), public, text.as_bytes())
    }

    /// The private half of a key that is in a file.
    ///
    /// # Errors
    /// [`KeyringError::Locked`] without a passphrase where one is needed; [`KeyringError::Sealed`] with a wrong one;
    /// [`KeyringError::Open`] for a plain key that others may read.
    pub fn unlock(&self, key: &Kept, passphrase: Option<&Secret>) -> Result<SoftKey, KeyringError> {
        use trust::key::Signer as _;
        let name = format!("{}{}", key.file, key.place.extension());
        let bytes = self.read_key(&name)?.ok_or_else(|| damaged(&name, "is not there"))?;
        let pem = match (&key.place, passphrase) {
            (KeyPlace::Hardware(_), _) => return Err(KeyringError::InHardware(key.file.clone())),
            (KeyPlace::Sealed, None) => return Err(KeyringError::Locked(key.file.clone())),
            (KeyPlace::Sealed, Some(passphrase)) => sealed::open(&bytes, passphrase.reveal())
                .map_err(|source| KeyringError::Sealed { file: name.clone(), source })?,
            (KeyPlace::Plain, _) => {
                self.check_mode(&name)?;
                bytes
            }
        };
        let pem = std::str::from_utf8(&pem).map_err(|_| damaged(&name, "is no text"))?;
        let soft =
            SoftKey::from_pem(pem).map_err(|source| KeyringError::Key { file: name.clone(), source })?;
        if *soft.public() == key.public {
            Ok(soft)
        } else {
            Err(damaged(&name, "has another key than its public half says"))
        }
    }

    /// Removes a key that signs nothing any more.
    ///
    /// # Errors
    /// [`KeyringError::Io`].
    pub fn remove(&self, key: &Kept) -> Result<(), KeyringError> {
        let path = self.keys_path();
        let gone = files::open(&path).and_then(|dir| {
            files::remove(&dir, &format!("{}{}", key.file, key.place.extension()))?;
            files::remove(&dir, &format!("{}{PUBLIC}", key.file))
        });
        gone.map_err(KeyringError::io("remove a key from", &path))
    }

    /// The root that is known to be the publisher's, if anything was published.
    ///
    /// # Errors
    /// [`KeyringError::Io`].
    pub fn root(&self) -> Result<Option<Vec<u8>>, KeyringError> {
        let root = files::open(&self.path).and_then(|dir| files::read(dir, ROOT));
        let root = root.map_err(KeyringError::io("read", &self.path.join(ROOT)))?;
        Ok(root.map(|bytes| bytes.to_vec()))
    }

    /// The versions that were last seen published; the lowest of all where nothing was.
    ///
    /// # Errors
    /// [`KeyringError::Io`], [`KeyringError::Damaged`].
    pub fn seen(&self) -> Result<Versions, KeyringError> {
        let seen = files::open(&self.path).and_then(|dir| files::read(dir, SEEN));
        match seen.map_err(KeyringError::io("read", &self.path.join(SEEN)))? {
            Some(bytes) => {
                serde_json::from_slice(&bytes).map_err(|_| damaged(SEEN, "is no list of versions"))
            }
            None => Ok(Versions::default()),
        }
    }

    /// Remembers what is published: nothing older is taken for the publisher's from now on.
    ///
    /// # Errors
    /// [`KeyringError::Io`].
    pub fn remember(&self, root: &[u8], versions: &Versions) -> Result<(), KeyringError> {
        let seen = serde_json::to_vec(versions).unwrap_or_default();
        let kept = files::directory(&self.path).and_then(|dir| {
            files::lock(&dir)?;
            files::write(&dir, ROOT, root, Existing::Replaced)?;
            files::write(&dir, SEEN, &seen, Existing::Replaced)
        });
        kept.map_err(KeyringError::io("write to", &self.path))
    }

    fn keys_path(&self) -> PathBuf {
        self.path.join("keys")
    }

    /// The private half is there before the public one is, by which keys are listed.
    fn keep(
        &self,
        role: &RoleName,
        place: KeyPlace,
        public: &PublicKey,
        private: &[u8],
    ) -> Result<Kept, KeyringError> {
        let path = self.keys_path();
        let pem = public
            .to_pem()
            .ok_or_else(|| damaged(&role.to_string(), "would have a key of an unknown kind"))?;
        let kept = files::directory(&path).and_then(|dir: OwnedFd| {
            files::lock(&dir)?;
            let file = format!("{role}-{}", next_number(&files::names(&path)?, role));
            files::write(&dir, &format!("{file}{}", place.extension()), private, Existing::Kept)?;
            files::write(&dir, &format!("{file}{PUBLIC}"), pem.as_bytes(), Existing::Kept)?;
            Ok(file)
        });
        let file = kept.map_err(KeyringError::io("write a key to", &path))?;
        Ok(Kept { file, role: role.clone(), place, public: public.clone() })
    }

    fn kept(&self, file: &str, role: RoleName, names: &[String]) -> Result<Kept, KeyringError> {
        let name = format!("{file}{PUBLIC}");
        let pem = self.read_key(&name)?.unwrap_or_default();
        let public = std::str::from_utf8(&pem).ok().and_then(|pem| PublicKey::from_pem(pem).ok());
        let public = public.ok_or_else(|| damaged(&name, "is no public key"))?;
        let has = |extension: &str| names.iter().any(|name| *name == format!("{file}{extension}"));
        let place = if has(".age") {
            KeyPlace::Sealed
        } else if has(".key") {
            KeyPlace::Plain
        } else if has(".token") {
            KeyPlace::Hardware(self.token(&format!("{file}.token"))?)
        } else {
            return Err(damaged(&name, "has no private half beside it"));
        };
        Ok(Kept { file: file.to_owned(), role, place, public })
    }

    fn token(&self, name: &str) -> Result<TokenUri, KeyringError> {
        let text = self.read_key(name)?.unwrap_or_default();
        let uri = std::str::from_utf8(&text).ok().and_then(|text| text.trim_end().parse().ok());
        uri.ok_or_else(|| damaged(name, "names no key in hardware"))
    }

    fn read_key(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeyringError> {
        let path = self.keys_path();
        let read = files::open(&path).and_then(|dir| files::read(dir, name));
        read.map_err(KeyringError::io("read", &path.join(name)))
    }

    fn check_mode(&self, name: &str) -> Result<(), KeyringError> {
        let path = self.keys_path().join(name);
        let mode = path.metadata().map_err(KeyringError::io("read", &path))?.mode() & 0o777;
        if mode & 0o077 == 0 { Ok(()) } else { Err(KeyringError::Open { path, mode }) }
    }
}

fn damaged(file: &str, what: &'static str) -> KeyringError {
    KeyringError::Damaged { file: file.to_owned(), what }
}

/// A name that is a directory of its own and no option.
fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte))
}

/// `ROLE-N`
fn role_of(file: &str) -> Option<(RoleName, u32)> {
    let (role, number) = file.rsplit_once('-')?;
    Some((role.parse().ok()?, number.parse().ok()?))
}

/// A number that no file has, not even one that a killed process left.
fn next_number(names: &[String], role: &RoleName) -> u32 {
    let numbers = names.iter().filter_map(|name| role_of(name.rsplit_once('.')?.0));
    let taken = numbers.filter(|(other, _)| other == role).map(|(_, number)| number);
    taken.max().unwrap_or(0).saturating_add(1)
}

#[cfg(test)]
mod tests;
