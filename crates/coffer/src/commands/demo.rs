//! `demo`

use std::path::Path;

use engine::Interruptions;

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
        let temporary = tempfile::Builder::new()
            .prefix("coffer-demo-")
            .tempdir()
            .map_err(|error| Failure::file("make a directory in", &std::env::temp_dir(), &error))?;
        let engine = site::open_at(site::below(temporary.path(), site::site()?))?;
        let guide = Guide { engine: &engine, scratch: temporary.path(), interruptions: &interruptions };
        let tour = tour::walk(&guide)?;
        context.show(|| &tour, || page::page(&tour, context.style))?;
        Ok(u8::from(!tour.holds()))
    }
}
