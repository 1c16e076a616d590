//! Accounts on the shelf, so that all servers that share it know the same people. What was read is believed for
//! two seconds.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{AccountError, Result};
use super::record::{Role, Team, Token, Used, User, check_name};
use super::scope::{Actions, Grant, Rights};
use crate::server::shelf::{Key, Put, Shelf, When};

/// How long a record is believed without a look.
const FRESH: Duration = Duration::from_secs(2);

/// How many records are remembered.
const REMEMBERED: usize = 4096;

/// How often a change is tried while others change the same record.
const TRIES: usize = 16;

/// How many names are read at once.
const PAGE: usize = 1000;

/// Records as they were a moment ago; one that was not there is remembered as well.
type Remembered = HashMap<Key, (Instant, Option<Bytes>)>;

/// Everybody who may do something.
#[derive(Debug, Clone)]
pub struct Accounts {
    shelf: Shelf,
    remembered: Arc<Mutex<Remembered>>,
}

/// Which accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shelved {
    Users,
    Teams,
    Tokens,
    Uses,
}

impl Shelved {
    /// The directory, and what one of them is called.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Users => ("users", "user"),
            Self::Teams => ("teams", "team"),
            Self::Tokens => ("tokens", "token"),
            Self::Uses => ("used", "token"),
        }
    }

    fn missing(self, name: &str) -> AccountError {
        AccountError::Missing { what: self.names().1, name: name.chars().take(80).collect() }
    }

    fn all(self) -> Result<Key> {
        key(&["accounts", self.names().0])
    }

    fn one(self, name: &str) -> Result<Key> {
        Key::new(&["accounts", self.names().0, name]).map_err(|_| self.missing(name))
    }
}

impl Accounts {
    /// The accounts on a shelf.
    #[must_use]
    pub fn new(shelf: Shelf) -> Self {
        Self { shelf, remembered: Arc::default() }
    }

    /// A user.
    ///
    /// # Errors
    /// A shelf that cannot be read, or a damaged record.
    pub async fn user(&self, name: &str) -> Result<Option<User>> {
        match check_name(name) {
            Ok(()) => self.remember(Shelved::Users.one(name)?).await,
            Err(_) => Ok(None),
        }
    }

    /// A token.
    ///
    /// # Errors
    /// As [`Accounts::user`].
    pub async fn token(&self, id: &str) -> Result<Option<Token>> {
        match Shelved::Tokens.one(id) {
            Ok(key) => self.remember(key).await,
            Err(_) => Ok(None),
        }
    }

    /// All that a user may do, with what their teams may.
    ///
    /// # Errors
    /// As [`Accounts::user`].
    pub async fn rights(&self, user: &User) -> Result<Rights> {
        if user.role == Role::Admin {
            return Ok(Rights::everything());
        }
        let mut grants = user.grants.clone();
        for team in &user.teams {
            let team: Option<Team> = self.remember(Shelved::Teams.one(team)?).await?;
            grants.extend(team.map(|team| team.grants).unwrap_or_default());
        }
        Ok(Rights::new(grants))
    }

    /// Whether a user of this name could be made: known before anybody has to think of a password.
    ///
    /// # Errors
    /// [`AccountError::Exists`], and a name that is none.
    pub async fn need_free(&self, name: &str) -> Result<()> {
        check_name(name)?;
        match self.read::<User>(&Shelved::Users.one(name)?).await? {
            Some(_) => Err(AccountError::Exists { what: Shelved::Users.names().1, name: name.to_owned() }),
            None => Ok(()),
        }
    }

    /// Whether there is a user of this name.
    ///
    /// # Errors
    /// [`AccountError::Missing`], and a name that is none.
    pub async fn need_user(&self, name: &str) -> Result<()> {
        check_name(name)?;
        match self.read::<User>(&Shelved::Users.one(name)?).await? {
            Some(_) => Ok(()),
            None => Err(Shelved::Users.missing(name)),
        }
    }

    /// Makes a user.
    ///
    /// # Errors
    /// [`AccountError::Exists`], a name that is none, a team that is not there, and a shelf that cannot be written.
    pub async fn add_user(&self, name: &str, user: &User) -> Result<()> {
        check_name(name)?;
        for team in &user.teams {
            self.need_team(team).await?;
        }
        self.create(Shelved::Users, name, user).await
    }

