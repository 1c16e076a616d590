//! `logs`

use std::io::{self, IsTerminal as _};
use std::ops::ControlFlow;

use engine::logs::{Entry as Line, Follow, More, Select, Stream};

use super::{Act, Entry, Life, act, options};
use crate::args::global::Format;
use crate::args::logs::Logs;
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::render::logs::{Form, JsonPage, Page, Timestamps};
use crate::render::{time, units};
use crate::site;
use crate::value::lines::Lines;

/// Bytes that are gathered before they are written.
const BLOCK: usize = 64 * 1024;

pub(super) const LOGS: Entry = Entry {
    words: &["logs"],
    aliases: &[&["container", "logs"]],
    life: Life::Run,
    about: "Show what a container in the background printed",
    examples: [
        ("coffer logs -f --tail 20 web", "the last lines, and what comes"),
        ("coffer logs --since 10m -t web", "of the last ten minutes, with times"),
    ],
    notes: "\
What the container wrote to its standard error goes to ours. A terminal gets it without the control
sequences that could deceive; files and pipes get the very bytes. Times without a zone are UTC.

--format json writes the entries as they are kept, one a line: log, stream (stdout, stderr, or coffer for a
remark about output that was lost), time, and raw (base64) where the bytes are no text.",
    codes: ExitCodes::Ordinary,
    options: options::<Logs>,
    act: act::<Logs>,
};

impl Act for Logs {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        let now = time::moment();
        let tail = match self.tail {
            Some(Lines::Last(count)) => Some(count),
            Some(Lines::All) | None => None,
        };
        let since = self.since.map(|since| since.seen_from(now));
        let until = self.until.map(|until| until.seen_from(now));
        let follow = if self.follow { Follow::UntilEnd } else { Follow::No };
        let timestamps = if self.timestamps { Timestamps::Shown } else { Timestamps::Left };
        let mut logs = engine.logs(&self.container, Select { since, until, tail }, follow)?;
        let mut printer = Printer::new(context.format, timestamps);
        loop {
            if logs.read(&mut |line| printer.print(line))?.is_break() {
                break;
            }
            if printer.flush().is_break() || engine.wait_for_logs(&mut logs)? == More::No {
                break;
            }
        }
        if logs.damaged() > 0 {
            let count = usize::try_from(logs.damaged()).unwrap_or(usize::MAX);
            let lines = units::count(count, "line", "lines");
            context.warn(&format!("{lines} of the log could not be read and were left out"));
        }
        printer.failed.map_or(Ok(0), |error| Err(Failure::output(&error)))
    }
}

/// Our two streams, and what is gathered for one of them.
struct Printer {
    output: Page,
    errors: Page,
    json: Option<JsonPage>,
    destination: Destination,
    block: Vec<u8>,
    failed: Option<io::Error>,
}

/// Which of our streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Destination {
    Output,
    Errors,
}

impl Printer {
    fn new(format: Format, timestamps: Timestamps) -> Self {
        let form = |terminal: bool| if terminal { Form::Cleaned } else { Form::Raw };
        Self {
            output: Page::new(form(io::stdout().is_terminal()), timestamps),
            errors: Page::new(form(io::stderr().is_terminal()), timestamps),
            json: (format == Format::Json).then(JsonPage::default),
            destination: Destination::Output,
            block: Vec::with_capacity(2 * BLOCK),
            failed: None,
        }
    }

    fn print(&mut self, line: &Line<'_>) -> ControlFlow<()> {
        let destination = match (&self.json, line.stream) {
            (Some(_), _) | (None, Some(Stream::Output)) => Destination::Output,
            (None, Some(Stream::Errors) | None) => Destination::Errors,
        };
        if destination != self.destination || self.block.len() > BLOCK {
            self.flush()?;
            self.destination = destination;
        }
        match (&mut self.json, destination) {
            (Some(json), _) => json.add(line, &mut self.block),
            (None, Destination::Output) => self.output.add(line, &mut self.block),
            (None, Destination::Errors) => self.errors.add(line, &mut self.block),
        }
        ControlFlow::Continue(())
    }

    fn flush(&mut self) -> ControlFlow<()> {
        let written = match self.destination {
            Destination::Output => write(&mut io::stdout().lock(), &self.block),
            Destination::Errors => write(&mut io::stderr().lock(), &self.block),
        };
        self.block.clear();
        match written {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failed = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}

fn write(to: &mut impl io::Write, block: &[u8]) -> io::Result<()> {
    to.write_all(block).and_then(|()| to.flush())
}
