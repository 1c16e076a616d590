//! Everything beside vulnerabilities: secrets, mistakes, malware, licences, and what is not known.

use std::collections::BTreeMap;

use engine::examine::Examined;
use model::finding::{Place, Severity};
use model::inventory::Gap;

use super::{advisories, severity_cell};
use crate::render::style::{Style, Tone};
use crate::render::table::{Column, Table};
use crate::render::{text, units};

/// Characters before a remark.
const INDENT: usize = 14;

/// Gaps and other remarks that are said one by one.
const MOST: usize = 8;

pub(super) fn malware(examined: &Examined, style: Style, width: usize) -> Option<String> {
    let rows = examined.malware.iter().map(|found| {
        let title = match found.title.as_str() {
            "" => found.rule.clone(),
            title => format!("{title} ({})", found.rule),
        };
        [severity_cell(Severity::Critical), title.into(), place(&found.place).into()]
    });
    section("MALWARE", rows, style, width)
}

pub(super) fn secrets(examined: &Examined, style: Style, width: usize) -> Option<String> {
    let rows = examined.secrets.iter().map(|secret| {
        let what = format!("{} {}", secret.title, secret.redacted);
        [severity_cell(secret.severity), what.into(), place(&secret.place).into()]
    });
    section("SECRET", rows, style, width)
}

pub(super) fn misconfigurations(examined: &Examined, style: Style, width: usize) -> Option<String> {
    let rows = examined.misconfigurations.iter().map(|wrong| {
        [severity_cell(wrong.severity), wrong.title.as_str().into(), place(&wrong.place).into()]
    });
    section("MISTAKE", rows, style, width)
}

fn section(
    title: &'static str,
    rows: impl Iterator<Item = [crate::render::table::Cell; 3]>,
    style: Style,
    width: usize,
) -> Option<String> {
    let mut rows = rows.peekable();
    rows.peek()?;
    let mut table =
        Table::new([Column::whole("SEVERITY"), Column::gives_way(title), Column::gives_way("WHERE")]);
    rows.for_each(|row| table.row(row));
    Some(table.render(style, width))
}

/// `app/.env:3, in layer 2, removed later`
pub(super) fn place(place: &Place) -> String {
    match place {
        Place::File { path, layer, line, removed } => {
            let line = if *line > 0 { format!(":{line}") } else { String::new() };
            let removed = if *removed { ", removed later but still in it" } else { "" };
            format!("{path}{line}, layer {}{removed}", layer.saturating_add(1))
        }
        Place::Environment(name) => format!("variable {name}"),
        Place::Label(name) => format!("label {name}"),
        Place::History(number) => format!("step {} of its history", number.saturating_add(1)),
        Place::Configuration => "its configuration".to_owned(),
    }
}

/// What there is to know about the answer itself.
pub(super) fn remarks(examined: &Examined, style: Style, width: usize) -> String {
    let mut lines: Vec<(&str, String, Tone)> = Vec::new();
    let mut say = |title: &'static str, words: String| lines.push((title, words, Tone::Plain));
    if let Some(words) = licences(examined) {
        say("licences", words);
    }
    let dismissed = examined.vulnerabilities.len() - examined.open().count();
    if dismissed > 0 {
        let words = units::count(dismissed, "finding does not count", "findings do not count");
        say("dismissed", format!("{words}; --format json says why"));
    }
    for words in shortened(examined.expired.clone()) {
        say("expired", words);
    }
    let removed = examined.inventory.removed.len();
    if removed > 0 {
        say("removed", units::count(removed, "package is", "packages are") + " only in lower layers");
    }
    for words in shortened(examined.inventory.gaps.iter().map(gap).collect()) {
        say("gap", words);
    }
    let (words, tone) = match &examined.database {
        Some(database) => advisories(database),
        None => ("none were asked; get some: coffer advisories import PATH".to_owned(), Tone::Plain),
    };
    lines.push(("advisories", words, tone));
    let line = |(title, words, tone): &(&str, String, Tone)| {
        let words = text::wrapped(&text::plain(words), width, INDENT);
        format!("  {}  {}\n", style.faint(&text::pad(title, 10)), style.paint(*tone, &words))
    };
    lines.iter().map(line).collect()
}

fn gap(gap: &Gap) -> String {
    if gap.location.is_empty() { gap.reason.clone() } else { format!("{}: {}", gap.location, gap.reason) }
}

fn shortened(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(MOST);
    if more > 0 {
        lines.truncate(MOST);
        lines.push(format!("and {more} more; --format json has all of them"));
    }
    lines
}

/// `112 permissive, 40 strong-copyleft, 3 unknown`, by package.
fn licences(examined: &Examined) -> Option<String> {
    let mut categories: BTreeMap<&str, usize> = BTreeMap::new();
    for declared in examined.inventory.packages.iter().flat_map(|package| &package.licences) {
        if let Some(licence) = examined.licences.get(declared) {
            *categories.entry(&licence.category).or_default() += 1;
        }
    }
    let words: Vec<String> =
        categories.iter().map(|(category, count)| format!("{count} {category}")).collect();
    (!words.is_empty()).then(|| words.join(", "))
}
