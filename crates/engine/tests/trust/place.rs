//! A site of its own, and what every test needs of it.

use std::cell::Cell;

use engine::registries::{Places, Registries};
use engine::ship::{Pulled, Wanted};
use engine::site::{Invoker, Site};
use engine::time::Moment;
use engine::trust::{Carrier, Edition, Files, Heard, Pin};
use engine::{Engine, EngineError, Quiet};
use model::verdict::Level;

use super::engine;
use super::publisher::Publisher;

/// When every test begins.
pub(crate) const BEGIN: i64 = 1_800_000_000;

std::thread_local! {
    /// The hands of the clock of a test's engine.
    static CLOCK: Cell<i64> = const { Cell::new(BEGIN) };
}

/// What the engine's clock shows from now on.
pub(crate) fn set_clock(seconds: i64) {
    CLOCK.set(seconds);
}

pub(crate) fn clock() -> Moment {
    Moment { seconds: CLOCK.get(), nanos: 0 }
}

/// A site that is removed with the test.
pub(crate) struct Home {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) engine: Engine,
    pub(crate) registries: Registries,
}

impl Home {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let site = Site {
            state: directory.path().join("state"),
            run: directory.path().join("run"),
            level: Level::Baseline,
            invoker: Invoker::Root,
        };
        let engine = Engine::open(site, clock).unwrap();
        Self { directory, engine, registries: Registries::load(Places::default()).unwrap() }
    }

    /// Kinds of what the ledger has.
    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        self.engine.ledger_lines(None).unwrap().iter().map(|line| line.entry.kind.as_str()).collect()
    }
}

/// The stable code of what went wrong.
#[track_caller]
pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, EngineError>) -> &'static str {
    result.unwrap_err().code()
}

impl Home {
    /// Pins a publisher at a place of a registry.
    pub(crate) fn pin(&self, place: &str, publisher: &Publisher) -> Result<Heard, EngineError> {
        self.engine.pin(&self.registries, &pin(place, publisher), None)
    }

    pub(crate) fn pull(&self, name: &str) -> Result<Pulled, EngineError> {
        let name = name.parse().unwrap();
        self.engine.pull(&self.registries, &name, &Wanted::host(), &mut Quiet)
    }

    /// Hears whoever is pinned at a place.
    pub(crate) fn refresh(&self, place: &str) -> Result<Heard, EngineError> {
        let place = place.parse().unwrap();
        self.engine.refresh_trust(&self.registries, Some(&place)).unwrap().remove(0)
    }

    /// Puts files at a place, whatever is there.
    pub(crate) fn publish(&self, place: &str, files: &Files) {
        let carrier = Carrier::Registry(place.parse().unwrap());
        let over = self.engine.published(&self.registries, &carrier, Edition::Latest).unwrap();
        let over = over.map(|over| over.revision);
        self.engine.publish(&self.registries, &carrier, Edition::Latest, files, over).unwrap();
    }
}

pub(crate) fn pin(place: &str, publisher: &Publisher) -> Pin {
    let fingerprint = publisher.fingerprint();
    Pin { place: place.parse().unwrap(), fingerprint, publisher: "team".to_owned(), stage: None }
}
