//! `events`

use std::time::Duration;

use engine::time::Moment;

use super::{Act, Entry, Life, Truncate, act, options};
use crate::args::global::Format;
use crate::args::system::Events;
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::render::event::{self, Chronicle, Event};
use crate::render::time;
use crate::site;
use crate::value::filter::{self, Filter};
use crate::value::instant::Instant;

/// How often the ledger is looked at for something new.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

pub(super) const EVENTS: Entry = Entry {
    words: &["events"],
    aliases: &[&["system", "events"]],
    life: Life::Prove,
    about: "Show what happened to containers, images and volumes, as it happens",
    examples: [
        ("coffer events --since 1h", "the last hour"),
        ("coffer events -f --filter event=die --filter event=oom", "every end of a container from now on"),
    ],
    notes: "\
Every event is an entry of the ledger, in Docker's words. Without `-f` it ends with the last one; with `-f`
and without `--since` it begins with the next one. `coffer ledger show` has all that an entry says.",
    codes: ExitCodes::Ordinary,
    options: options::<Events>,
    act: act::<Events>,
};

impl Act for Events {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let now = time::now();
        let window = Window {
            since: self.since.map(|since| as_written(since, now)),
            until: self.until.map(|until| as_written(until, now)),
        };
        let (mut history, mut chronicle) = (site::open()?.history()?, Chronicle::default());
        // Without a beginning, whoever follows wants to know what comes.
        let mut shown = !self.follow || window.since.is_some();
        loop {
            let over = self.follow && window.is_over();
            for line in history.news()? {
                let event = chronicle.event(&line);
                if let Some(event) = event.filter(|event| shown && window.holds(event) && self.wants(event)) {
                    self.tell(&event, context)?;
                }
            }
            if !self.follow || over {
                return Ok(0);
            }
            shown = true;
            std::thread::sleep(BETWEEN_LOOKS);
        }
    }
}

impl Events {
    fn tell(&self, event: &Event, context: &Context) -> Result<(), Failure> {
        let truncate = if self.no_trunc { Truncate::Whole } else { Truncate::Short };
        match context.format {
            Format::Table | Format::Document(_) => {
                context.print(&event::line(event, truncate, context.style))
            }
            Format::Json => context.print_json_line(event),
        }
    }

    fn wants(&self, event: &Event) -> bool {
        filter::one_of_each(&self.filter, |filter| holds(event, filter))
    }
}

fn holds(event: &Event, filter: &Filter) -> bool {
    let value = filter.value.as_str();
    let attribute = |name: &str| event.attributes.get(name).is_some_and(|found| found == value);
    // An id may be given by its beginning, an image's also without its algorithm.
    let begins = || {
        !value.is_empty() && (event.id.starts_with(value) || event.id.starts_with(&format!("sha256:{value}")))
    };
    match filter.key.as_str() {
        "type" => event.subject == value,
        "event" => event.action == value || event.action.split(':').next() == Some(value),
        "container" => event.subject == "container" && (begins() || attribute("name")),
        "image" => match event.subject {
            "image" => begins() || attribute("name"),
            _ => attribute("image"),
        },
        "volume" => event.subject == "volume" && event.id == value,
        _ => filter::label_holds(&event.attributes, value),
    }
}

/// From when to when, as the ledger writes times: its texts are in the order of what they stand for.
struct Window {
    since: Option<String>,
    until: Option<String>,
}

impl Window {
    fn holds(&self, event: &Event) -> bool {
        self.since.as_ref().is_none_or(|since| event.time >= *since)
            && self.until.as_ref().is_none_or(|until| event.time <= *until)
    }

    /// Whether nothing that is still to come can be in it.
    fn is_over(&self) -> bool {
        self.until.as_ref().is_some_and(|until| time::rfc3339(time::now()) > *until)
    }
}

fn as_written(instant: Instant, now: i64) -> String {
    time::rfc3339(instant.seen_from(Moment { seconds: now, nanos: 0 }).seconds)
}
