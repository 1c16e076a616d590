//! A site of its own, and what every test needs of it.

use std::cell::Cell;

use engine::registries::{Places, Registries};
use engine::site::{Invoker, Site};
use engine::time::Moment;
use engine::{Engine, EngineError};
use model::verdict::Level;

use super::engine;

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
