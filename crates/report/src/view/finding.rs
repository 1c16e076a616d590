//! A vulnerability together with the package that has it.

use model::finding::{Cvss, Dismissal, Exploited, Fix, Reach, Severity, Vulnerability};
use model::inventory::{PackageKind, SourcePackage};
use model::purl::Purl;
use serde::Serialize;

use crate::subject::Scan;

/// A vulnerability in a package.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding<'a> {
    /// The CVE where there is one, and the advisory's own name otherwise.
    pub id: &'a str,
    /// Other names of the same.
    pub aliases: &'a [String],
    /// The package that has it.
    pub package: FoundIn<'a>,
    /// `critical`, `high`, `medium`, `low`, `negligible`, `unknown`.
    pub severity: Severity,
    /// Who says so: `debian`, `nvd`.
    pub severity_source: &'a str,
    /// Score and vector; null where nobody says.
    pub cvss: Option<&'a Cvss>,
    /// `fixed`, `none` as yet, or `never`.
    pub fix: FixState,
    /// The first version without it; null where there is none.
    pub fixed_version: Option<&'a str>,
    /// 0 to 100: severity, likelihood and reach together.
    pub priority: u8,
    /// One line for people.
    pub summary: &'a str,
    /// `2023-10-11`; empty where nobody says.
    pub published: &'a str,
    /// Who says that the package is vulnerable, as OSV names it: `Debian:12`.
    pub source: &'a str,
    /// Which versions are vulnerable, in words.
    pub range: &'a str,
    /// Whether the vulnerable code is there: `present`, `absent`, `unknown`.
    pub reach: Reach,
    /// The probability that it is exploited within 30 days, 0 to 1; null where nobody says.
    pub epss: Option<f32>,
    /// CISA's word that it is exploited; null where there is none.
    pub exploited: Option<&'a Exploited>,
    /// Why it does not count; null where it does.
    pub dismissed: Option<&'a Dismissal>,
}

/// The package that has a vulnerability.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FoundIn<'a> {
    /// `dpkg`, `npm`.
    pub kind: PackageKind,
    /// Its name.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
    /// What it was built from, where that differs.
    pub source: Option<&'a SourcePackage>,
    /// Its package URL; null where it has none.
    pub purl: Option<Purl>,
    /// The file that says that it is there.
    pub location: &'a str,
    /// The layer that brought it, counted from the bottom.
    pub layer: u32,
    /// That layer's digest; empty where it is not known.
    pub layer_digest: &'a str,
}

/// What can be done about a vulnerability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FixState {
    /// Install a version that does not have it.
    Fixed,
    /// Wait.
    None,
    /// Live without the package.
    Never,
}

impl<'a> Finding<'a> {
    pub(crate) fn of(scan: &Scan<'a>, found: &'a Vulnerability) -> Option<Self> {
        let package = scan.package(found.package)?;
        let (fix, fixed_version) = match &found.fix {
            Fix::In(version) => (FixState::Fixed, Some(version.as_str())),
            Fix::None => (FixState::None, None),
            Fix::Never => (FixState::Never, None),
        };
        Some(Self {
            id: &found.id,
            aliases: &found.aliases,
            package: FoundIn {
                kind: package.kind,
                name: &package.name,
                version: &package.version,
                source: package.source.as_ref(),
                purl: scan.purl(package),
                location: &package.location,
                layer: package.layer,
                layer_digest: scan.layer(package.layer),
            },
            severity: found.severity,
            severity_source: &found.severity_source,
            cvss: found.cvss.as_ref(),
            fix,
            fixed_version,
            priority: found.priority,
            summary: &found.summary,
            published: &found.published,
            source: &found.source,
            range: &found.range,
            reach: found.reach,
            epss: found.epss,
            exploited: found.exploited.as_ref(),
            dismissed: found.dismissed.as_ref(),
        })
    }
}
