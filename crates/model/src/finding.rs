//! What is wrong with an image: vulnerabilities, secrets, mistakes, and how urgent each is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How bad something is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nobody says.
    #[default]
    Unknown,
    /// Not worth a fix of its own.
    Negligible,
    /// CVSS below 4.
    Low,
    /// CVSS below 7.
    Medium,
    /// CVSS below 9.
    High,
    /// CVSS from 9.
    Critical,
}

/// What those who maintain a package say of a vulnerability in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fix {
    /// The first version without it.
    In(String),
    /// There is none yet.
    None,
    /// There will be none: the maintainers decided so, or the release is past its life.
    Never,
}

/// Whether the vulnerable code is in the image, where that can be known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// It cannot be known.
    #[default]
    Unknown,
    /// One of the vulnerable functions is in the file.
    Present,
    /// None of them is.
    Absent,
}

/// How bad a vulnerability is by CVSS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cvss {
    /// 0.0 to 10.0.
    pub score: f32,
    /// `CVSS:3.1/AV:N/...`
    pub vector: String,
}

impl Cvss {
    /// What its version calls the score: version 2 knows nothing worse than high, and a score of nothing is nothing
    /// worth a fix.
    #[must_use]
    pub fn severity(&self) -> Severity {
        let worst = if self.vector.starts_with("AV:") { Severity::High } else { Severity::Critical };
        match self.score {
            score if score >= 9.0 => worst,
            score if score >= 7.0 => Severity::High,
            score if score >= 4.0 => Severity::Medium,
            score if score > 0.0 => Severity::Low,
            _ => Severity::Negligible,
        }
    }
}

/// CISA's word that a vulnerability is exploited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exploited {
    /// `2023-10-10`.
    pub since: String,
    /// `2023-10-31`; those who answer to CISA must have mended it by then.
    pub due: String,
    /// Whether ransomware uses it.
    pub ransomware: bool,
}

/// A package that an advisory says is vulnerable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Vulnerability {
    /// The CVE where there is one, and the advisory's own name otherwise.
    pub id: String,
    /// Other names of the same: the advisory's own, `GHSA-...`, further CVEs; sorted.
    pub aliases: Vec<String>,
    /// The package, by its index in the inventory.
    pub package: u32,
    /// By the maintainers of the package where they say, by CVSS otherwise.
    pub severity: Severity,
    /// Who says how severe it is: `debian`, `nvd`, `ghsa`.
    pub severity_source: String,
    /// Absent where nobody says.
    pub cvss: Option<Cvss>,
    /// What to install instead.
    pub fix: Fix,
    /// One line for people.
    pub summary: String,
    /// `2023-10-11`; empty where nobody says.
    pub published: String,
    /// Who says that the package is vulnerable, as OSV names it: `Debian:12`, `PyPI`.
    pub source: String,
    /// Which versions are vulnerable, in words: `before 7.88.1-10+deb12u4`.
    pub range: String,
    /// Whether the code is there.
    pub reach: Reach,
    /// The probability that it is exploited within 30 days, 0 to 1 (EPSS).
    pub epss: Option<f32>,
    /// Present where it is known to be exploited.
    pub exploited: Option<Exploited>,
    /// How urgent it is, 0 to 100, from all of the above.
    pub priority: u8,
    /// Why it does not count, if it does not.
    pub dismissed: Option<Dismissal>,
}

/// Why a finding does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dismissal {
    /// A VEX statement's justification, or the reason that an ignore file gives.
    pub reason: String,
    /// The document that says so.
    pub source: String,
    /// Until when, `2027-01-31`; absent where it does not end.
    pub until: Option<String>,
}

/// A secret that travels with the image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// The rule that found it: `aws-access-key`, `private-key`.
    pub rule: String,
    /// What it is, for people.
    pub title: String,
    /// How bad it is.
    pub severity: Severity,
    /// Where it is.
    pub place: Place,
    /// Enough to recognise it by and too little to use it.
    pub redacted: String,
}

/// Something about the image that should be otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Misconfiguration {
    /// The rule: `root-user`, `setuid-file`.
    pub rule: String,
    /// What is wrong, for people.
    pub title: String,
    /// How bad it is.
    pub severity: Severity,
    /// Where it is.
    pub place: Place,
    /// What to do about it.
    pub advice: String,
}

/// A file that is known to be malicious.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Malware {
    /// The list or rule that knows it.
    pub rule: String,
    /// What it is, for people.
    pub title: String,
    /// Where it is.
    pub place: Place,
    /// The file's digest.
    pub sha256: String,
    /// What else a rule says of itself: author, reference and the like, by its own names.
    pub meta: BTreeMap<String, String>,
}

/// Where in an image something is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// In a file of a layer.
    File {
        /// Without a leading slash.
        path: String,
        /// The layer, counted from the bottom.
        layer: u32,
        /// The line, counted from one; 0 for the file as a whole.
        line: u32,
        /// Whether a later layer removes the file, which hides it from nobody who has the layer.
        removed: bool,
    },
    /// In a variable of the configuration.
    Environment(String),
    /// In a label of the configuration.
    Label(String),
    /// In a command of the history, counted from zero.
    History(u32),
    /// In the configuration as a whole.
    Configuration,
}

/// What a decision about a start knows of an image's vulnerabilities.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Scanned {
    /// Nobody has looked, or nothing that was found could be compared with advisories.
    #[default]
    Never,
    /// What is in it was compared with advisories.
    Compared {
        /// How many whole days ago the youngest of them were had.
        age_days: u32,
        /// What nobody should start, each once, the most urgent first.
        urgent: Vec<Urgent>,
    },
}

/// A critical vulnerability that is known to be exploited, and that nobody has dismissed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Urgent {
    /// The CVE.
    pub id: String,
    /// The package that has it.
    pub package: String,
    /// Its version.
    pub version: String,
    /// What to install instead.
    pub fix: Fix,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_as_severe_as_its_version_says() {
        for (score, second, third) in [
            (0.0, Severity::Negligible, Severity::Negligible),
            (0.1, Severity::Low, Severity::Low),
            (3.9, Severity::Low, Severity::Low),
            (4.0, Severity::Medium, Severity::Medium),
            (6.9, Severity::Medium, Severity::Medium),
            (7.0, Severity::High, Severity::High),
            (8.9, Severity::High, Severity::High),
            (9.0, Severity::High, Severity::Critical),
            (10.0, Severity::High, Severity::Critical),
            (f32::NAN, Severity::Negligible, Severity::Negligible),
        ] {
            let by = |vector: &str| Cvss { score, vector: vector.to_owned() }.severity();
            assert_eq!((by("AV:N/AC:L"), by("CVSS:3.1/AV:N")), (second, third), "{score}");
            assert_eq!(by("CVSS:4.0/AV:N"), third, "{score}");
        }
    }
}
