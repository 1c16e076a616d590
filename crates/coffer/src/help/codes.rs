//! Every code that a message can end with: what it means and what to do. A test compares this table
//! with the sources of all crates.

mod build;
mod evidence;
mod files;
mod publishing;
mod registry;
mod scan;
mod serving;
mod ship;
mod steps;
mod table;
mod trust;

use crate::render::style::Style;
use crate::render::text;

use build::BUILD;
use evidence::EVIDENCE;
use files::FILES;
use publishing::PUBLISHING;
use registry::REGISTRY;
use scan::SCAN;
use serving::SERVING;
use ship::SHIP;
use steps::STEPS;
use table::ALL;
use trust::TRUST;

/// One code.
pub(crate) struct Code {
    pub(crate) code: &'static str,
    meaning: &'static str,
    next: &'static str,
}

const fn code(code: &'static str, meaning: &'static str, next: &'static str) -> Code {
    Code { code, meaning, next }
}

impl Code {
    /// Its page of help.
    pub(crate) fn page(&self, style: Style) -> String {
        format!(
            "{}\n\n{}\n\n{}\n{}\n",
            style.strong(self.code),
            self.meaning,
            style.strong("What to do"),
            self.next
        )
    }
}

/// The whole table.
fn all() -> impl Iterator<Item = &'static Code> {
    let trust = TRUST.iter().chain(PUBLISHING).chain(EVIDENCE);
    ALL.iter()
        .chain(BUILD)
        .chain(FILES)
        .chain(REGISTRY)
        .chain(SCAN)
        .chain(SERVING)
        .chain(SHIP)
        .chain(STEPS)
        .chain(trust)
}

/// The code of that name; case does not matter, and neither do the brackets of the message.
pub(crate) fn find(name: &str) -> Option<&'static Code> {
    let name = name.trim_matches(['[', ']']);
    all().find(|code| code.code.eq_ignore_ascii_case(name))
}

/// All of them, a line each.
pub(crate) fn list(style: Style) -> String {
    let width = all().map(|code| code.code.len()).max().unwrap_or(0);
    let line = |code: &Code| {
        let first = code.meaning.split_once(". ").map_or(code.meaning, |(first, _)| first);
        format!("{}  {}\n", style.strong(&text::pad(code.code, width)), first.trim_end_matches('.'))
    };
    all().map(line).collect()
}
