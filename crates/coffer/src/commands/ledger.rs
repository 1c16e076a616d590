//! `ledger show|verify|checkpoint`

use engine::book::Line;
use serde::Serialize;

use super::{Act, Entry, Life, Truncate, act, options};
use crate::args::other::{LedgerCheckpoint, LedgerShow, LedgerVerify};
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::render::{ledger, units};
use crate::site;
use crate::value::filter::{self, Filter};

pub(super) const SHOW: Entry = Entry {
    words: &["ledger", "show"],
    aliases: &[],
    life: Life::Prove,
    about: "Show what was decided and what happened",
    examples: [
        ("coffer ledger show -n 20", "the last twenty entries"),
        ("coffer ledger show --filter kind=refusal", "every no"),
    ],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<LedgerShow>,
    act: act::<LedgerShow>,
};

pub(super) const VERIFY: Entry = Entry {
    words: &["ledger", "verify"],
    aliases: &[],
    life: Life::Prove,
    about: "Prove that no entry was changed, removed, moved or cut off",
    examples: [
        ("coffer ledger verify", "the whole log against its signed checkpoint"),
        ("coffer ledger verify --checkpoint yesterday.txt", "and that it goes on from one kept elsewhere"),
    ],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<LedgerVerify>,
    act: act::<LedgerVerify>,
};

pub(super) const CHECKPOINT: Entry = Entry {
    words: &["ledger", "checkpoint"],
    aliases: &[],
    life: Life::Prove,
    about: "Print a signed statement of the whole history, to keep elsewhere",
    examples: [
        ("coffer ledger checkpoint > yesterday.txt", "proves later that nothing was rewritten"),
        ("coffer ledger checkpoint --format json", "the note and what it says"),
    ],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<LedgerCheckpoint>,
    act: act::<LedgerCheckpoint>,
};

impl Act for LedgerShow {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        // With a filter, the last so many of those that pass it.
        let latest = if self.filter.is_empty() { self.last } else { None };
        let mut lines = filter::keep(engine.ledger_lines(latest)?, &self.filter, holds);
        let surplus = self
            .last
            .map_or(0, |last| lines.len().saturating_sub(usize::try_from(last).unwrap_or(usize::MAX)));
        lines.drain(..surplus);
        let truncate = if self.no_trunc { Truncate::Whole } else { Truncate::Short };
        context.show(|| &lines, || ledger::table(&lines, truncate, context.style, context.width()))?;
        Ok(0)
    }
}

fn holds(line: &Line, filter: &Filter) -> bool {
    let entry = &line.entry;
    let begins = |text: &Option<String>| text.as_ref().is_some_and(|text| text.starts_with(&filter.value));
    match filter.key.as_str() {
        "kind" => entry.kind.as_str() == filter.value,
        "container" => begins(&entry.container),
        "image" => begins(&entry.image) || begins(&entry.name),
        _ => entry.outcome.is_some_and(|outcome| outcome.as_str().replace(' ', "-") == filter.value),
    }
}

impl Act for LedgerVerify {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        #[derive(Serialize)]
        struct Proven {
            entries: u64,
            root: String,
        }
        let kept = self
            .checkpoint
            .as_ref()
            .map(|path| std::fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error)));
        let verified = site::open()?.ledger_verify(kept.transpose()?.as_deref())?;
        let (entries, root) = (verified.size, verified.root.to_string());
        let word = context.style.good("✓ verified");
        let count = units::count(usize::try_from(entries).unwrap_or(usize::MAX), "entry", "entries");
        let line = format!("{word}  {count}, root {root}\n");
        context.show(|| Proven { entries, root }, || line)?;
        Ok(0)
    }
}

impl Act for LedgerCheckpoint {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let statement = site::open()?.ledger_checkpoint()?;
        context.show(|| &statement, || statement.note.clone())?;
        Ok(0)
    }
}