    /// Gives a user another password.
    ///
    /// # Errors
    /// [`AccountError::Missing`], and a shelf that cannot be written.
    pub async fn set_password(&self, name: &str, hash: String) -> Result<()> {
        check_name(name)?;
        self.update(Shelved::Users, name, |user: &mut User| user.password = hash.clone()).await
    }

    /// Removes a user.
    ///
    /// # Errors
    /// As [`Accounts::set_password`].
    pub async fn remove_user(&self, name: &str) -> Result<()> {
        check_name(name)?;
        self.remove(Shelved::Users, name).await
    }

    /// All users by their names.
    ///
    /// # Errors
    /// As [`Accounts::user`].
    pub async fn users(&self) -> Result<Vec<(String, User)>> {
        self.list(Shelved::Users).await
    }

    /// Makes a team.
    ///
    /// # Errors
    /// As [`Accounts::add_user`].
    pub async fn add_team(&self, name: &str, grants: Vec<Grant>) -> Result<()> {
        check_name(name)?;
        self.create(Shelved::Teams, name, &Team { grants }).await
    }

    /// Removes a team, and nobody is in it any more: a later team of this name begins without members.
    ///
    /// # Errors
    /// As [`Accounts::set_password`].
    pub async fn remove_team(&self, name: &str) -> Result<()> {
        check_name(name)?;
        self.remove(Shelved::Teams, name).await?;
        for (user, account) in self.users().await? {
            if account.teams.contains(name) {
                self.update(Shelved::Users, &user, |user: &mut User| {
                    user.teams.remove(name);
                })
                .await?;
            }
        }
        Ok(())
    }

    /// All teams by their names, with their members.
    ///
    /// # Errors
    /// As [`Accounts::user`].
    pub async fn teams(&self) -> Result<Vec<(String, Team, BTreeSet<String>)>> {
        let (teams, users) = (self.list::<Team>(Shelved::Teams).await?, self.users().await?);
        let members = |team: &str| {
            users.iter().filter(|(_, user)| user.teams.contains(team)).map(|(name, _)| name.clone()).collect()
        };
        Ok(teams.into_iter().map(|(name, team)| (name.clone(), team, members(&name))).collect())
    }

    /// Takes a user into a team.
    ///
    /// # Errors
    /// As [`Accounts::set_password`].
    pub async fn join(&self, team: &str, user: &str) -> Result<()> {
        check_name(user)?;
        self.need_team(team).await?;
        self.update(Shelved::Users, user, |account: &mut User| {
            account.teams.insert(team.to_owned());
        })
        .await
    }

    /// Takes a user out of a team.
    ///
    /// # Errors
    /// As [`Accounts::set_password`].
    pub async fn leave(&self, team: &str, user: &str) -> Result<()> {
        check_name(user)?;
        self.need_team(team).await?;
        self.update(Shelved::Users, user, |account: &mut User| {
            account.teams.remove(team);
        })
        .await
    }

    /// Keeps a token.
    ///
    /// # Errors
    /// [`AccountError::NoActions`], and a shelf that cannot be written.
    pub async fn add_token(&self, id: &str, token: &Token) -> Result<()> {
        let actions = token.grants.iter().map(|grant| grant.actions).fold(Actions::default(), Actions::or);
        if actions.is_empty() {
            return Err(AccountError::NoActions);
        }
        self.create(Shelved::Tokens, id, token).await
    }

    /// Ends a token.
    ///
    /// # Errors
    /// As [`Accounts::set_password`].
    pub async fn revoke(&self, id: &str) -> Result<()> {
        self.remove(Shelved::Tokens, id).await?;
        self.shelf.delete(&Shelved::Uses.one(id)?).await?;
        Ok(())
    }

    /// All tokens by their ids, and when each was last used.
    ///
    /// # Errors
    /// As [`Accounts::user`].
    pub async fn tokens(&self) -> Result<Vec<(String, Token, Option<u64>)>> {
        let mut tokens = Vec::new();
        for (id, token) in self.list(Shelved::Tokens).await? {
            let used: Option<Used> = self.read(&Shelved::Uses.one(&id)?).await?;
            tokens.push((id, token, used.map(|used| used.when)));
        }
        Ok(tokens)
    }

