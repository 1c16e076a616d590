//! What was found in something, for people: the answer first, then package by package, then the rest.

mod packages;
mod problems;
pub(crate) mod difference;
pub(crate) mod explained;

use engine::examine::{Counts, Database, Examined};
use model::finding::Severity;
use serde::Serialize;

use super::style::{Style, Tone};
use super::table::{Cell, Column, Table};
use super::{text, units};
use crate::value::severity;

/// Days after which advisories are called old.
const OLD: u32 = 7;

/// The whole page.
pub(crate) fn page(examined: &Examined, style: Style, width: usize) -> String {
    let mut page = format!("{}\n\n{}\n", headline(examined, style), answer(examined, style));
    for section in [
        packages::section(examined, style, width),
        problems::malware(examined, style, width),
        problems::secrets(examined, style, width),
        problems::misconfigurations(examined, style, width),
    ]
    .into_iter()
    .flatten()
    {
        page.push_str(&format!("\n{section}"));
    }
    let remarks = problems::remarks(examined, style, width);
    if !remarks.is_empty() {
        page.push_str(&format!("\n{remarks}"));
    }
    page
}

/// `alpine:3.10  sha256:8515d1bd5b2f  Alpine Linux v3.10  14 packages`
fn headline(examined: &Examined, style: Style) -> String {
    let target = &examined.target;
    let mut parts = vec![style.strong(&text::plain(&target.name))];
    if let Some((algorithm, digits)) = target.digest.split_once(':') {
        parts.push(format!("{algorithm}:{}", text::first(digits, 12)));
    }
    if let Some(distribution) = &examined.inventory.distribution {
        parts.push(text::plain(&distribution.name));
    }
    parts.push(units::count(examined.inventory.packages.len(), "package", "packages"));
    parts.retain(|part| !part.is_empty());
    parts.join("  ")
}

/// `3 critical  12 high  4 of unknown severity  2 known to be exploited`
fn answer(examined: &Examined, style: Style) -> String {
    let counts = Counts::of(examined.open().map(|found| found.severity));
    let mut words: Vec<String> = counts
        .rows()
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| {
            let of =
                if severity == Severity::Unknown { "of unknown severity" } else { severity::word(severity) };
            style.paint(tone(severity), &format!("{count} {of}"))
        })
        .collect();
    let exploited = examined.open().filter(|found| found.exploited.is_some()).count();
    if exploited > 0 {
        words.push(style.bad(&format!("{exploited} known to be exploited")));
    }
    if words.is_empty() {
        words.push(nothing(examined, style));
    }
    format!("  {}", words.join("  "))
}

/// What it means that no vulnerability is listed. What nobody could judge is not called clean.
fn nothing(examined: &Examined, style: Style) -> String {
    match (&examined.database, examined.left_out, examined.inventory.gaps.len()) {
        (None, ..) => style.warn("vulnerabilities were not looked for"),
        (_, 0, 0) => style.good("no known vulnerability"),
        (_, 0, _) => style.warn("no known vulnerability in what could be judged: see the gaps below"),
        (_, others, _) => format!("none that was asked for, and {others} others"),
    }
}

/// How a severity looks.
fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Critical | Severity::High => Tone::Bad,
        Severity::Medium => Tone::Warn,
        Severity::Unknown => Tone::Plain,
        Severity::Low | Severity::Negligible => Tone::Faint,
    }
}

fn severity_cell(severity: Severity) -> Cell {
    Cell::toned(severity::word(severity), tone(severity))
}

/// `5 sources, 2 days old`
fn advisories(database: &Database) -> (String, Tone) {
    let sources = units::count(database.sources.len(), "source", "sources");
    match database.age_days {
        Some(0) => (format!("{sources}, of today"), Tone::Plain),
        Some(days) => {
            let days_old = units::count(usize::try_from(days).unwrap_or(usize::MAX), "day old", "days old");
            let tone = if days > OLD { Tone::Warn } else { Tone::Plain };
            (format!("{sources}, {days_old}"), tone)
        }
        None => (sources, Tone::Plain),
    }
}

/// `--format json` of `coffer scan --all`: one image.
#[derive(Debug, Serialize)]
pub(crate) struct OverviewJson {
    name: String,
    digest: String,
    packages: usize,
    vulnerabilities: Counts,
    exploited: usize,
    secrets: usize,
    misconfigurations: usize,
    malware: usize,
    gaps: usize,
}

impl OverviewJson {
    pub(crate) fn new(examined: &Examined) -> Self {
        Self {
            name: examined.target.name.clone(),
            digest: examined.target.digest.clone(),
            packages: examined.inventory.packages.len(),
            vulnerabilities: Counts::of(examined.open().map(|found| found.severity)),
            exploited: examined.open().filter(|found| found.exploited.is_some()).count(),
            secrets: examined.secrets.len(),
            misconfigurations: examined.misconfigurations.len(),
            malware: examined.malware.len(),
            gaps: examined.inventory.gaps.len(),
        }
    }
}

/// A row for each image, the worst first.
pub(crate) fn overview(all: &[OverviewJson], style: Style, width: usize) -> String {
    let mut table = Table::new([
        Column::gives_way("IMAGE"),
        Column::whole("PACKAGES"),
        Column::whole("CRITICAL"),
        Column::whole("HIGH"),
        Column::whole("MEDIUM"),
        Column::whole("LOW"),
        Column::whole("EXPLOITED"),
        Column::whole("SECRETS"),
        Column::whole("MALWARE"),
    ]);
    let mut rows: Vec<&OverviewJson> = all.iter().collect();
    let rank = |row: &OverviewJson| {
        let Counts { critical, high, medium, .. } = row.vulnerabilities;
        std::cmp::Reverse((row.malware, row.exploited, critical, high, medium))
    };
    rows.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.name.cmp(&b.name)));
    for row in rows {
        let Counts { critical, high, medium, low, .. } = row.vulnerabilities;
        let number = |count: u32, severity| match count {
            0 => Cell::toned("-", Tone::Faint),
            count => Cell::toned(count.to_string(), tone(severity)),
        };
        let other = |count: usize| number(u32::try_from(count).unwrap_or(u32::MAX), Severity::Critical);
        table.row([
            row.name.as_str().into(),
            row.packages.to_string().into(),
            number(critical, Severity::Critical),
            number(high, Severity::High),
            number(medium, Severity::Medium),
            number(low, Severity::Low),
            other(row.exploited),
            other(row.secrets),
            other(row.malware),
        ]);
    }
    table.render(style, width)
}
