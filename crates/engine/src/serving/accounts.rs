//! Users, teams and tokens of a registry of this site, and the ledger of what happens to them.

use std::collections::BTreeSet;

use ledger::Durability;
use registry::server::desk::Desk;

use super::{Grant, Result, Role, Team, Token, TokenWish, User, UserWish};
use crate::book::{Entry, Kind};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::registries::Secret;

/// A registry's accounts.
pub struct Accounts<'a> {
    pub(super) engine: &'a Engine,
    pub(super) desk: Desk,
}

/// A password that nobody has thought of.
///
/// # Errors
/// A kernel without random bytes.
pub fn new_password() -> Result<Secret> {
    Ok(Desk::new_password()?)
}

impl Accounts<'_> {
    /// Whether a user of this name could be made: to be asked before somebody is asked for a password.
    ///
    /// # Errors
    /// The account's.
    pub fn need_free(&self, name: &str) -> Result<()> {
        Ok(self.desk.need_free(name)?)
    }

    /// Whether there is a user of this name.
    ///
    /// # Errors
    /// The account's.
    pub fn need_user(&self, name: &str) -> Result<()> {
        Ok(self.desk.need_user(name)?)
    }

    /// Makes a user.
    ///
    /// # Errors
    /// The account's, and the ledger's.
    pub fn add_user(&self, name: &str, wish: UserWish) -> Result<()> {
        let role = if wish.role == Role::Admin { "admin" } else { "member" };
        self.desk.add_user(name, wish, self.now())?;
        self.note("user-add", &[("user", name), ("role", role)])
    }

    /// Gives a user another password.
    ///
    /// # Errors
    /// As [`Accounts::add_user`].
    pub fn set_password(&self, name: &str, password: &Secret) -> Result<()> {
        self.desk.set_password(name, password)?;
        self.note("user-passwd", &[("user", name)])
    }

    /// Removes a user.
    ///
    /// # Errors
    /// As [`Accounts::add_user`].
    pub fn remove_user(&self, name: &str) -> Result<()> {
        self.desk.remove_user(name)?;
        self.note("user-rm", &[("user", name)])
    }

    /// All users, by their names.
    ///
    /// # Errors
    /// The account's.
    pub fn users(&self) -> Result<Vec<(String, User)>> {
        Ok(self.desk.users()?)
    }

    /// Makes a team.
    ///
    /// # Errors
    /// As [`Accounts::add_user`].
    pub fn add_team(&self, name: &str, grants: Vec<Grant>) -> Result<()> {
        self.desk.add_team(name, grants)?;
        self.note("team-add", &[("team", name)])
    }

    /// Removes a team.
    ///
    /// # Errors
    /// As [`Accounts::add_user`].
    pub fn remove_team(&self, name: &str) -> Result<()> {
        self.desk.remove_team(name)?;
        self.note("team-rm", &[("team", name)])
    }

    /// All teams, by their names, with their members.
    ///
    /// # Errors
    /// The account's.
    pub fn teams(&self) -> Result<Vec<(String, Team, BTreeSet<String>)>> {
        Ok(self.desk.teams()?)
    }

    /// Takes a user into a team.
    ///
    /// # Errors
    /// As [`Accounts::add_user`].
    pub fn join(&self, team: &str, user: &str) -> Result<()> {
        self.desk.join(team, user)?;
        self.note("team-join", &[("team", team), ("user", user)])
    }

    /// Takes a user out of a team.
    ///
    /// # Errors
    /// As [`Accounts::add_user`].
    pub fn leave(&self, team: &str, user: &str) -> Result<()> {
        self.desk.leave(team, user)?;
        self.note("team-leave", &[("team", team), ("user", user)])
    }

    /// Makes a token: its id, and the secret that is kept nowhere.
    ///
    /// # Errors
    /// As [`Accounts::add_user`].
    pub fn create_token(&self, wish: TokenWish) -> Result<(String, Secret)> {
        let made = self.desk.create_token(wish, self.now())?;
        self.note("token-create", &[("token", &made.0)])?;
        Ok(made)
    }

    /// All tokens by their ids, and when each was last used.
    ///
    /// # Errors
    /// The account's.
    pub fn tokens(&self) -> Result<Vec<(String, Token, Option<u64>)>> {
        Ok(self.desk.tokens()?)
    }

    /// Ends a token.
    ///
    /// # Errors
    /// As [`Accounts::add_user`].
    pub fn revoke(&self, id: &str) -> Result<()> {
        self.desk.revoke(id)?;
        self.note("token-revoke", &[("token", id)])
    }

    fn now(&self) -> u64 {
        u64::try_from(self.engine.now()).unwrap_or_default()
    }

    fn note(&self, what: &str, attributes: &[(&str, &str)]) -> Result<()> {
        let mut entry = Entry::new(Kind::RegistryAccount, self.engine.now()).with("change", what);
        for (name, value) in attributes {
            entry = entry.with(name, *value);
        }
        let book = self.engine.book()?;
        book.append(&entry, Durability::Flushed).map_err(EngineError::from)?;
        Ok(())
    }
}
