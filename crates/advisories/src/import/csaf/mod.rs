//! CSAF 2.0, security advisories and VEX: <https://docs.oasis-open.org/csaf/csaf/v2.0/>.

mod wire;
mod tree;

use std::collections::{BTreeMap, HashMap, HashSet};

use model::finding::{Fix, Severity};

use super::output::Output;
use super::score::{score, sorted};
use super::words::{day, line, set, severity};
use crate::advisory::{Advisory, Affected, Status};
use crate::version::{Bound, Interval};
use tree::{Part, Tree};
pub(super) use wire::Document;
use wire::{Meta, Vulnerability};

/// Reads a document: one advisory for each of its vulnerabilities.
pub(super) fn read(document: Document, output: &mut Output<'_>) {
    let tree = Tree::new(&document.product_tree);
    if document.vulnerabilities.is_empty() {
        output.skip(&document.document.tracking.id, "it is about no vulnerability");
    }
    for vulnerability in &document.vulnerabilities {
        one(&document.document, &tree, vulnerability, output);
    }
}

fn one(meta: &Meta, tree: &Tree<'_>, vulnerability: &Vulnerability, output: &mut Output<'_>) {
    let mut ids = vulnerability.ids.iter().map(|id| id.text.clone());
    let Some(id) = vulnerability.cve.clone().or_else(|| ids.next()) else {
        return output.skip(&meta.tracking.id, "a vulnerability has no name");
    };
    let affected = affected(&id, tree, vulnerability, output);
    let notes =
        vulnerability.notes.iter().find(|note| matches!(note.category.as_str(), "description" | "summary"));
    let title = if vulnerability.title.is_empty() { &meta.title } else { &vulnerability.title };
    let mut cvss = Vec::new();
    for vector in vulnerability.scores.iter().flat_map(wire::Scores::vectors) {
        match score(vector) {
            Ok(score) => cvss.push(score),
            Err(reason) => output.skip(&id, reason),
        }
    }
    let published = [&vulnerability.release_date, &meta.tracking.initial_release_date];
    output.advisory(Advisory {
        summary: line(title, notes.map_or("", |note| note.text.as_str())),
        reference: meta.reference(),
        published: published
            .map(|time| day(time))
            .into_iter()
            .find(|day| !day.is_empty())
            .unwrap_or_default(),
        modified: day(&meta.tracking.current_release_date),
        severity: general_severity(vulnerability).or_else(|| severity(&meta.aggregate_severity.text)),
        source: meta.publisher(),
        cvss: sorted(cvss),
        cwes: set(vulnerability.cwe.iter().map(|cwe| cwe.id.clone()).collect()),
        affected,
        id,
        ..Advisory::default()
    });
}

/// The severity of all products, where that is not said of some of them.
fn general_severity(vulnerability: &Vulnerability) -> Option<Severity> {
    let threats = vulnerability.threats.iter().filter(|threat| threat.category == "impact");
    threats.filter(|threat| threat.product_ids.is_empty()).find_map(|threat| severity(&threat.details))
}

/// What is said of each package; products that differ in architecture alone are one.
fn affected(
    id: &str,
    tree: &Tree<'_>,
    vulnerability: &Vulnerability,
    output: &mut Output<'_>,
) -> Vec<Affected> {
    let severities = severities(vulnerability);
    let given_up = given_up(vulnerability);
    let status = &vulnerability.product_status;
    let mut packages: BTreeMap<(Part<'_>, Status), Affected> = BTreeMap::new();
    let mut strange = 0_u64;
    let lists = [
        (&status.fixed, Status::Affected, Mended::Here),
        (&status.known_affected, Status::Affected, Mended::Not),
        (&status.under_investigation, Status::UnderInvestigation, Mended::Not),
        (&status.known_not_affected, Status::NotAffected, Mended::Not),
    ];
    for (product, status, mended) in
        lists.into_iter().flat_map(|(list, status, mended)| list.iter().map(move |id| (id, status, mended)))
    {
        let Some(found) = tree.part(product) else {
            strange += 1;
            continue;
        };
        let entry = packages.entry((found.part.clone(), status));
        let affected = entry.or_insert_with(|| new(&found.part, status));
        affected.severity = affected.severity.or_else(|| severities.get(product.as_str()).copied());
        match (mended, found.version) {
            (Mended::Here, Some(version)) => fixed(affected, version),
            (Mended::Here, None) => strange += 1,
            (Mended::Not, _) => {
                let never = given_up.contains(product.as_str()) && status == Status::Affected;
                open(affected, if never { Fix::Never } else { Fix::None });
            }
        }
    }
    if strange > 0 {
        output.skip(
            id,
            format!("{strange} of its products are no packages that are known, or have no version"),
        );
    }
    packages.into_values().filter(|affected| !affected.ranges.is_empty()).map(each_once).collect()
}

/// Whether the product that is listed is the one that mends it.
#[derive(Clone, Copy)]
enum Mended {
    Here,
    Not,
}

fn new(part: &Part<'_>, status: Status) -> Affected {
    let mut affected = Affected::new(&part.ecosystem, part.name);
    affected.status = status;
    affected.qualifiers.extend(part.module.clone().map(|module| ("rpmmod".to_owned(), module)));
    affected
}

fn fixed(affected: &mut Affected, version: String) {
    affected.ranges.push(Interval { from: None, to: Some(Bound::Excluding(version.clone())) });
    affected.fix = Fix::In(version);
}

/// Every architecture has the same versions.
fn each_once(mut affected: Affected) -> Affected {
    let mut seen = HashSet::new();
    affected.ranges.retain(|interval| seen.insert(interval.clone()));
    affected
}

fn open(affected: &mut Affected, fix: Fix) {
    if affected.ranges.is_empty() {
        affected.ranges.push(Interval::ALL);
        affected.fix = fix;
    }
}

fn severities(vulnerability: &Vulnerability) -> HashMap<&str, Severity> {
    let threats = vulnerability.threats.iter().filter(|threat| threat.category == "impact");
    threats
        .filter_map(|threat| Some((threat, severity(&threat.details)?)))
        .flat_map(|(threat, severity)| threat.product_ids.iter().map(move |id| (id.as_str(), severity)))
        .collect()
}

/// The products that nobody will mend.
fn given_up(vulnerability: &Vulnerability) -> HashSet<&str> {
    let remedies = vulnerability.remediations.iter().filter(|remedy| remedy.category == "no_fix_planned");
    remedies.flat_map(|remedy| remedy.product_ids.iter().map(String::as_str)).collect()
}
