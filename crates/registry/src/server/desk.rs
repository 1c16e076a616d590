//! The registry's accounts for whoever administers them: blocking calls, whether or not a server runs.

use std::collections::BTreeSet;
use std::path::Path;

use tokio::runtime::{Builder, Runtime};

use super::access::{self, AccountError, Accounts, Grant, Role, Team, Token, User};
use super::settings::StorageSettings;
use super::storage::StorageError;
use crate::config::Secret;

/// Where accounts are changed.
pub struct Desk {
    runtime: Runtime,
    accounts: Accounts,
}

/// Why there is no desk.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The shelf.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The kernel gives no threads.
    #[error("cannot begin: {0}")]
    Runtime(std::io::Error),
}

/// What a token is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenWish {
    /// What it is for, in a person's words.
    pub name: String,
    /// What it may do.
    pub grants: Vec<Grant>,
    /// When it ends, in seconds since 1970.
    pub expires: Option<u64>,
}

/// What a user is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserWish {
    /// Their password.
    pub password: Secret,
    /// What they are to the registry.
    pub role: Role,
    /// What they may do themselves.
    pub grants: Vec<Grant>,
    /// Whose grants they have, too.
    pub teams: BTreeSet<String>,
}

impl Desk {
    /// Opens the bucket that the settings name, or else the directory `data`.
    ///
    /// # Errors
    /// Settings that cannot be followed, and a place that cannot be used.
    pub fn open(storage: &StorageSettings, data: &Path) -> Result<Self, DeskError> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(DeskError::Runtime)?;
        let shelf = runtime.block_on(storage.open(data))?;
        Ok(Self { runtime, accounts: Accounts::new(shelf) })
    }

    fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Whether a user of this name could be made.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn need_free(&self, name: &str) -> Result<(), AccountError> {
        self.wait(self.accounts.need_free(name))
    }

    /// Whether there is a user of this name.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn need_user(&self, name: &str) -> Result<(), AccountError> {
        self.wait(self.accounts.need_user(name))
    }

    /// Makes a user.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn add_user(&self, name: &str, wish: UserWish, now: u64) -> Result<(), AccountError> {
        let password = access::hash(&wish.password)?;
        let user = User { password, role: wish.role, grants: wish.grants, teams: wish.teams, made: now };
        self.wait(self.accounts.add_user(name, &user))
    }

    /// Gives a user another password.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn set_password(&self, name: &str, password: &Secret) -> Result<(), AccountError> {
        let hash = access::hash(password)?;
        self.wait(self.accounts.set_password(name, hash))
    }

    /// Removes a user.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn remove_user(&self, name: &str) -> Result<(), AccountError> {
        self.wait(self.accounts.remove_user(name))
    }

    /// All users, by their names.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn users(&self) -> Result<Vec<(String, User)>, AccountError> {
        self.wait(self.accounts.users())
    }

    /// Makes a team.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn add_team(&self, name: &str, grants: Vec<Grant>) -> Result<(), AccountError> {
        self.wait(self.accounts.add_team(name, grants))
    }

    /// Removes a team; nobody is in it any more.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn remove_team(&self, name: &str) -> Result<(), AccountError> {
        self.wait(self.accounts.remove_team(name))
    }

    /// All teams, by their names, with their members.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn teams(&self) -> Result<Vec<(String, Team, BTreeSet<String>)>, AccountError> {
        self.wait(self.accounts.teams())
    }

    /// Takes a user into a team.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn join(&self, team: &str, user: &str) -> Result<(), AccountError> {
        self.wait(self.accounts.join(team, user))
    }

    /// Takes a user out of a team.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn leave(&self, team: &str, user: &str) -> Result<(), AccountError> {
        self.wait(self.accounts.leave(team, user))
    }

    /// Makes a token: its id, and the secret that is kept nowhere.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn create_token(&self, wish: TokenWish, now: u64) -> Result<(String, Secret), AccountError> {
        let (id, secret) = access::new_token()?;
        let hash = access::token_hash(&secret);
        let token = Token { name: wish.name, hash, grants: wish.grants, made: now, expires: wish.expires };
        self.wait(self.accounts.add_token(&id, &token))?;
        Ok((id, secret))
    }

    /// All tokens by their ids, and when each was last used.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn tokens(&self) -> Result<Vec<(String, Token, Option<u64>)>, AccountError> {
        self.wait(self.accounts.tokens())
    }

    /// Ends a token.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn revoke(&self, id: &str) -> Result<(), AccountError> {
        self.wait(self.accounts.revoke(id))
    }

    /// A password that nobody has thought of.
    ///
    /// # Errors
    /// A kernel without random bytes.
    pub fn new_password() -> Result<Secret, AccountError> {
        access::generate()
    }
}
