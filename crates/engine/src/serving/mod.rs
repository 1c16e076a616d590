//! A registry of this site: served, looked after, and its accounts kept. What happens to it is in the ledger.

mod accounts;
mod pages;
mod error;

use std::path::PathBuf;
use std::sync::Arc;

use ledger::Durability;
use registry::server::desk::Desk;
use registry::server::journal::Journal;
use registry::server::serve::Surroundings;
use registry::server::storage::Home;
use registry::server::upkeep::Upkeep;

pub use registry::server::access::{
    AccountError, Action, Actions, Grant, Pattern, PatternSyntax, Role, Team, Token, User,
};
pub use registry::server::depot::{Collected, DepotError, Expired, Finding, Repair, Stats, Verified};
pub use registry::server::desk::{DeskError, TokenWish, UserWish};
pub use registry::server::journal::{Deed, Event};
pub use registry::server::serve::{Clear, Listening, Notice, ServeError};
pub use registry::server::settings::{Anonymous, Settings, SettingsError, StorageSettings, TlsMode};
pub use registry::server::tls::Authority;
pub use registry::server::upkeep::Round;

pub use accounts::{Accounts, new_password};
pub use error::{Result, ServingError};

use crate::book::{Entry, Kind};
use crate::engine::Engine;
use pages::Pages;

/// Says what time it is, in seconds since 1970.
pub type Seconds = fn() -> u64;

/// Hears every event of a registry.
pub type Log = fn(&Event);

/// What a served registry needs beside its settings.
pub struct Service<'a> {
    /// Whether connections beyond this host may be in the clear.
    pub clear: Clear,
    /// Says what time it is.
    pub clock: Seconds,
    /// Hears what the server does.
    pub herald: &'a dyn Fn(&Notice<'_>),
    /// Hears what its clients do.
    pub log: Option<Log>,
}

impl Engine {
    /// Where a registry of this site keeps what it keeps.
    fn registry_home(&self, storage: &StorageSettings) -> Home {
        Home { directory: storage.root.clone().unwrap_or_else(|| self.site.registry()) }
    }

    /// Serves a registry until a signal ends it.
    ///
    /// # Errors
    /// Whatever keeps it from beginning.
    pub fn serve_registry(&self, settings: &Settings, service: &Service<'_>) -> Result<()> {
        let journal = Arc::new(Pages { book: self.book()?, log: service.log });
        let home = self.registry_home(&settings.storage);
        let herald = |notice: &Notice<'_>| {
            if let Notice::Kept(round) = notice {
                // What is gone is gone: a ledger that cannot be written stops the next push, not this.
                let _unwritten = self.note_round(round);
            }
            (service.herald)(notice);
        };
        let around =
            Surroundings { home, journal, clock: service.clock, clear: service.clear, herald: &herald };
        Ok(registry::server::serve::serve(settings, &around)?)
    }

    /// The accounts of a registry of this site, whether or not it is served at the moment.
    ///
    /// # Errors
    /// A place that cannot be opened.
    pub fn registry_accounts(&self, storage: &StorageSettings) -> Result<Accounts<'_>> {
        let desk = Desk::open(storage, &self.registry_data(storage)?)?;
        Ok(Accounts { engine: self, desk })
    }

    /// Removes from a registry what its rules do not keep, and collects garbage. Servers may run.
    ///
    /// # Errors
    /// A place that cannot be opened or changed, and another collector.
    pub fn registry_collect(&self, settings: &Settings, clock: Seconds) -> Result<Round> {
        let journal: Arc<dyn Journal> = Arc::new(Pages { book: self.book()?, log: None });
        let round = self.upkeep(settings, clock)?.collect(&journal)?;
        self.note_round(&round)?;
        Ok(round)
    }

    /// What a collection would remove now.
    ///
    /// # Errors
    /// A place that cannot be read.
    pub fn registry_rehearse(&self, settings: &Settings, clock: Seconds) -> Result<Collected> {
        Ok(self.upkeep(settings, clock)?.rehearse()?)
    }

    /// How much a registry holds.
    ///
    /// # Errors
    /// A place that cannot be read.
    pub fn registry_stats(&self, settings: &Settings, clock: Seconds) -> Result<Stats> {
        Ok(self.upkeep(settings, clock)?.stats()?)
    }

    /// Whether a registry is what it says; `progress` is told how many bytes have been hashed.
    ///
    /// # Errors
    /// A place that cannot be read, or repaired.
    pub fn registry_verify(
        &self,
        settings: &Settings,
        repair: Repair,
        clock: Seconds,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<Verified> {
        Ok(self.upkeep(settings, clock)?.verify(repair, progress)?)
    }

    fn upkeep(&self, settings: &Settings, clock: Seconds) -> Result<Upkeep> {
        Ok(Upkeep::open(settings, &self.registry_data(&settings.storage)?, clock)?)
    }

    /// Where the shelf is, if it is on this host.
    fn registry_data(&self, storage: &StorageSettings) -> Result<PathBuf> {
        let home = self.registry_home(storage);
        home.prepare().map_err(DeskError::from)?;
        Ok(home.data())
    }

    fn note_round(&self, round: &Round) -> Result<()> {
        if !round.did_something() {
            return Ok(());
        }
        let entry = Entry::new(Kind::RegistryCollect, self.now())
            .with("blobs", round.collected.blobs.to_string())
            .with("bytes", round.collected.bytes.to_string())
            .with("tags", round.expired.tags.to_string())
            .with("manifests", round.expired.manifests.to_string());
        self.book()?.append(&entry, Durability::Buffered).map_err(crate::EngineError::from)?;
        Ok(())
    }
}
