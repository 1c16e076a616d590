//! What is in something, and what is wrong with it: images, containers, directories, bills of material.
//!
//! What is learned of bytes is kept beside them ([`store::About`]); what advisories say of it is asked anew each time.

mod error;
mod subject;
mod learn;
mod gather;
mod known;
mod malware;
mod words;
mod describe;
mod bill;
mod matching;
mod examiner;
mod each;
mod affected;
mod urgent;
mod accept;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use model::finding::{Fix, Malware, Misconfiguration, Secret, Severity, Vulnerability};
use model::inventory::Inventory;
use scan::Scope;

use crate::time::rfc3339;

pub use accept::Acceptance;
pub use affected::{Affected, Answer, By, Holder};
pub use bill::Form;
pub use error::ExamineError;
pub use examiner::Examiner;
pub use report::diff::{Changed, Diff, Line, Side, diff};
pub use report::subject::{
    Counts, Database, DatabaseSource, Layer, Licence, Look, Scan, Target, TargetKind, Tool,
};
pub use subject::Subject;

/// Why a vulnerability is as urgent as it is, for people; the weightiest reason first.
pub use advisories::priority::reasons;

/// What is looked for, and whose word counts.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// All that is looked for.
    pub looks: BTreeSet<Look>,
    /// VEX documents, the later before the earlier.
    pub vex: Vec<PathBuf>,
    /// Ignore files, besides the site's own.
    pub ignore: Vec<PathBuf>,
    /// Lists of hashes.
    pub hashes: Vec<PathBuf>,
    /// YARA rules: files, and directories of them.
    pub yara: Vec<PathBuf>,
}

impl Wishes {
    /// How much has to be learned for it.
    fn scope(&self) -> Scope {
        let needs_files = |look: &Look| matches!(look, Look::Secrets | Look::Misconfigurations);
        if self.looks.iter().any(needs_files) { Scope::Everything } else { Scope::Packages }
    }
}

impl Default for Wishes {
    /// Everything that needs no file.
    fn default() -> Self {
        Self { looks: Look::all(), vex: Vec::new(), ignore: Vec::new(), hashes: Vec::new(), yara: Vec::new() }
    }
}

/// What something was found to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Examined {
    /// When: RFC 3339.
    pub time: String,
    /// What was examined.
    pub target: Target,
    /// What was looked for.
    pub looks: BTreeSet<Look>,
    /// What is in it.
    pub inventory: Inventory,
    /// What advisories say of it, most urgent first, dismissed last.
    pub vulnerabilities: Vec<Vulnerability>,
    /// Secrets that travel with it, the worst first.
    pub secrets: Vec<Secret>,
    /// What is wrong with how it was made, the worst first.
    pub misconfigurations: Vec<Misconfiguration>,
    /// Files that are known to be malicious.
    pub malware: Vec<Malware>,
    /// What its packages' licences mean, by their words.
    pub licences: BTreeMap<String, Licence>,
    /// The advisories; absent where there are none, or nobody asked.
    pub database: Option<Database>,
    /// Rules of ignore files that are past their end and would have counted, in words.
    pub expired: Vec<String>,
    /// How many vulnerabilities that count are not among the above, because nobody asked for them.
    pub left_out: usize,
}

/// Which vulnerabilities stay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fixes {
    /// All.
    #[default]
    Any,
    /// Those that a newer version mends.
    Known,
}

impl Examined {
    /// One of which nothing is known yet.
    fn of(target: Target, now: i64) -> Self {
        Self {
            time: rfc3339(now),
            target,
            looks: BTreeSet::new(),
            inventory: Inventory::default(),
            vulnerabilities: Vec::new(),
            secrets: Vec::new(),
            misconfigurations: Vec::new(),
            malware: Vec::new(),
            licences: BTreeMap::new(),
            database: None,
            expired: Vec::new(),
            left_out: 0,
        }
    }

    /// As every report takes it.
    #[must_use]
    pub fn scan(&self) -> Scan<'_> {
        Scan {
            tool: Tool { name: "coffer", version: env!("CARGO_PKG_VERSION") },
            time: &self.time,
            target: &self.target,
            looks: &self.looks,
            inventory: &self.inventory,
            vulnerabilities: &self.vulnerabilities,
            secrets: &self.secrets,
            misconfigurations: &self.misconfigurations,
            malware: &self.malware,
            licences: &self.licences,
            database: self.database.as_ref(),
        }
    }

    /// The same without what is less severe, or cannot be mended.
    #[must_use]
    pub fn narrowed(mut self, least: Severity, fixes: Fixes) -> Self {
        let mended = |found: &Vulnerability| fixes == Fixes::Any || matches!(found.fix, Fix::In(_));
        let counted = self.open().count();
        self.vulnerabilities.retain(|found| found.severity >= least && mended(found));
        self.secrets.retain(|secret| secret.severity >= least);
        self.misconfigurations.retain(|wrong| wrong.severity >= least);
        self.left_out += counted - self.open().count();
        self
    }

    /// How severe the worst is that counts; malware is critical. Absent where there is nothing.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        let open = self.open().map(|found| found.severity);
        let secrets = self.secrets.iter().map(|secret| secret.severity);
        let wrong = self.misconfigurations.iter().map(|wrong| wrong.severity);
        let malware = self.malware.iter().map(|_| Severity::Critical);
        open.chain(secrets).chain(wrong).chain(malware).max()
    }

    /// The vulnerabilities that count.
    pub fn open(&self) -> impl Iterator<Item = &Vulnerability> {
        self.vulnerabilities.iter().filter(|found| found.dismissed.is_none())
    }
}
