//! `demo`

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use engine::Interruptions;
use engine::session::Purpose;
use tempfile::TempDir;

use super::{Act, Entry, Life, act, options};
use crate::args::other::Demo;
use crate::context::Context;
use crate::demo::page;
use crate::demo::tour::{self, Guide};
use crate::errors::{ExitCodes, Failure};
use crate::site;

pub(super) const DEMO: Entry = Entry {
    words: &["demo"],
    aliases: &[],
    life: Life::Start,
    about: "Show all of it on an image that coffer carries: offline, in a second",
    examples: [
        ("coffer demo", "import, verdict, run, three attacks, a refusal, the proof"),
        ("coffer image import demo:", "keep that image, to run it yourself"),
    ],
    notes: "\
It uses a store and a ledger of its own in a temporary directory, and leaves nothing behind.
Exit code: 0 if every wall stands and every attack was stopped, 1 if not; 128 and the signal's number
if it was interrupted.",
    codes: ExitCodes::Ordinary,
    options: options::<Demo>,
    act: act::<Demo>,
};

impl Act for Demo {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let held = |error: std::io::Error| Failure::file("read signals from", Path::new("signalfd"), &error);
        let interruptions = Interruptions::hold().map_err(held)?;
        let scratch = Scratch::new()?;
        let engine = site::open_at(site::below(scratch.0.path(), site::site()?), Purpose::Start)?;
        let guide = Guide { engine: &engine, scratch: scratch.0.path(), interruptions: &interruptions };
        let tour = tour::walk(&guide)?;
        context.show(|| &tour, || page::page(&tour, context.style))?;
        Ok(u8::from(!tour.holds()))
    }
}

/// The demo's own directory, gone when it is dropped.
struct Scratch(TempDir);

/// How often its removal is tried, and how long after another.
const TRIES: u32 = 100;
const BETWEEN_TRIES: Duration = Duration::from_millis(10);

impl Scratch {
    fn new() -> Result<Self, Failure> {
        let made = tempfile::Builder::new().prefix("coffer-demo-").tempdir();
        made.map(Self).map_err(|error| Failure::file("make a directory in", &std::env::temp_dir(), &error))
    }
}

impl Drop for Scratch {
    /// Files of the last containers are removed by a process of their own, and two who remove the same
    /// directory get in each other's way: the one who comes second tries again.
    fn drop(&mut self) {
        for _ in 0..TRIES {
            match std::fs::remove_dir_all(self.0.path()) {
                Err(error) if error.kind() != ErrorKind::NotFound => std::thread::sleep(BETWEEN_TRIES),
                _ => return,
            }
        }
    }
}
