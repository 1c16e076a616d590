//! Checks passwords at a price that guessing cannot lower and that honest clients pay once.
//!
//! A client of the registry sends its password with each of many requests. What was right a moment ago is
//! remembered by a keyed hash; everything else costs a turn at the hash function, of which there are few, and a
//! token from the buckets of its address and its name, which only a right password gives back.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use super::error::Result;
use super::limit::{Buckets, Rate, neighbourhood};
use super::password::{matches, random};
use crate::config::Secret;

/// How long a right password is remembered.
const REMEMBERED: Duration = Duration::from_secs(300);

/// How many are.
const MANY: usize = 4096;

/// How many are hashed at the same time, 7 MiB each.
const TURNS: usize = 2;

/// How many may wait for a turn.
const WAITING: usize = 32;

/// How long a wrong password waits for its answer.
const DELAY: Duration = Duration::from_millis(400);

/// Wrong passwords from an address.
const PER_ADDRESS: Rate = Rate { burst: 10.0, per_second: 0.2 };

/// Wrong passwords for a name, from anywhere.
const PER_NAME: Rate = Rate { burst: 20.0, per_second: 0.5 };

/// The hash of a password that nobody has, for names that nobody has.
const NOBODY: &str = "$argon2id$v=19$m=7168,t=5,p=1$bm9ib2R5IGhhcyB0aGlz$\
                      c3VjaCBhIHBhc3N3b3JkIG5vYm9keSBoYXMgc2V0IQ";

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turned {
    /// The password is not the one, or there is no such name: nobody learns which.
    Wrong,
    /// Too many wrong ones; try again after so long.
    Away(Duration),
}

/// Whoever stands at the door.
pub(super) struct Doorkeeper {
    key: [u8; 32],
    right: Mutex<HashMap<[u8; 32], Right>>,
    turns: Semaphore,
    places: Semaphore,
    addresses: Buckets<IpAddr>,
    names: Buckets<String>,
}

/// A password that was right.
struct Right {
    hash: String,
    until: Instant,
}

impl Doorkeeper {
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            key: random()?,
            right: Mutex::default(),
            turns: Semaphore::new(TURNS),
            places: Semaphore::new(TURNS + WAITING),
            addresses: Buckets::new(PER_ADDRESS),
            names: Buckets::new(PER_NAME),
        })
    }

    /// Whether this is the password whose hash is given; without one, it takes as long to say no.
    pub(super) async fn check(
        &self,
        name: &str,
        password: &Secret,
        hash: Option<String>,
        peer: IpAddr,
    ) -> std::result::Result<(), Turned> {
        let mark = self.mark(name, password);
        if hash.as_ref().is_some_and(|hash| self.was_right(&mark, hash)) {
            return Ok(());
        }
        self.take(name, peer)?;
        let Ok(_place) = self.places.try_acquire() else {
            self.give_back(name, peer);
            return Err(Turned::Away(Duration::from_secs(1)));
        };
        if self.hashes(password, hash.clone()).await {
            self.give_back(name, peer);
            self.remember(mark, hash.unwrap_or_default());
            return Ok(());
        }
        tokio::time::sleep(DELAY).await;
        Err(Turned::Wrong)
    }

    /// A wrong secret of another kind was shown: the address pays as for a password.
    pub(super) async fn wrong_secret(&self, peer: IpAddr) -> Turned {
        if let Err(wait) = self.addresses.take(neighbourhood(peer), Instant::now()) {
            return Turned::Away(wait);
        }
        tokio::time::sleep(DELAY).await;
        Turned::Wrong
    }

    fn take(&self, name: &str, peer: IpAddr) -> std::result::Result<(), Turned> {
        let (now, address) = (Instant::now(), neighbourhood(peer));
        self.addresses.take(address, now).map_err(Turned::Away)?;
        self.names.take(name.to_owned(), now).map_err(|wait| {
            self.addresses.give_back(address, now);
            Turned::Away(wait)
        })
    }

    fn give_back(&self, name: &str, peer: IpAddr) {
        let now = Instant::now();
        self.addresses.give_back(neighbourhood(peer), now);
        self.names.give_back(name.to_owned(), now);
    }

    async fn hashes(&self, password: &Secret, hash: Option<String>) -> bool {
        let Ok(_turn) = self.turns.acquire().await else { return false };
        let password = password.clone();
        let work = move || match hash {
            Some(hash) => matches(&password, &hash),
            None => {
                matches(&password, NOBODY);
                false
            }
        };
        tokio::task::spawn_blocking(work).await.unwrap_or(false)
    }

    fn mark(&self, name: &str, password: &Secret) -> [u8; 32] {
        let length = (name.len() as u64).to_be_bytes();
        Sha256::new()
            .chain_update(self.key)
            .chain_update(length)
            .chain_update(name)
            .chain_update(password.reveal())
            .finalize()
            .into()
    }

    fn was_right(&self, mark: &[u8; 32], hash: &str) -> bool {
        let right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
        right.get(mark).is_some_and(|right| right.hash == hash && right.until > Instant::now())
    }

    fn remember(&self, mark: [u8; 32], hash: String) {
        let mut right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
        if right.len() >= MANY {
            right.clear();
        }
        right.insert(mark, Right { hash, until: Instant::now() + REMEMBERED });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::server::access::password::{generate, hash};

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    #[tokio::test]
    async fn a_right_password_costs_once_and_a_changed_one_is_not_remembered() {
        let (door, password) = (Doorkeeper::new().unwrap(), generate().unwrap());
        let phc = hash(&password).unwrap();
        door.check("anna", &password, Some(phc.clone()), PEER).await.unwrap();
        let begin = Instant::now();
        for _ in 0..100 {
            door.check("anna", &password, Some(phc.clone()), PEER).await.unwrap();
        }
        assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
        let other = hash(&generate().unwrap()).unwrap();
        assert_eq!(door.check("anna", &password, Some(other), PEER).await, Err(Turned::Wrong));
        assert_eq!(door.check("anna", &password, None, PEER).await, Err(Turned::Wrong));
    }

    #[tokio::test]
    async fn guessing_ends_soon_and_hurts_no_other_address() {
        let (door, wrong) = (Arc::new(Doorkeeper::new().unwrap()), Secret::new("wrong".into()));
        let mut guesses = tokio::task::JoinSet::new();
        for _ in 0..14 {
            let door = Arc::clone(&door);
            guesses.spawn(async move { door.wrong_secret(PEER).await });
        }
        let answers = guesses.join_all().await;
        assert_eq!(answers.iter().filter(|answer| **answer == Turned::Wrong).count(), 10);
        assert!(matches!(door.check("anna", &wrong, None, PEER).await, Err(Turned::Away(_))));
        let other = IpAddr::from([192, 0, 2, 2]);
        assert_eq!(door.wrong_secret(other).await, Turned::Wrong);
    }

    #[test]
    fn nobody_takes_as_long_as_somebody() {
        argon2::password_hash::PasswordHash::new(NOBODY).unwrap();
    }
}
