//! What changed from one image to another: packages, and what is wrong with them.

mod packages;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use model::inventory::PackageKind;
use serde::Serialize;

pub use packages::{Changed, Line, Packages};

use crate::subject::{Counts, Scan};
use crate::view::{FORMAT, Finding};

/// What changed, as people and scripts read it.
#[derive(Debug, PartialEq, Serialize)]
pub struct Diff<'a> {
    /// The version of this format: [`FORMAT`].
    pub format: u32,
    /// The image that was.
    pub before: Side<'a>,
    /// The image that is.
    pub after: Side<'a>,
    /// Packages that came, went, or have another version.
    pub packages: Packages<'a>,
    /// Vulnerabilities that count.
    pub vulnerabilities: Vulnerabilities<'a>,
}

/// One of the two images.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Side<'a> {
    /// As the user named it.
    pub name: &'a str,
    /// `sha256:...`; empty where it has none.
    pub digest: &'a str,
    /// Its vulnerabilities that count, by severity.
    pub vulnerabilities: Counts,
}

/// Vulnerabilities, most urgent first. One in several copies of a package counts once.
#[derive(Debug, PartialEq, Serialize)]
pub struct Vulnerabilities<'a> {
    /// The image that was had them.
    pub fixed: Vec<Finding<'a>>,
    /// The image that is has them.
    pub new: Vec<Finding<'a>>,
    /// Both have them; as the image that is has them.
    pub same: Vec<Finding<'a>>,
}

/// What changed from `before` to `after`.
#[must_use]
pub fn diff<'a>(before: &Scan<'a>, after: &Scan<'a>) -> Diff<'a> {
    Diff {
        format: FORMAT,
        before: side(before),
        after: side(after),
        packages: packages::compare(&before.inventory.packages, &after.inventory.packages),
        vulnerabilities: vulnerabilities(before, after),
    }
}

fn side<'a>(scan: &Scan<'a>) -> Side<'a> {
    let vulnerabilities = Counts::of(scan.open().map(|(found, _)| found.severity));
    Side { name: &scan.target.name, digest: &scan.target.digest, vulnerabilities }
}

fn vulnerabilities<'a>(before: &Scan<'a>, after: &Scan<'a>) -> Vulnerabilities<'a> {
    let mut gone = findings(before);
    let (same, new): (BTreeMap<_, _>, BTreeMap<_, _>) =
        findings(after).into_iter().partition(|(key, _)| gone.remove(key).is_some());
    Vulnerabilities { fixed: urgent_first(gone), new: urgent_first(new), same: urgent_first(same) }
}

/// A vulnerability in a package, whichever version and wherever.
type Key<'a> = (&'a str, PackageKind, &'a str);

fn findings<'a>(scan: &Scan<'a>) -> BTreeMap<Key<'a>, Finding<'a>> {
    let mut findings: BTreeMap<Key<'_>, Finding<'_>> = BTreeMap::new();
    for found in scan.open().filter_map(|(found, _)| Finding::of(scan, found)) {
        let key = (found.id, found.package.kind, found.package.name);
        match findings.get(&key) {
            Some(other) if other.priority >= found.priority => {}
            _ => _ = findings.insert(key, found),
        }
    }
    findings
}

fn urgent_first<'a>(findings: BTreeMap<Key<'a>, Finding<'a>>) -> Vec<Finding<'a>> {
    let mut findings: Vec<Finding<'_>> = findings.into_values().collect();
    findings.sort_by_key(|found| Reverse((found.priority, found.severity)));
    findings
}
