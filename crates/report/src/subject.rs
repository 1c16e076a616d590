//! What every report is about: an image, what is in it, what is wrong with it, and who says so.

use std::collections::{BTreeMap, BTreeSet};

use model::finding::{Malware, Misconfiguration, Secret, Severity, Vulnerability};
use model::inventory::{Inventory, Package};
use model::purl::Purl;
use serde::Serialize;

/// All that a scan has learned. Every renderer takes one, and nothing else.
#[derive(Debug, Clone, Copy)]
pub struct Scan<'a> {
    /// Who scanned.
    pub tool: Tool<'a>,
    /// When, as RFC 3339 has it: `2026-11-26T05:00:00Z`.
    pub time: &'a str,
    /// What was scanned.
    pub target: &'a Target,
    /// What was looked for: where nothing is said of something else, it may be there.
    pub looks: &'a BTreeSet<Look>,
    /// What is in it.
    pub inventory: &'a Inventory,
    /// What is known to be wrong with its packages, most urgent first, dismissed ones included.
    pub vulnerabilities: &'a [Vulnerability],
    /// Secrets that travel with it.
    pub secrets: &'a [Secret],
    /// What is wrong with how it was made.
    pub misconfigurations: &'a [Misconfiguration],
    /// Files that are known to be malicious.
    pub malware: &'a [Malware],
    /// What the licences mean that its packages declare, by their words.
    pub licences: &'a BTreeMap<String, Licence>,
    /// The advisories that it was compared with; absent where it was not.
    pub database: Option<&'a Database>,
}

/// What can be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Look {
    /// Packages that advisories are about.
    #[serde(rename = "vuln")]
    Vulnerabilities,
    /// Passwords, keys and tokens.
    #[serde(rename = "secret")]
    Secrets,
    /// How it was made, and how it starts.
    #[serde(rename = "misconfig")]
    Misconfigurations,
    /// What its packages' licences ask.
    #[serde(rename = "licence")]
    Licences,
}

impl Look {
    /// All of them.
    #[must_use]
    pub fn all() -> BTreeSet<Self> {
        [Self::Vulnerabilities, Self::Secrets, Self::Misconfigurations, Self::Licences].into()
    }
}

/// The program that scans.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Tool<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its version: digits and dots.
    pub version: &'a str,
}

/// What was scanned.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Target {
    /// As the user named it: an image, a path.
    pub name: String,
    /// What it is.
    pub kind: TargetKind,
    /// Of an image its manifest's or, failing that, its configuration's digest: `sha256:...`; empty where there is
    /// none.
    pub digest: String,
    /// `amd64`; empty where nobody says.
    pub architecture: String,
    /// An image's layers, bottom first.
    pub layers: Vec<Layer>,
}

/// The kinds of things that are scanned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetKind {
    /// An image, or a container of one.
    #[default]
    Image,
    /// A directory.
    Directory,
    /// A bill of material that somebody else wrote.
    Sbom,
}

/// A layer of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// Of its uncompressed bytes: `sha256:...`.
    pub digest: String,
    /// The command that made it, as the history has it; empty where it does not.
    pub made_by: String,
}

/// What a declared licence means.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Licence {
    /// The SPDX expression that it stands for; absent where it is not understood.
    pub expression: Option<String>,
    /// What it asks of whoever passes the work on: `permissive`, `strong-copyleft`, `unknown`.
    pub category: String,
}

/// The advisories that a scan was compared with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Database {
    /// When the youngest of its sources was published, as RFC 3339 has it; empty where nobody says.
    pub time: String,
    /// How many whole days that was before the scan.
    pub age_days: Option<u32>,
    /// Where the advisories come from.
    pub sources: Vec<DatabaseSource>,
}

/// One source of advisories.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DatabaseSource {
    /// `Debian`, `PyPI`.
    pub name: String,
    /// How many of them.
    pub advisories: u64,
    /// When it was published, as RFC 3339 has it; empty where nobody says.
    pub time: String,
}

impl<'a> Scan<'a> {
    /// A package by its index in the inventory.
    pub(crate) fn package(&self, index: u32) -> Option<&'a Package> {
        usize::try_from(index).ok().and_then(|index| self.inventory.packages.get(index))
    }

    /// A package's URL.
    pub(crate) fn purl(&self, package: &Package) -> Option<Purl> {
        Purl::of(package, self.inventory.distribution.as_ref())
    }

    /// A layer's digest; empty where it is not known.
    pub(crate) fn layer(&self, number: u32) -> &'a str {
        let layer = usize::try_from(number).ok().and_then(|number| self.target.layers.get(number));
        layer.map_or("", |layer| layer.digest.as_str())
    }

    /// What somebody has to deal with, and the package that it is in.
    pub(crate) fn open(&self) -> impl Iterator<Item = (&'a Vulnerability, &'a Package)> {
        let scan = *self;
        let open = self.vulnerabilities.iter().filter(|found| found.dismissed.is_none());
        open.filter_map(move |found| scan.package(found.package).map(|package| (found, package)))
    }

    /// The SPDX expression of a declared licence, if it is one.
    pub(crate) fn expression(&self, declared: &str) -> Option<&'a str> {
        self.licences.get(declared).and_then(|licence| licence.expression.as_deref())
    }
}

/// How many of each severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// CVSS from 9.
    pub critical: u32,
    /// CVSS from 7.
    pub high: u32,
    /// CVSS from 4.
    pub medium: u32,
    /// CVSS below 4.
    pub low: u32,
    /// Not worth a fix of their own.
    pub negligible: u32,
    /// Nobody says.
    pub unknown: u32,
}

impl Counts {
    /// Counts.
    pub fn of(severities: impl IntoIterator<Item = Severity>) -> Self {
        let mut counts = Self::default();
        for severity in severities {
            let count = match severity {
                Severity::Critical => &mut counts.critical,
                Severity::High => &mut counts.high,
                Severity::Medium => &mut counts.medium,
                Severity::Low => &mut counts.low,
                Severity::Negligible => &mut counts.negligible,
                Severity::Unknown => &mut counts.unknown,
            };
            *count = count.saturating_add(1);
        }
        counts
    }

    /// Each severity and how many there are, worst first.
    #[must_use]
    pub fn rows(&self) -> [(Severity, u32); 6] {
        [
            (Severity::Critical, self.critical),
            (Severity::High, self.high),
            (Severity::Medium, self.medium),
            (Severity::Low, self.low),
            (Severity::Negligible, self.negligible),
            (Severity::Unknown, self.unknown),
        ]
    }

    /// How many there are.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.rows().iter().map(|(_, count)| count).sum()
    }
}
