//! History, as a table.

use engine::book::{Entry, Kind, Line};

use super::style::{Style, Tone};
use super::table::{Cell, Column, Table};
use super::text;
use crate::commands::Truncate;

/// One row for each entry, oldest first.
pub(crate) fn table(lines: &[Line], truncate: Truncate, style: Style, width: usize) -> String {
    let mut table = Table::new([
        Column::whole("ENTRY"),
        Column::whole("TIME"),
        Column::whole("KIND"),
        Column::whole("CONTAINER"),
        Column::gives_way("IMAGE"),
        Column::gives_way("WHAT"),
    ]);
    for Line { index, entry } in lines {
        let container = entry.container.as_deref().unwrap_or_default();
        table.row([
            index.to_string().into(),
            entry.time.as_str().into(),
            kind(entry.kind),
            shortened(container, truncate).into(),
            image(entry, truncate).into(),
            what(entry).into(),
        ]);
    }
    table.render(style, if truncate == Truncate::Whole { usize::MAX } else { width })
}

fn kind(kind: Kind) -> Cell {
    let tone = match kind {
        Kind::Permit => Tone::Good,
        Kind::Refusal => Tone::Bad,
        _ => Tone::Plain,
    };
    Cell::toned(kind.as_str(), tone)
}

fn image(entry: &Entry, truncate: Truncate) -> String {
    let digest = entry.image.as_deref().unwrap_or_default();
    let name = entry.name.as_deref().unwrap_or_default();
    match (name, truncate) {
        ("", _) | (_, Truncate::Whole) => format!("{name} {}", shortened(digest, truncate)).trim().to_owned(),
        (name, Truncate::Short) => name.to_owned(),
    }
}

/// `go with 2 missing`, `refused by privileged-needs-own-tenant`, `exit 0, permit 3`
fn what(entry: &Entry) -> String {
    let mut parts = Vec::new();
    if let Some(outcome) = entry.outcome {
        parts.push(outcome.as_str().to_owned());
    }
    if let Some(level) = entry.level {
        parts.push(format!("level {level}"));
    }
    parts.extend(entry.rule.as_ref().map(|rule| format!("rule {rule}")));
    parts.extend(entry.exit.map(|exit| format!("exit {}", exit.exit_code())));
    parts.extend(entry.exceptions.iter().map(|exception| format!("! {}", exception.id)));
    parts.extend(entry.permit.map(|permit| format!("permit {permit}")));
    parts.extend(entry.volume.as_ref().map(|volume| format!("volume {volume}")));
    let words = entry.attributes.iter().filter(|(name, _)| *name != "name");
    parts.extend(words.map(|(name, value)| format!("{} {value}", name.replace('-', " "))));
    parts.extend(entry.detail.clone());
    parts.join(", ")
}

/// The algorithm, if there is one, and twelve digits.
pub(crate) fn shortened(id: &str, truncate: Truncate) -> String {
    match (truncate, id.split_once(':')) {
        (Truncate::Whole, _) => id.to_owned(),
        (Truncate::Short, Some((algorithm, hex))) => format!("{algorithm}:{}", text::first(hex, 12)),
        (Truncate::Short, None) => text::first(id, 12),
    }
}
