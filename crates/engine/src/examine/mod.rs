//! What is in something, and what is wrong with it: images, containers, directories, bills of material.
//!
//! What is learned of bytes is kept beside them ([`store::About`]); what advisories say of it is asked anew each time.

mod error;
mod subject;
mod learn;
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
use scan::{LayerFacts, LockFiles};
use store::{Naming, Progress};

use crate::book::{Entry, Kind};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::place::UPPER;
use crate::time::rfc3339;
use known::Known;
use learn::{Tree, open};
use words::Words;

pub use accept::Acceptance;
pub use affected::{Affected, Answer, By, Holder};
pub use bill::Form;
pub use error::ExamineError;
pub use report::diff::{Changed, Diff, Line, diff};
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
        self.vulnerabilities.retain(|found| found.severity >= least && mended(found));
        self.secrets.retain(|secret| secret.severity >= least);
        self.misconfigurations.retain(|wrong| wrong.severity >= least);
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

/// What was learned of a subject, before anybody judges it.
struct Learned {
    target: Target,
    known: Known,
    image: Option<Image>,
    /// To look files up, where that is wished for: trees, bottom first, and the facts of each.
    trees: Vec<Tree>,
    facts: Vec<LayerFacts>,
}

/// Whether files are looked up, for which their trees are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Files {
    Needed,
    NotNeeded,
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
        let Known { mut inventory, mut secrets, oddities } = known;
        let mut misconfigurations = Vec::new();
        if looks(Look::Misconfigurations) {
            misconfigurations = self.mistakes(image.as_ref(), &oddities);
        }
        let malware = self.malware(trees, &facts, &lists, &mut inventory)?;
        if !looks(Look::Secrets) {
            secrets.clear();
        }
        let mut vulnerabilities = Vec::new();
        let mut expired = Vec::new();
        if let Some(advice) = &advice {
            let today = self.today();
            vulnerabilities = advice.vulnerabilities(&mut inventory, &today)?;
            let purls = describe::image_purls(image.as_ref());
            expired = words.apply(&mut vulnerabilities, &inventory, &purls, &today);
            matching::urgent_first(&mut vulnerabilities);
        }
        let examined = Examined {
            time: rfc3339(self.now()),
            target,
            licences: if looks(Look::Licences) { describe::licences(&inventory) } else { BTreeMap::new() },
            inventory,
            vulnerabilities,
            secrets,
            misconfigurations,
            malware,
            database: advice.map(|advice| describe::database(&advice.index, self.now())),
            expired,
        };
        self.write_down(&examined, image.as_ref())?;
        Ok(examined)
    }

    fn learn(
        &self,
        subject: &Subject,
        files: Files,
        progress: &mut dyn Progress,
    ) -> Result<Learned, EngineError> {
        match subject {
            Subject::Image(name) => self.learn_image(name, self.admit(name, progress)?, files, progress),
            Subject::Archive(source) => {
                let image = self.import(source, &Naming::As(Vec::new()), progress)?.image;
                self.learn_image(&source.to_string(), image, files, progress)
            }
            Subject::Container(name) => self.learn_container(name, progress),
            Subject::Directory(path) => {
                let target = Target { kind: TargetKind::Directory, ..named(path.display().to_string()) };
                let tree = || Ok::<_, ExamineError>(Tree { name: target.name.clone(), root: open(path)? });
                let mut facts = Vec::new();
                self.look_into(vec![tree()?], LockFiles::Counted, |_, learned| facts.push(learned))?;
                let (trees, known) = (vec![tree()?], Known::of(&facts, None));
                Ok(Learned { target, known, image: None, trees, facts })
            }
            Subject::Bill(path) => {
                let (target, inventory) = bill::read(path)?;
                let known = Known { inventory, ..Known::default() };
                Ok(Learned { target, known, image: None, trees: Vec::new(), facts: Vec::new() })
            }
        }
    }

    fn learn_image(
        &self,
        name: &str,
        image: Image,
        files: Files,
        progress: &mut dyn Progress,
    ) -> Result<Learned, EngineError> {
        let known = self.known(name, &image, progress)?;
        let (mut trees, mut facts) = (Vec::new(), Vec::new());
        if files == Files::Needed {
            trees = self.layer_trees(name, &image)?;
            facts = self.layer_facts(name, &image, progress)?;
        }
        Ok(Learned { target: describe::image(name, &image), known, image: Some(image), trees, facts })
    }

    /// What a container has written is one more layer, which changes while it is looked at.
    fn learn_container(&self, name: &str, progress: &mut dyn Progress) -> Result<Learned, EngineError> {
        let record = self.container(name)?;
        let image = self.image_of(&record)?;
        let mut facts = self.layer_facts(&record.image_name, &image, progress)?;
        let mut trees = self.layer_trees(&record.image_name, &image)?;
        let upper = self.containers.path(&record.id).join(UPPER);
        let mut target = describe::image(&record.name, &image);
        if upper.exists() {
            let tree = || Ok::<_, ExamineError>(Tree { name: record.name.clone(), root: open(&upper)? });
            self.look_into(vec![tree()?], LockFiles::Ignored, |_, learned| facts.push(learned))?;
            trees.push(tree()?);
            let made_by = "what the container has written".to_owned();
            target.layers.push(Layer { digest: String::new(), made_by });
        }
        let known = Known::of(&facts, Some(&image));
        Ok(Learned { target, known, image: Some(image), trees, facts })
    }

    fn layer_trees(&self, name: &str, image: &Image) -> Result<Vec<Tree>, EngineError> {
        let layers = (1_usize..).zip(&image.layers);
        let tree = |(number, layer)| {
            Ok(Tree { name: format!("layer {number} of {name}"), root: open(&self.store.layer_dir(layer))? })
        };
        layers.map(tree).collect()
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

fn named(name: String) -> Target {
    Target { name, ..Target::default() }
}
