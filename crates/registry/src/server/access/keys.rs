//! The keys that bearer tokens are signed with, under `keys/ID` on the shelf: made by the first server that needs
//! one, replaced after a month, and known to all servers.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use super::accounts::{decode, encode};
use super::error::{AccountError, Result};
use super::jwt::LIFETIME;
use super::password::random;
use crate::server::shelf::{Key, KeyError, Shelf, When};

/// How long a key signs, in seconds.
const SIGNS: u64 = 30 * 86400;

/// How long it is kept afterwards: as long as what it signed can be valid, and more.
const KEPT: u64 = 10 * LIFETIME;

/// How often a key that nobody knows is looked for.
const LOOK: Duration = Duration::from_secs(2);

/// How many keys there may be.
const MANY: usize = 64;

#[derive(Serialize, Deserialize)]
struct Record {
    seed: String,
    made: u64,
}

#[derive(Clone)]
struct Known {
    key: SigningKey,
    made: u64,
}

/// The keys as they were last read.
pub(super) struct Keys {
    shelf: Shelf,
    known: Mutex<Read>,
}

#[derive(Default)]
struct Read {
    keys: BTreeMap<String, Known>,
    when: Option<Instant>,
}

impl Keys {
    pub(super) fn new(shelf: Shelf) -> Self {
        Self { shelf, known: Mutex::default() }
    }

    /// The key that signs now, and its id.
    pub(super) async fn signing(&self, now: u64) -> Result<(String, SigningKey)> {
        if let Some(found) = self.newest(now) {
            return Ok(found);
        }
        self.read(now).await?;
        match self.newest(now) {
            Some(found) => Ok(found),
            None => self.make(now).await,
        }
    }

    /// The key of an id, if it is one of ours.
    pub(super) async fn verifying(&self, kid: &str, now: u64) -> Result<Option<VerifyingKey>> {
        if let Some(key) = self.find(kid, now) {
            return Ok(Some(key));
        }
        if self.lock().when.is_none_or(|when| when.elapsed() >= LOOK) {
            self.read(now).await?;
        }
        Ok(self.find(kid, now))
    }

    fn newest(&self, now: u64) -> Option<(String, SigningKey)> {
        let known = self.lock();
        let (kid, newest) = known.keys.iter().max_by_key(|(_, known)| known.made)?;
        (now < newest.made + SIGNS).then(|| (kid.clone(), newest.key.clone()))
    }

    fn find(&self, kid: &str, now: u64) -> Option<VerifyingKey> {
        let known = self.lock();
        known
            .keys
            .get(kid)
            .filter(|known| now < known.made + SIGNS + KEPT)
            .map(|known| known.key.verifying_key())
    }

    async fn make(&self, now: u64) -> Result<(String, SigningKey)> {
        let key = SigningKey::from_bytes(&random()?);
        let kid = model::digest::Digest::of(key.verifying_key().as_bytes())
            .hex()
            .chars()
            .take(16)
            .collect::<String>();
        let record = Record { seed: URL_SAFE_NO_PAD.encode(key.to_bytes()), made: now };
        self.shelf.put(&place(&kid)?, encode(&record), When::Absent).await?;
        self.lock().keys.insert(kid.clone(), Known { key: key.clone(), made: now });
        Ok((kid, key))
    }

    /// Reads all keys, and removes those that are of no more use.
    async fn read(&self, now: u64) -> Result<()> {
        let mut keys = BTreeMap::new();
        for kid in self.shelf.list(&Key::new(&["keys"]).map_err(damaged)?, None, MANY).await? {
            let place = place(&kid)?;
            let Some(small) = self.shelf.get(&place).await? else { continue };
            let record: Record = decode(&place, &small.bytes)?;
            if record.made + SIGNS + KEPT <= now {
                self.shelf.delete(&place).await?;
                continue;
            }
            let seed = URL_SAFE_NO_PAD.decode(&record.seed).ok().and_then(|seed| seed.try_into().ok());
            let seed: [u8; 32] = seed.ok_or_else(|| AccountError::Damaged {
                key: place.to_string(),
                why: "it holds no key".to_owned(),
            })?;
            keys.insert(kid, Known { key: SigningKey::from_bytes(&seed), made: record.made });
        }
        *self.lock() = Read { keys, when: Some(Instant::now()) };
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Read> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place(kid: &str) -> Result<Key> {
    Key::new(&["keys", kid]).map_err(damaged)
}

fn damaged(error: KeyError) -> AccountError {
    AccountError::Damaged { key: error.0.clone(), why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000;

    #[tokio::test]
    async fn servers_share_keys_and_replace_them() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::disk(&dir.path().join("shelf")).unwrap();
        let (one, two) = (Keys::new(shelf.clone()), Keys::new(shelf.clone()));
        let (kid, key) = one.signing(NOW).await.unwrap();
        assert_eq!(two.verifying(&kid, NOW).await.unwrap(), Some(key.verifying_key()));
        assert_eq!(two.signing(NOW).await.unwrap().0, kid);

        let later = NOW + SIGNS;
        let (next, _) = one.signing(later).await.unwrap();
        assert_ne!(next, kid);
        assert_eq!(one.verifying(&kid, later).await.unwrap(), Some(key.verifying_key()));
        let end = later + KEPT;
        assert_eq!(one.verifying(&kid, end).await.unwrap(), None);
        let three = Keys::new(shelf.clone());
        assert_eq!(three.verifying(&kid, end).await.unwrap(), None);
        assert_eq!(shelf.list(&Key::new(&["keys"]).unwrap(), None, 9).await.unwrap(), [next]);
    }
}
