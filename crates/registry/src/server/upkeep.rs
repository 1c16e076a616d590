//! What keeps a depot in order: rounds while a server runs, and blocking calls for whoever asks for one.

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};

use super::depot::rules::Rules;
use super::depot::{
    self, Collected, Depot, DepotError, Expired, Kept, Mode, Removal, Repair, Stats, Verified,
};
use super::desk::DeskError;
use super::journal::{Deed, Event, Journal};
use super::settings::Settings;
use super::shelf::{Shelf, ShelfError};

/// Says what time it is, in seconds since 1970.
pub type Seconds = fn() -> u64;

/// Who removes what no rule keeps.
const WHO: &str = "rules";

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

/// Removes what the rules do not keep, writes that down, and then removes what is garbage.
pub(super) async fn round(
    depot: &Depot,
    rules: &Rules,
    clock: Seconds,
    journal: &Arc<dyn Journal>,
) -> depot::Result<Round> {
    let (mut events, mut expired) = (Vec::new(), Expired::default());
    let now = clock();
    let mut gone = |removal: Removal| {
        expired.count(&removal);
        events.push(event(removal, now));
    };
    let done = depot.expire_each(rules, now, &mut gone).await;
    // Also what went before something went wrong.
    write_down(Arc::clone(journal), events).await?;
    done?;
    let collected = depot.collect(Mode::Remove, rules.collection().grace(), &clock).await?;
    Ok(Round { expired, collected })
}

async fn write_down(journal: Arc<dyn Journal>, events: Vec<Event>) -> depot::Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let written = tokio::task::spawn_blocking(move || journal.record(&events)).await;
    let written = written.map_err(io::Error::other).and_then(|written| written);
    Ok(written.map_err(|error| ShelfError::place("write", "the journal", error))?)
}

/// A removal as the journal has it.
fn event(removal: Removal, when: u64) -> Event {
    Event {
        when,
        who: WHO.to_owned(),
        action: Deed::Delete,
        repository: removal.repository.to_string(),
        reference: removal.tag.map(|tag| tag.to_string()),
        digest: Some(removal.digest.to_string()),
        peer: None,
    }
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

    /// Removes what the rules do not keep, of which each is written down, and collects garbage.
    ///
    /// # Errors
    /// [`DepotError::Collecting`] while somebody else does; a shelf or a journal that cannot be read or written.
    pub fn collect(&self, journal: &Arc<dyn Journal>) -> Result<Round, DepotError> {
        self.runtime.block_on(round(&self.depot, &self.rules, self.clock, journal))
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU64, Ordering};

    use bytes::Bytes;
    use http_body_util::Full;

    use super::*;
    use crate::server::depot::Document;
    use crate::server::names::RepositoryName;
    use crate::server::shelf::{Algorithm, ContentDigest};

    const BEGIN: u64 = 1_000_000;
    const DAY: u64 = 24 * 60 * 60;

    static NOW: AtomicU64 = AtomicU64::new(BEGIN);

    #[derive(Default)]
    struct Pages(Mutex<Vec<(String, Option<String>)>>);

    impl Journal for Pages {
        fn record(&self, events: &[Event]) -> io::Result<()> {
            let said = events.iter().map(|event| (event.who.clone(), event.reference.clone()));
            self.0.lock().unwrap().extend(said);
            Ok(())
        }
    }

    async fn push(depot: &Depot) -> ContentDigest {
        let name: RepositoryName = "app".parse().unwrap();
        let config = ContentDigest::of(Algorithm::Sha256, b"{}");
        let id = depot.begin().await.unwrap();
        depot.append(&id, 0, Full::new(Bytes::from_static(b"{}")), 100).await.unwrap();
        depot.finish(&name, &id, &config, BEGIN).await.unwrap();
        let bytes = format!(r#"{{"schemaVersion":2,"config":{{"digest":"{config}","size":2}}}}"#);
        let document = Document::read(bytes.as_bytes(), None).unwrap();
        let (digest, tags) =
            (ContentDigest::of(Algorithm::Sha256, bytes.as_bytes()), ["v1".parse().unwrap()]);
        depot.put_manifest(&name, &digest, &document, bytes.into(), &tags, BEGIN).await.unwrap();
        config
    }

    #[tokio::test]
    async fn what_the_rules_do_not_keep_is_written_down_and_collected() {
        let dir = tempfile::tempdir().unwrap();
        let rules = "[[retention]]\nrepositories = '*'\nkeep_days = 1\n\
                     [[untagged]]\nrepositories = '*'\nremove_after_days = 1";
        let rules = Rules::parse(rules).unwrap();
        let depot = depot(Shelf::disk(&dir.path().join("shelf")).unwrap(), &rules);
        let config = push(&depot).await;
        let pages = Arc::new(Pages::default());
        let journal: Arc<dyn Journal> = pages.clone();
        let clock = || NOW.load(Ordering::SeqCst);
        assert!(!round(&depot, &rules, clock, &journal).await.unwrap().did_something());
        NOW.store(BEGIN + 2 * DAY, Ordering::SeqCst);
        let first = round(&depot, &rules, clock, &journal).await.unwrap();
        assert_eq!((first.expired.tags, first.expired.manifests, first.collected.blobs), (1, 1, 0));
        let said = pages.0.lock().unwrap().clone();
        assert_eq!(said, [("rules".to_owned(), Some("v1".to_owned())), ("rules".to_owned(), None)]);
        assert!(depot.shelf().blob_size(&config).await.unwrap().is_some(), "there is a time of grace");
        NOW.store(BEGIN + 3 * DAY, Ordering::SeqCst);
        assert_eq!(round(&depot, &rules, clock, &journal).await.unwrap().collected.blobs, 2);
        assert_eq!(depot.shelf().blob_size(&config).await.unwrap(), None);
    }
}
