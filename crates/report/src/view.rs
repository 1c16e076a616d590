//! Our own JSON, `coffer scan --format json`. Members are only ever added; what would change the meaning of one
//! changes [`FORMAT`].

mod summary;
mod finding;

use std::collections::{BTreeMap, BTreeSet};

use model::finding::{Malware, Misconfiguration, Secret};
use model::inventory::{Distribution, Gap};
use serde::Serialize;

pub use finding::Finding;
pub use summary::Summary;

use crate::subject::{self, Database, Look, Target, Tool};

/// The version of this format.
pub const FORMAT: u32 = 1;

/// A scan, as scripts read it.
#[derive(Debug, Serialize)]
pub struct Scan<'a> {
    /// [`FORMAT`].
    pub format: u32,
    /// Who scanned.
    pub tool: Tool<'a>,
    /// When: RFC 3339.
    pub time: &'a str,
    /// What was scanned: name, kind, digest, architecture, layers from the bottom.
    pub target: &'a Target,
    /// What was looked for: some of `vuln`, `secret`, `misconfig`, `licence`.
    pub scanners: &'a BTreeSet<Look>,
    /// What its `os-release` says; null where it has none.
    pub distribution: Option<&'a Distribution>,
    /// Counts of everything below.
    pub summary: Summary,
    /// One entry for each vulnerability in each package, most urgent first. Those that do not count have
    /// `dismissed`.
    pub vulnerabilities: Vec<Finding<'a>>,
    /// Redacted: enough to recognise them by.
    pub secrets: &'a [Secret],
    /// What is wrong with how it was made.
    pub misconfigurations: &'a [Misconfiguration],
    /// Files that are known to be malicious.
    pub malware: &'a [Malware],
    /// Declared licences, as the packages spell them.
    pub licences: BTreeMap<&'a str, LicenceUse<'a>>,
    /// What could not be read, and so may hide something.
    pub gaps: &'a [Gap],
    /// The advisories that it was compared with; null where it was not.
    pub database: Option<&'a Database>,
}

/// A licence and how many packages declare it.
#[derive(Debug, Default, Serialize)]
pub struct LicenceUse<'a> {
    /// The SPDX expression that it means; null where it is not understood.
    pub expression: Option<&'a str>,
    /// What it asks: `permissive`, `weak-copyleft`, `unknown`.
    pub category: &'a str,
    /// How many packages declare it.
    pub packages: u32,
}

impl<'a> Scan<'a> {
    /// What scripts read of a scan.
    #[must_use]
    pub fn of(scan: &subject::Scan<'a>) -> Self {
        Self {
            format: FORMAT,
            tool: scan.tool,
            time: scan.time,
            target: scan.target,
            scanners: scan.looks,
            distribution: scan.inventory.distribution.as_ref(),
            summary: Summary::of(scan),
            vulnerabilities: scan
                .vulnerabilities
                .iter()
                .filter_map(|found| Finding::of(scan, found))
                .collect(),
            secrets: scan.secrets,
            misconfigurations: scan.misconfigurations,
            malware: scan.malware,
            licences: licences(scan),
            gaps: &scan.inventory.gaps,
            database: scan.database,
        }
    }
}

/// What the packages declare, each with what it means.
pub(crate) fn licences<'a>(scan: &subject::Scan<'a>) -> BTreeMap<&'a str, LicenceUse<'a>> {
    let mut uses: BTreeMap<&str, LicenceUse<'_>> = BTreeMap::new();
    for declared in scan.inventory.packages.iter().flat_map(|package| &package.licences) {
        let entry = uses.entry(declared).or_insert_with(|| {
            let known = scan.licences.get(declared);
            LicenceUse {
                expression: known.and_then(|licence| licence.expression.as_deref()),
                category: known.map_or("unknown", |licence| licence.category.as_str()),
                packages: 0,
            }
        });
        entry.packages = entry.packages.saturating_add(1);
    }
    uses
}
