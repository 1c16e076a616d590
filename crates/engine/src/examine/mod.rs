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
mod affected;
mod urgent;
mod accept;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use model::finding::{Fix, Malware, Misconfiguration, Place, Secret, Severity, Vulnerability};
use model::image::{Image, ImageConfig};
use model::inventory::Inventory;
use store::Progress;

use crate::advice::Advice;
use crate::book::{Entry, Kind};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::time::rfc3339;
use gather::{Files, Learned};
use known::Known;
use words::Words;

pub use accept::Acceptance;
pub use affected::{Affected, Answer, By, Holder};
pub use bill::Form;
pub use error::ExamineError;
pub use report::diff::{Changed, Diff, Line, Side, diff};
pub use report::subject::{Counts, Database, DatabaseSource, Layer, Licence, Scan, Target, TargetKind, Tool};
pub use subject::Subject;

/// Why a vulnerability is as urgent as it is, for people; the weightiest reason first.
pub use advisories::priority::reasons;

/// What can be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Look {
    /// Packages that advisories are about.
    Vulnerabilities,
    /// Passwords, keys and tokens.
    Secrets,
    /// How it was made, and how it starts.
    Misconfigurations,
    /// What its packages' licences ask.
    Licences,
}

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
}

impl Default for Wishes {
    /// Everything that needs no file.
    fn default() -> Self {
        let looks = [Look::Vulnerabilities, Look::Secrets, Look::Misconfigurations, Look::Licences];
        Self { looks: looks.into(), vex: Vec::new(), ignore: Vec::new(), hashes: Vec::new() }
    }
}

/// What something was found to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Examined {
    /// When: RFC 3339.
    pub time: String,
    /// What was examined.
    pub target: Target,
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

impl Engine {
    /// Examines something. This process must have no other thread.
    ///
    /// # Errors
    /// [`ExamineError`]; the store's and the state's, where there is nothing of the kind.
    pub fn examine(
        &self,
        subject: &Subject,
        wishes: &Wishes,
        progress: &mut dyn Progress,
    ) -> Result<Examined, EngineError> {
        let looks = |look: Look| wishes.looks.contains(&look);
        let words = Words::read(wishes, &self.site)?;
        let lists = malware::read(&wishes.hashes)?;
        let advice = if looks(Look::Vulnerabilities) { self.advice()? } else { None };
        let files = if lists.is_empty() { Files::NotNeeded } else { Files::Needed };
        let Learned { target, known, image, trees, facts } = self.learn(subject, files, progress)?;
        let Known { inventory, secrets, oddities } = known;
        let mut examined = Examined { inventory, ..Examined::of(target, self.now()) };
        examined.malware = self.malware(trees, &facts, &lists, &mut examined.inventory)?;
        if looks(Look::Secrets) {
            examined.secrets = secrets;
        }
        if looks(Look::Misconfigurations) {
            examined.misconfigurations = self.mistakes(image.as_ref(), &oddities);
        }
        if looks(Look::Licences) {
            examined.licences = describe::licences(&examined.inventory);
        }
        if let Some(advice) = &advice {
            let of_image =
                image.as_ref().filter(|_| matches!(subject, Subject::Image(_) | Subject::Archive(_)));
            self.compare(&mut examined, advice, &words, (image.as_ref(), of_image))?;
        }
        self.write_down(&examined, image.as_ref())?;
        Ok(examined)
    }

    /// Asks the advisories, and then everybody who has a word in it. `kept` is the image whose own inventory it is.
    fn compare(
        &self,
        examined: &mut Examined,
        advice: &Advice,
        words: &Words,
        (image, kept): (Option<&Image>, Option<&Image>),
    ) -> Result<(), EngineError> {
        let today = self.today();
        let mut found = advice.vulnerabilities(&mut examined.inventory, &today)?;
        let _kept = kept.map(|image| self.keep_judgement(image, &advice.index, &found, &examined.inventory));
        let purls = describe::image_purls(image);
        examined.expired = words.apply(&mut found, &examined.inventory, &purls, &today);
        matching::urgent_first(&mut found);
        examined.vulnerabilities = found;
        examined.database = Some(describe::database(&advice.index, self.now()));
        Ok(())
    }

    /// Of what is no image, only files can be mistakes.
    fn mistakes(
        &self,
        image: Option<&Image>,
        oddities: &[scan::misconfiguration::Placed],
    ) -> Vec<Misconfiguration> {
        let none = ImageConfig::default();
        let subject = scan::misconfiguration::Subject {
            config: image.map_or(&none, |image| &image.config),
            history: image.map_or(&[], |image| &image.history),
            names: image.map_or(&[], |image| &image.names),
            created: image.and_then(|image| image.created),
            now: self.now(),
        };
        let mut mistakes = scan::misconfiguration::judge(&subject, oddities);
        mistakes.retain(|wrong| image.is_some() || matches!(wrong.place, Place::File { .. }));
        mistakes
    }

    /// The day, `2026-11-26`.
    pub(crate) fn today(&self) -> String {
        rfc3339(self.now()).chars().take(10).collect()
    }

    fn write_down(&self, examined: &Examined, image: Option<&Image>) -> Result<(), EngineError> {
        let counts = Counts::of(examined.open().map(|found| found.severity));
        let exploited = examined.open().filter(|found| found.exploited.is_some()).count();
        let digest = image.map(|image| image.digest);
        let entry = Entry::image(Kind::Scan, digest, examined.target.name.clone(), self.now())
            .with("critical", counts.critical.to_string())
            .with("high", counts.high.to_string())
            .with("exploited", exploited.to_string())
            .with("secrets", examined.secrets.len().to_string());
        let database = examined.database.as_ref().map(|database| database.time.clone());
        self.note(&match database {
            Some(time) => entry.with("database", time),
            None => entry,
        })
    }
}
