//! `stats`: once, or again each second.

use std::time::Duration;

use engine::containers::Which;
use engine::resources::Sample;
use engine::state::Record;
use engine::{Engine, EngineError, Interruptions};

use super::super::{Act, Entry, Life, Truncate, act, options};
use crate::args::global::Format;
use crate::args::resources::Stats;
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::render::stats::{self, Page, Watched};
use crate::render::time;
use crate::screen::Screen;
use crate::site;

/// Between two samples.
const INTERVAL: Duration = Duration::from_secs(1);

pub(in super::super) const STATS: Entry = Entry {
    words: &["stats"],
    aliases: &[&["container", "stats"]],
    life: Life::Run,
    about: "Show what containers use, each second",
    examples: [
        ("coffer stats", "all that run, until ctrl-c"),
        ("coffer stats --no-stream --format json web", "once, for programs"),
    ],
    notes: "\
CPU is the share of one processor since the sample before: 200% are two whole ones. MEMORY is counted without
the page cache that can be given up at once. NET is `-` for a container without interfaces of its own but
loopback. Where the output is no terminal, a table follows each second; with `--format json`, an object on
a line for each container.",
    codes: ExitCodes::Ordinary,
    options: options::<Stats>,
    act: act::<Stats>,
};

impl Act for Stats {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        if self.no_stream { self.once(&engine, context) } else { self.stream(&engine, context) }
    }
}

impl Stats {
    fn once(&self, engine: &Engine, context: &Context) -> Result<u8, Failure> {
        let mut watched = Watched::default();
        watched.add(self.samples(engine)?);
        // Processor time shows only between two samples.
        std::thread::sleep(INTERVAL);
        watched.add(self.samples(engine)?);
        context.show(|| watched.json(time::now()), || watched.table(&self.page(context, 0)))?;
        Ok(0)
    }

    /// Until somebody interrupts, or nobody listens any more.
    fn stream(&self, engine: &Engine, context: &Context) -> Result<u8, Failure> {
        let held = |error| Failure::from(EngineError::Io { doing: "hold back signals", source: error });
        let interruptions = Interruptions::hold().map_err(held)?;
        let mut screen = (context.format == Format::Table).then(Screen::new).flatten();
        let mut watched = Watched::default();
        for round in 0_u64.. {
            watched.add(self.samples(engine)?);
            match &mut screen {
                Some(screen) => screen.show(&watched.table(&self.page(context, stats::MOST_BARS)))?,
                // The first sample has no processor time to show; a person is shown the rest of it already.
                None if round == 0 => {}
                None => self.print(&watched, context)?,
            }
            if let Some(signal) = interruptions.within(INTERVAL) {
                return Err(Failure::interrupted(signal));
            }
        }
        Ok(0)
    }

    fn print(&self, watched: &Watched, context: &Context) -> Result<(), Failure> {
        match context.format {
            Format::Table | Format::Document(_) => context.print(&watched.table(&self.page(context, 0))),
            Format::Json => {
                watched.json(time::now()).iter().try_for_each(|sample| context.print_json_line(sample))
            }
        }
    }

    fn page(&self, context: &Context, bars: usize) -> Page {
        let truncate = if self.no_trunc { Truncate::Whole } else { Truncate::Short };
        let (style, width, letters) = (context.style, context.width(), context.letters());
        Page { truncate, style, width, bars, letters }
    }

    fn samples(&self, engine: &Engine) -> Result<Vec<Sample>, Failure> {
        Ok(self.records(engine)?.into_iter().map(|record| engine.sample(record)).collect())
    }

    fn records(&self, engine: &Engine) -> Result<Vec<Record>, EngineError> {
        match (self.containers.as_slice(), self.all) {
            ([], true) => engine.containers(Which::All),
            ([], false) => engine.containers(Which::Running),
            (names, _) => names.iter().map(|name| engine.container(name)).collect(),
        }
    }
}
