//! Whose advisories this site believes: a list of keys. Where there is one, whatever none of them signed is refused.

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use advisories::database::{Publisher, PublisherKey, Trust};
use rustix::fs::FlockOperation;
use trust::key::{Material, Signer, SoftKey};

use crate::book::{Entry, Kind};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::examine::ExamineError;
use crate::state::{open_dir, read_file, replace_file};

/// The file in the directory of what is trusted: the Base64 of a key on each line.
const FILE: &str = "advisories";

/// The most keys; each is tried on each signature.
const MOST: usize = 16;

/// Whoever holds a private key, which is given in PEM (PKCS#8).
///
/// # Errors
/// A text that is no such key, or one of another algorithm than Ed25519.
pub fn publisher(pem: &str) -> Result<Publisher<'static>, ExamineError> {
    let key = SoftKey::from_pem(pem).map_err(|error| ExamineError::Key(error.to_string()))?;
    let public = match key.public().material() {
        Some(Material::Ed25519(bytes)) => PublisherKey::from_bytes(&bytes),
        _ => None,
    };
    let public =
        public.ok_or_else(|| ExamineError::Key("is of another algorithm than Ed25519".to_owned()))?;
    Ok(Publisher::elsewhere(public, move |message| key.sign(message).map_err(|error| error.to_string())))
}

impl Engine {
    /// Whose advisories count here. A list that cannot be read lets nobody's count.
    pub(super) fn trust(&self) -> Result<Trust, ExamineError> {
        Ok(self.advisory_publishers()?.map_or(Trust::Anybody, Trust::Keys))
    }

    /// The keys that are pinned; nothing where anybody's advisories are taken.
    ///
    /// # Errors
    /// A list that cannot be read.
    pub fn advisory_publishers(&self) -> Result<Option<Vec<PublisherKey>>, ExamineError> {
        let path = self.publishers_path();
        let read = open_dir(&self.site.trust()).map_err(io::Error::from).and_then(|dir| read_file(dir, FILE));
        let bytes = match read {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(ExamineError::read(path)(error)),
        };
        let damaged = || ExamineError::Publishers(path.clone());
        let text = String::from_utf8(bytes).map_err(|_| damaged())?;
        let keys: Result<Vec<_>, _> = text.lines().map(PublisherKey::parse).collect();
        keys.ok().filter(|keys| !keys.is_empty() && keys.len() <= MOST).map(Some).ok_or_else(damaged)
    }

    /// From now on only advisories that this key, or another that is pinned, has signed are used here. Returns
    /// whether it was not pinned before.
    ///
    /// # Errors
    /// More keys than may be; a list that cannot be read or written.
    pub fn pin_advisories(&self, key: &PublisherKey) -> Result<bool, EngineError> {
        let _turn = self.publishers_turn()?;
        let mut keys = self.advisory_publishers()?.unwrap_or_default();
        if keys.contains(key) {
            return Ok(false);
        }
        if keys.len() >= MOST {
            return Err(ExamineError::ManyPublishers(MOST).into());
        }
        keys.push(key.clone());
        self.keep_publishers(&keys)?;
        self.note_publisher("pin", key)?;
        Ok(true)
    }

    /// That key's signature counts no more; without any, anybody's advisories are taken. Returns whether it was
    /// pinned.
    ///
    /// # Errors
    /// A list that cannot be read or written.
    pub fn unpin_advisories(&self, key: &PublisherKey) -> Result<bool, EngineError> {
        let _turn = self.publishers_turn()?;
        let mut keys = self.advisory_publishers()?.unwrap_or_default();
        let before = keys.len();
        keys.retain(|kept| kept != key);
        if keys.len() == before {
            return Ok(false);
        }
        self.keep_publishers(&keys)?;
        self.note_publisher("unpin", key)?;
        Ok(true)
    }

    /// Waits for whoever else changes the list.
    fn publishers_turn(&self) -> Result<OwnedFd, ExamineError> {
        let directory = self.site.trust();
        let turn = std::fs::create_dir_all(&directory).and_then(|()| {
            let directory = open_dir(&directory)?;
            rustix::fs::flock(&directory, FlockOperation::LockExclusive)?;
            Ok(directory)
        });
        turn.map_err(|source| ExamineError::Write { path: directory, source })
    }

    fn keep_publishers(&self, keys: &[PublisherKey]) -> Result<(), ExamineError> {
        let text: String = keys.iter().map(|key| format!("{key}\n")).collect();
        let kept = match keys {
            [] => std::fs::remove_file(self.publishers_path()),
            _ => open_dir(&self.site.trust())
                .map_err(io::Error::from)
                .and_then(|directory| replace_file(directory, FILE, text.as_bytes())),
        };
        kept.map_err(|source| ExamineError::Write { path: self.publishers_path(), source })
    }

    fn note_publisher(&self, change: &str, key: &PublisherKey) -> Result<(), EngineError> {
        let entry = Entry::new(Kind::Advisories, self.now()).with("change", change);
        self.note(&entry.with("publisher", key.to_string()))
    }

    fn publishers_path(&self) -> PathBuf {
        self.site.trust().join(FILE)
    }
}
