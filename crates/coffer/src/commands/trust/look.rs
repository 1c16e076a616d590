//! `trust inspect`, `trust log`

use engine::trust::Of;

use super::super::{Act, Entry, Life, act, options};
use crate::args::trust::{Inspect, Log};
use crate::context::Context;
use crate::desk::Keeper;
use crate::errors::{ExitCodes, Failure};
use crate::render::time;
use crate::render::trust::{self, EventJson, KnownJson};
use crate::{registries, site};

pub(crate) const INSPECT: Entry = Entry {
    words: &["trust", "inspect"],
    aliases: &[],
    life: Life::Trust,
    about: "Show a publisher: roles, keys, how long what they signed is valid, releases, stages, revocations",
    examples: [
        ("coffer trust inspect registry.example/team", "as pinned here"),
        ("coffer trust inspect team --format json", "a publisher of your own, for programs"),
    ],
    notes: "Only what verifies is shown. What waits for signatures is shown apart, to those whose keys are here.",
    codes: ExitCodes::Ordinary,
    options: options::<Inspect>,
    act: act::<Inspect>,
};

pub(crate) const LOG: Entry = Entry {
    words: &["trust", "log"],
    aliases: &[],
    life: Life::Trust,
    about: "List what a publisher signed, oldest first",
    examples: [
        ("coffer trust log registry.example/team", "releases, promotions, revocations, changes of keys"),
        ("coffer trust log team --format json", "for programs"),
    ],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<Log>,
    act: act::<Log>,
};

impl Act for Inspect {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let mut keeper = Keeper::that_asks_nothing();
        let registries = registries::open(context, self.authfile.as_deref())?;
        let known = site::open()?.known_of(&keeper.desk(&registries)?, &Of::typed(&self.whom));
        let known = keeper.outcome(known)?;
        context.show(
            || KnownJson::new(&known),
            || trust::known(&known, time::now(), context.style, context.width()),
        )?;
        Ok(0)
    }
}

impl Act for Log {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let mut keeper = Keeper::that_asks_nothing();
        let registries = registries::open(context, self.authfile.as_deref())?;
        let events = site::open()?.publisher_log(&keeper.desk(&registries)?, &Of::typed(&self.whom));
        let events = keeper.outcome(events)?;
        context.show(
            || events.iter().map(EventJson::new).collect::<Vec<_>>(),
            || trust::log(&events).render(context.style, context.width()),
        )?;
        Ok(0)
    }
}
