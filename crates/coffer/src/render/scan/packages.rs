//! Vulnerabilities, package by package: those that are built from one source have the same, and are said once.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use engine::examine::Examined;
use model::finding::{Fix, Reach, Vulnerability};
use model::inventory::{Package, PackageKind};

use super::severity_cell;
use crate::render::style::{Style, Tone};
use crate::render::table::{Cell, Column, Table};
use crate::render::units;

/// Packages of a group that are named.
const NAMED: usize = 3;

/// What packages have in common that have the same vulnerabilities.
type Source<'a> = (PackageKind, &'a str, &'a str);

/// Packages that are built from one source.
#[derive(Default)]
struct Group<'a> {
    packages: Vec<&'a Package>,
    found: BTreeMap<&'a str, &'a Vulnerability>,
}

/// The table; nothing where nothing counts.
pub(super) fn section(examined: &Examined, style: Style, width: usize) -> Option<String> {
    let groups = groups(examined);
    if groups.is_empty() {
        return None;
    }
    let mut table = Table::new([
        Column::gives_way("PACKAGE"),
        Column::gives_way("VERSION"),
        Column::whole("VULNERABILITY"),
        Column::whole("SEVERITY"),
        Column::gives_way("FIXED IN"),
        Column::whole("URGENCY"),
        Column::gives_way("REMARK"),
    ]);
    for group in groups {
        let (mut name, mut version) = (group.name(), group.version().to_owned());
        for found in group.ordered() {
            table.row([
                std::mem::take(&mut name).into(),
                std::mem::take(&mut version).into(),
                Cell::from(found.id.as_str()),
                severity_cell(found.severity),
                fix(found),
                found.priority.to_string().into(),
                remark(found),
            ]);
        }
    }
    Some(table.render(style, width))
}

/// The group with the most urgent vulnerability first.
fn groups(examined: &Examined) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<Source<'_>, Group<'_>> = BTreeMap::new();
    for found in examined.open() {
        let index = usize::try_from(found.package).unwrap_or(usize::MAX);
        let Some(package) = examined.inventory.packages.get(index) else { continue };
        let group = groups.entry(source(package)).or_default();
        if !group.packages.iter().any(|known| known.name == package.name) {
            group.packages.push(package);
        }
        let known = group.found.entry(found.id.as_str()).or_insert(found);
        if found.priority > known.priority {
            *known = found;
        }
    }
    let mut groups: Vec<Group<'_>> = groups.into_values().collect();
    groups.sort_by_key(|group| Reverse(group.found.values().map(|found| found.priority).max()));
    groups
}

fn source(package: &Package) -> Source<'_> {
    match &package.source {
        Some(source) => (package.kind, &source.name, &source.version),
        None => (package.kind, &package.name, &package.version),
    }
}

impl<'a> Group<'a> {
    /// `libcrypto1.1, libssl1.1 and 2 more`
    fn name(&self) -> String {
        let names: Vec<&str> = self.packages.iter().map(|package| package.name.as_str()).collect();
        let (named, others) = names.split_at(names.len().min(NAMED));
        match others.len() {
            0 => named.join(", "),
            count => format!("{} and {count} more", named.join(", ")),
        }
    }

    fn version(&self) -> &'a str {
        self.packages.first().map_or("", |package| package.version.as_str())
    }

    fn ordered(&self) -> Vec<&'a Vulnerability> {
        let mut found: Vec<&Vulnerability> = self.found.values().copied().collect();
        found.sort_by_key(|found| Reverse((found.priority, found.severity)));
        found
    }
}

fn fix(found: &Vulnerability) -> Cell {
    match &found.fix {
        Fix::In(version) => Cell::toned(version, Tone::Good),
        Fix::None => Cell::toned("not yet", Tone::Faint),
        Fix::Never => Cell::toned("never", Tone::Faint),
    }
}

fn remark(found: &Vulnerability) -> Cell {
    let mut words = Vec::new();
    match &found.exploited {
        Some(exploited) if exploited.ransomware => words.push("exploited, by ransomware too".to_owned()),
        Some(_) => words.push("exploited".to_owned()),
        None => {}
    }
    match found.reach {
        Reach::Present => words.push("its code is there".to_owned()),
        Reach::Absent => words.push("its code is not there".to_owned()),
        Reach::Unknown => {}
    }
    if let Some(epss) = found.epss.filter(|epss| *epss >= 0.1) {
        words.push(format!("EPSS {}", units::percent_text((epss * 1000.0).round() as u64)));
    }
    let tone = if found.exploited.is_some() { Tone::Bad } else { Tone::Plain };
    Cell::toned(words.join(", "), tone)
}
