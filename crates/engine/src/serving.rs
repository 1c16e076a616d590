//! A registry of this site: served, and its accounts kept. What happens to either is in the ledger.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use ledger::Durability;
use registry::server::desk::Desk;
use registry::server::journal::{Deed, Event, Journal};
use registry::server::serve::Surroundings;
use registry::server::storage::Home;

pub use registry::server::access::{
    AccountError, Action, Actions, Grant, Pattern, PatternSyntax, Role, Team, Token, User,
};
pub use registry::server::desk::{DeskError, TokenWish, UserWish};
pub use registry::server::serve::{Clear, Listening, Notice, ServeError};
pub use registry::server::settings::{Anonymous, Settings, SettingsError, StorageSettings, TlsMode};
pub use registry::server::tls::Authority;

use crate::book::{Book, Entry, Kind};
use crate::engine::Engine;
use crate::error::EngineError;

/// Why a registry of ours did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ServingError {
    /// It could not be served.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// Its data could not be opened.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// An account could not be read or changed.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The site's.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl ServingError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Serve(ServeError::Clear(_)) => "E-registry-clear",
            Self::Serve(ServeError::Listen { .. } | ServeError::Begin(_)) => "E-registry-listen",
            Self::Serve(ServeError::Tls(_) | ServeError::Protocols(_)) => "E-registry-tls",
            Self::Serve(ServeError::Storage(_)) | Self::Desk(_) => "E-registry-storage",
            Self::Serve(ServeError::Account(error)) | Self::Account(error) => error.code(),
            Self::Engine(error) => error.code(),
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Serve(ServeError::Clear(_)) => {
                "let it make a certificate, --tls auto, or accept that everybody on the way reads them: --insecure-http"
                    .into()
            }
            Self::Serve(ServeError::Listen { .. } | ServeError::Begin(_)) => {
                "take another address or port: --listen ADDRESS:PORT".into()
            }
            Self::Serve(ServeError::Tls(_) | ServeError::Protocols(_)) => {
                "look at the certificate and its key, or let them be made: --tls auto".into()
            }
            Self::Serve(ServeError::Storage(_)) | Self::Desk(_) => {
                "look at where the registry keeps its data, and at its rights".into()
            }
            Self::Serve(ServeError::Account(error)) | Self::Account(error) => error.remedy(),
            Self::Engine(error) => error.remedy(),
        }
    }
}

/// What this module returns.
pub type Result<T> = std::result::Result<T, ServingError>;

/// Says what time it is, in seconds since 1970.
pub type Seconds = fn() -> u64;

/// A registry's accounts, and the ledger of what happens to them.
pub struct Accounts<'a> {
    engine: &'a Engine,
    desk: Desk,
}

impl Engine {
    /// Where a registry of this site keeps what it keeps.
    fn registry_home(&self, root: Option<PathBuf>) -> Home {
        Home { directory: root.unwrap_or_else(|| self.site.registry()) }
    }

    /// Serves a registry until a signal ends it.
    ///
    /// # Errors
    /// Whatever keeps it from beginning.
    pub fn serve_registry(
        &self,
        settings: &Settings,
        root: Option<PathBuf>,
        clear: Clear,
        clock: Seconds,
        herald: &dyn Fn(&Notice<'_>),
    ) -> Result<()> {
        let journal = Arc::new(Pages { book: self.book()? });
        let home = self.registry_home(root);
        Ok(registry::server::serve::serve(settings, &Surroundings { home, journal, clock, clear, herald })?)
    }

    /// The accounts of a registry of this site, whether or not it is served at the moment.
    ///
    /// # Errors
    /// A place that cannot be opened.
    pub fn registry_accounts(
        &self,
        storage: &StorageSettings,
        root: Option<PathBuf>,
    ) -> Result<Accounts<'_>> {
        let desk = Desk::open(storage, &self.registry_home(root).data())?;
        Ok(Accounts { engine: self, desk })
    }
}

impl Accounts<'_> {
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
    pub fn set_password(&self, name: &str, password: &crate::registries::Secret) -> Result<()> {
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
    pub fn teams(&self) -> Result<Vec<(String, Team, std::collections::BTreeSet<String>)>> {
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
    pub fn create_token(&self, wish: TokenWish) -> Result<(String, crate::registries::Secret)> {
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

    /// A password that nobody has thought of.
    ///
    /// # Errors
    /// A kernel without random bytes.
    pub fn new_password() -> Result<crate::registries::Secret> {
        Ok(Desk::new_password()?)
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

/// The ledger, as a server writes to it.
struct Pages {
    book: Book,
}

impl Journal for Pages {
    fn record(&self, events: &[Event]) -> io::Result<()> {
        let entries: Vec<Entry> = events.iter().map(entry).collect();
        let durable = events.iter().any(|event| event.action != Deed::Pull);
        let durability = if durable { Durability::Flushed } else { Durability::Buffered };
        self.book.append_all(&entries, durability).map_err(io::Error::other)
    }
}

fn entry(event: &Event) -> Entry {
    let kind = match event.action {
        Deed::Pull => Kind::RegistryPull,
        Deed::Push => Kind::RegistryPush,
        Deed::Delete => Kind::RegistryDelete,
    };
    let name = match &event.reference {
        Some(tag) => format!("{}:{tag}", event.repository),
        None => event.repository.clone(),
    };
    let when = i64::try_from(event.when).unwrap_or(i64::MAX);
    let entry = Entry { image: event.digest.clone(), name: Some(name), ..Entry::new(kind, when) };
    let entry = entry.with("who", &event.who);
    match event.peer {
        Some(peer) => entry.with("peer", peer.to_string()),
        None => entry,
    }
}
