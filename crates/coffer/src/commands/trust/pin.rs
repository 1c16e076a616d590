//! `trust pin`, `trust unpin`, `trust pins`, `trust refresh`

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use engine::trust::{Files, Pin, Place};

use super::super::{Act, Entry, Life, act, options};
use crate::args::trust::{Pin as Wish, Pins, Refresh, Unpin};
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::render::pins::{self, HeardJson, StandingJson};
use crate::render::time;
use crate::{registries, site};

pub(crate) const PIN: Entry = Entry {
    words: &["trust", "pin"],
    aliases: &[],
    life: Life::Trust,
    about: "From now on, let nothing below a place run unless its publisher vouches for it",
    examples: [
        ("coffer trust pin registry.example/team --root sha256:...", "the fingerprint that the publisher told you"),
        ("coffer trust pin mirror.example/team --root sha256:... --stage prod", "a copy, and only what reached prod"),
    ],
    notes: "\
Get the fingerprint from the publisher and not from the registry; `coffer trust init` prints it. With --first-use it is
believed as it comes, which protects from everybody but who answers today.

What was learned is kept, and never goes back: an older state of the publisher is refused, whoever serves it. `pull`,
`run` and `create` refresh it by themselves once it is older than an hour.",
    codes: ExitCodes::Ordinary,
    options: options::<Wish>,
    act: act::<Wish>,
};

pub(crate) const UNPIN: Entry = Entry {
    words: &["trust", "unpin"],
    aliases: &[],
    life: Life::Trust,
    about: "Ask for nobody's signature below a place any more",
    examples: [
        ("coffer trust unpin registry.example/team", "one"),
        ("coffer trust unpin registry.example/team mirror.example/team", "two at once"),
    ],
    notes: "The ledger has it. What was learned of the publisher stays, so that a later pin cannot be led back.",
    codes: ExitCodes::Ordinary,
    options: options::<Unpin>,
    act: act::<Unpin>,
};

pub(crate) const PINS: Entry = Entry {
    words: &["trust", "pins"],
    aliases: &[&["trust", "ls"]],
    life: Life::Trust,
    about: "List the places that are pinned, and how fresh what is known of them is",
    examples: [("coffer trust pins", "a line each"), ("coffer trust pins --format json", "for programs")],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<Pins>,
    act: act::<Pins>,
};

pub(crate) const REFRESH: Entry = Entry {
    words: &["trust", "refresh"],
    aliases: &[],
    life: Life::Trust,
    about: "Ask registries now for what pinned publishers have signed since",
    examples: [
        ("coffer trust refresh", "all that are pinned"),
        ("coffer trust refresh registry.example/team", "one"),
    ],
    notes: "It happens by itself whenever what is here is older than an hour and something is pulled or started.",
    codes: ExitCodes::Ordinary,
    options: options::<Refresh>,
    act: act::<Refresh>,
};

impl Act for Wish {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let registries = registries::open(context, self.authfile.as_deref())?;
        let engine = site::open()?;
        let files = self.from.as_deref().map(files).transpose()?;
        let fingerprint = match self.root {
            Some(root) => root,
            None => engine.first_root(&registries, &self.place, files.as_ref())?,
        };
        let pin = Pin {
            fingerprint,
            publisher: self.name.unwrap_or_else(|| last(&self.place)),
            stage: self.stage.map(|stage| stage.to_string()),
            place: self.place,
        };
        let heard = engine.pin(&registries, &pin, files)?;
        context.show(|| HeardJson::new(&heard), || pins::pinned(&heard, context.style))?;
        Ok(0)
    }
}

impl Act for Unpin {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        let mut gone = Vec::new();
        for place in &self.places {
            gone.push(engine.unpin(place)?);
        }
        context.show(
            || gone.iter().map(|pin| pin.place.to_string()).collect::<Vec<_>>(),
            || gone.iter().map(|pin| format!("{}\n", pin.place)).collect(),
        )?;
        Ok(0)
    }
}

impl Act for Pins {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let all = site::open()?.pins()?;
        context.show(
            || all.iter().map(StandingJson::new).collect::<Vec<_>>(),
            || pins::table(&all, time::now()).render(context.style, context.width()),
        )?;
        Ok(0)
    }
}

impl Act for Refresh {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let registries = registries::open(context, self.authfile.as_deref())?;
        let engine = site::open()?;
        let mut answers = Vec::new();
        if self.places.is_empty() {
            answers.extend(engine.refresh_trust(&registries, None)?);
        }
        for place in &self.places {
            answers.extend(engine.refresh_trust(&registries, Some(place))?);
        }
        super::heard(context, answers)
    }
}

/// What `coffer trust export` wrote, or a directory of the same files.
pub(super) fn files(path: &Path) -> Result<Files, Failure> {
    if path.is_dir() {
        return Ok(Files::from_directory(path)?);
    }
    let file = File::open(path).map_err(|error| Failure::file("open", path, &error))?;
    Ok(Files::from_archive(&mut BufReader::new(file))?)
}

/// `team` of `registry.example/team`.
fn last(place: &Place) -> String {
    let text = place.to_string();
    text.rsplit('/').next().unwrap_or(&text).to_owned()
}