    /// Remembers that a token was used.
    pub(super) async fn note_use(&self, id: &str, now: u64) -> Result<()> {
        let bytes = encode(&Used { when: now });
        self.shelf.put(&Shelved::Uses.one(id)?, bytes, When::Always).await?;
        Ok(())
    }

    async fn need_team(&self, name: &str) -> Result<()> {
        check_name(name)?;
        match self.read::<Team>(&Shelved::Teams.one(name)?).await? {
            Some(_) => Ok(()),
            None => Err(Shelved::Teams.missing(name)),
        }
    }

    async fn create<T: Serialize>(&self, what: Shelved, name: &str, record: &T) -> Result<()> {
        match self.shelf.put(&what.one(name)?, encode(record), When::Absent).await? {
            Put::Done(_) => Ok(()),
            Put::Refused => Err(AccountError::Exists { what: what.names().1, name: name.to_owned() }),
        }
    }

    async fn update<T>(&self, what: Shelved, name: &str, change: impl Fn(&mut T)) -> Result<()>
    where
        T: Serialize + DeserializeOwned,
    {
        let key = what.one(name)?;
        for _ in 0..TRIES {
            let small = self.shelf.get(&key).await?.ok_or_else(|| what.missing(name))?;
            let mut record: T = decode(&key, &small.bytes)?;
            change(&mut record);
            let put = self.shelf.put(&key, encode(&record), When::Unchanged(small.version)).await?;
            if let Put::Done(_) = put {
                self.forget(&key);
                return Ok(());
            }
        }
        Err(AccountError::Contended { what: what.names().1, name: name.to_owned() })
    }

    async fn remove(&self, what: Shelved, name: &str) -> Result<()> {
        let key = what.one(name)?;
        let was_there = self.shelf.delete(&key).await?;
        self.forget(&key);
        if was_there { Ok(()) } else { Err(what.missing(name)) }
    }

    async fn list<T: DeserializeOwned>(&self, what: Shelved) -> Result<Vec<(String, T)>> {
        let (prefix, mut found) = (what.all()?, Vec::new());
        let mut after: Option<String> = None;
        loop {
            let names = self.shelf.list(&prefix, after.as_deref(), PAGE).await?;
            for name in &names {
                if let Some(record) = self.read(&prefix.join(name).map_err(damaged_key)?).await? {
                    found.push((name.clone(), record));
                }
            }
            match names.into_iter().last() {
                Some(last) => after = Some(last),
                None => return Ok(found),
            }
        }
    }

    async fn read<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>> {
        self.shelf.get(key).await?.map(|small| decode(key, &small.bytes)).transpose()
    }

    /// Reads a record, or what it was a moment ago.
    async fn remember<T: DeserializeOwned>(&self, key: Key) -> Result<Option<T>> {
        let known = self.lock().get(&key).filter(|(read, _)| read.elapsed() < FRESH).cloned();
        let bytes = match known {
            Some((_, bytes)) => bytes,
            None => {
                let bytes = self.shelf.get(&key).await?.map(|small| small.bytes);
                let mut remembered = self.lock();
                if remembered.len() >= REMEMBERED {
                    remembered.clear();
                }
                remembered.insert(key.clone(), (Instant::now(), bytes.clone()));
                bytes
            }
        };
        bytes.map(|bytes| decode(&key, &bytes)).transpose()
    }

    fn forget(&self, key: &Key) {
        self.lock().remove(key);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, (Instant, Option<Bytes>)>> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(components: &[&str]) -> Result<Key> {
    Key::new(components).map_err(damaged_key)
}

fn damaged_key(error: crate::server::shelf::KeyError) -> AccountError {
    AccountError::Damaged { key: error.0.clone(), why: error.to_string() }
}

pub(super) fn encode<T: Serialize>(record: &T) -> Bytes {
    // Records are structures of texts and numbers, which have no way to fail.
    serde_json::to_vec(record).unwrap_or_default().into()
}

pub(super) fn decode<T: DeserializeOwned>(key: &Key, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes)
        .map_err(|error| AccountError::Damaged { key: key.to_string(), why: error.to_string() })
}
