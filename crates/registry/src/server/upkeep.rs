//! What keeps a depot in order: rounds while a server runs, and blocking calls for whoever asks for one.

use std::path::Path;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};

use super::depot::rules::Rules;
use super::depot::{self, Collected, Depot, DepotError, Expired, Kept, Mode, Repair, Stats, Verified};
use super::desk::DeskError;
use super::settings::Settings;
use super::shelf::Shelf;

/// Says what time it is, in seconds since 1970.
pub type Seconds = fn() -> u64;

/// What one round has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// What the rules did not keep.
    pub expired: Expired,
    /// What was garbage.
    pub collected: Collected,
}

impl Round {
    /// Whether anything has gone.
    #[must_use]
    pub fn did_something(&self) -> bool {
        let (expired, collected) = (&self.expired, &self.collected);
        expired.tags + expired.manifests + collected.blobs + collected.uploads > 0
    }
}

/// Removes what the rules do not keep, and then what is garbage.
pub(super) async fn round(depot: &Depot, rules: &Rules, clock: Seconds) -> depot::Result<Round> {
    let expired = depot.expire(rules, clock()).await?;
    let collected = depot.collect(Mode::Remove, rules.collection().grace(), &clock).await?;
    Ok(Round { expired, collected })
}

/// A depot under its rules.
pub(super) fn depot(shelf: Shelf, rules: &Rules) -> Depot {
    Depot::new(shelf.clone(), Arc::new(Kept::new(rules.clone(), shelf)))
}

/// A depot for whoever looks after it, whether or not a server runs.
pub struct Upkeep {
    runtime: Runtime,
    depot: Depot,
    rules: Rules,
    clock: Seconds,
}

impl Upkeep {
    /// Opens the bucket that the settings name, or else the directory `data`.
    ///
    /// # Errors
    /// Settings that cannot be followed, and a place that cannot be used.
    pub fn open(settings: &Settings, data: &Path, clock: Seconds) -> Result<Self, DeskError> {
        let runtime = Builder::new_multi_thread().enable_all().build().map_err(DeskError::Runtime)?;
        let shelf = runtime.block_on(settings.storage.open(data))?;
        let rules = settings.rules.clone();
        Ok(Self { depot: depot(shelf, &rules), runtime, rules, clock })
    }

    /// Removes what the rules do not keep, and collects garbage.
    ///
    /// # Errors
    /// [`DepotError::Collecting`] while somebody else does; a shelf that cannot be read or written.
    pub fn collect(&self) -> Result<Round, DepotError> {
        self.runtime.block_on(round(&self.depot, &self.rules, self.clock))
    }

    /// Counts what would be collected now, without what the rules would remove before.
    ///
    /// # Errors
    /// A shelf that cannot be read.
    pub fn rehearse(&self) -> Result<Collected, DepotError> {
        let grace = self.rules.collection().grace();
        self.runtime.block_on(self.depot.collect(Mode::Rehearse, grace, &self.clock))
    }

    /// Counts everything.
    ///
    /// # Errors
    /// A shelf that cannot be read.
    pub fn stats(&self) -> Result<Stats, DepotError> {
        self.runtime.block_on(self.depot.stats())
    }

    /// Looks at everything; `progress` is told how many bytes have been hashed.
    ///
    /// # Errors
    /// A shelf that cannot be read, or written where it is repaired.
    pub fn verify(
        &self,
        repair: Repair,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<Verified, DepotError> {
        self.runtime.block_on(self.depot.verify(&self.rules, repair, (self.clock)(), progress))
    }
}
