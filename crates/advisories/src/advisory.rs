//! What somebody says of a vulnerability, in the one form that every published format becomes.

use model::finding::{Cvss, Exploited, Fix, Severity};

use crate::version::Interval;

/// What an advisory is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// A vulnerability, or several.
    #[default]
    Vulnerability,
    /// A package that is malicious by intent.
    Malice,
    /// Something to know about the package that is no vulnerability: nobody maintains it, it is unsound.
    Notice,
    /// An update that mends no vulnerability.
    Maintenance,
}

/// Whether a package has what the advisory is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It has it.
    #[default]
    Affected,
    /// Those who maintain it say that it has not, whatever others say.
    NotAffected,
    /// Nobody knows yet.
    UnderInvestigation,
}

/// One advisory.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Advisory {
    /// `GHSA-...`, `DSA-5587-1`, `CVE-2023-38545`.
    pub id: String,
    /// Other names of the very same, sorted: `CVE-...`, `GHSA-...`.
    pub aliases: Vec<String>,
    /// The vulnerabilities that an update of a distribution mends, sorted: each has an identity and a severity of
    /// its own. Empty where the advisory is about one thing, itself.
    pub mends: Vec<String>,
    /// What it is about.
    pub topic: Topic,
    /// One line for people.
    pub summary: String,
    /// Where people read more.
    pub reference: String,
    /// `2023-10-11`; empty where nobody says.
    pub published: String,
    /// `2023-10-11`; empty where nobody says.
    pub modified: String,
    /// When it was taken back, if it was: it then matches nothing.
    pub withdrawn: Option<String>,
    /// In the words of those who publish it; absent where they leave that to CVSS.
    pub severity: Option<Severity>,
    /// Who publishes it: `ghsa`, `debian`, `nvd`.
    pub source: String,
    /// Scores of it, the newest version of CVSS first.
    pub cvss: Vec<Cvss>,
    /// `CWE-787`, sorted.
    pub cwes: Vec<String>,
    /// The packages that it is about.
    pub affected: Vec<Affected>,
}

/// What an advisory says of one package of one ecosystem or release.
#[derive(Debug, Clone, PartialEq)]
pub struct Affected {
    /// As OSV names it: `Debian:12`, `Alpine:v3.19`, `Ubuntu:22.04:LTS`, `PyPI`, `Go`.
    pub ecosystem: String,
    /// As the ecosystem spells it; of distributions the source package where the publisher goes by those.
    pub name: String,
    /// Whether it has it; for the versions below.
    pub status: Status,
    /// The versions that are meant; with none and no `versions` either, no version is. An end that is not included
    /// is the version that mends what is before it.
    pub ranges: Vec<Interval>,
    /// Further versions, one by one, as the ecosystem spells them.
    pub versions: Vec<String>,
    /// What to install instead, where the interval's own end does not say.
    pub fix: Fix,
    /// Of this package, by those who maintain it; goes before the advisory's own.
    pub severity: Option<Severity>,
    /// Scores of it for this package alone, the newest version of CVSS first.
    pub cvss: Vec<Cvss>,
    /// What else the package must be, as qualifiers of a package URL: `arch`, `rpmmod`.
    pub qualifiers: Vec<(String, String)>,
    /// The functions that are vulnerable, where somebody listed them.
    pub symbols: Vec<Vulnerable>,
}

impl Affected {
    /// A package of which nothing is said yet.
    #[must_use]
    pub fn new(ecosystem: &str, name: &str) -> Self {
        Self {
            ecosystem: ecosystem.to_owned(),
            name: name.to_owned(),
            status: Status::Affected,
            ranges: Vec::new(),
            versions: Vec::new(),
            fix: Fix::None,
            severity: None,
            cvss: Vec::new(),
            qualifiers: Vec::new(),
            symbols: Vec::new(),
        }
    }
}

/// The vulnerable functions of one package of a module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vulnerable {
    /// The import path; of Rust crates the crate.
    pub path: String,
    /// `Type.Method` or `Function`, sorted; none means all that is in the package.
    pub symbols: Vec<String>,
    /// The operating systems on which it is so, as Go names them; none means all.
    pub systems: Vec<String>,
    /// The architectures on which it is so, as Go names them; none means all.
    pub architectures: Vec<String>,
}

/// Something known of a vulnerability that says nothing about packages.
#[derive(Debug, Clone, PartialEq)]
pub enum Remark {
    /// CISA knows that it is exploited.
    Exploited(Exploited),
    /// The probability that it is exploited within 30 days, and the share of vulnerabilities that are less likely
    /// to be (EPSS).
    Likelihood {
        /// 0 to 1.
        probability: f32,
        /// 0 to 1.
        percentile: f32,
    },
}

/// Everything that an import yields, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// An advisory.
    Advisory(Box<Advisory>),
    /// A remark on a CVE.
    Remark {
        /// `CVE-2023-44487`.
        cve: String,
        /// What is known.
        remark: Remark,
    },
}
