//! What a start has to know of an image, by what is kept of it alone.
//!
//! What is exploited already is few, and kept with the advisories that say so: a start reads two small files. Other
//! advisories are asked once, with the inventory that is kept; nothing is looked into.

use advisories::database::Index;
use model::digest::Digest;
use model::finding::{Scanned, Severity, Urgent, Vulnerability};
use model::image::Image;
use model::inventory::{Inventory, Package};
use scan::FORMAT;
use serde::{Deserialize, Serialize};
use store::About;

use super::words::Words;
use super::{describe, matching};
use crate::engine::Engine;

/// The layout of what is kept, and the version of the facts that it follows from.
const LAYOUT: (u32, u32) = (1, FORMAT);

/// Critical vulnerabilities of an image that are known to be exploited, before anybody has a word in it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Judgement {
    layout: (u32, u32),
    /// The advisories that it follows from.
    advisories: String,
    found: Vec<Vulnerability>,
    /// Their packages and no others.
    packages: Vec<Package>,
}

impl Judgement {
    fn of(index: &Index, found: &[Vulnerability], inventory: &Inventory) -> Self {
        let mut judgement =
            Self { layout: LAYOUT, advisories: name(index), found: Vec::new(), packages: Vec::new() };
        let is_urgent =
            |found: &&Vulnerability| found.exploited.is_some() && found.severity == Severity::Critical;
        for found in found.iter().filter(is_urgent) {
            let package = usize::try_from(found.package).ok().and_then(|at| inventory.packages.get(at));
            let (Some(package), Ok(at)) = (package, u32::try_from(judgement.packages.len())) else {
                continue;
            };
            judgement.packages.push(package.clone());
            judgement.found.push(Vulnerability { package: at, ..found.clone() });
        }
        judgement
    }

    fn read(bytes: &[u8], index: &Index) -> Option<Self> {
        let judgement: Self = postcard::from_bytes(bytes).ok()?;
        (judgement.layout == LAYOUT && judgement.advisories == name(index)).then_some(judgement)
    }
}

/// What tells advisories from others.
fn name(index: &Index) -> String {
    let shards: Vec<String> = index.shards.iter().map(|entry| entry.sha256.to_string()).collect();
    Digest::of(shards.join(" ").as_bytes()).hex()
}

impl Engine {
    /// Whether somebody has looked, and what was found that nobody should start. What cannot be read says nothing.
    pub(crate) fn scanned(&self, image: &Image) -> Scanned {
        self.compared(image).unwrap_or_default()
    }

    fn compared(&self, image: &Image) -> Option<Scanned> {
        let index = self.advisories().ok()?;
        let kept = self.store.recall(About::Judgement(image));
        let kept = kept.and_then(|bytes| Judgement::read(&bytes, &index));
        let Judgement { mut found, packages, .. } = match kept {
            Some(judgement) => judgement,
            None => self.judge_again(image)?,
        };
        let inventory = Inventory { packages, ..Inventory::default() };
        // An acceptance that cannot be read is none.
        let words = Words::of_site(&self.site).unwrap_or_default();
        let _expired = words.apply(&mut found, &inventory, &[], &self.today());
        matching::urgent_first(&mut found);
        let age_days = describe::database(&index, self.now()).age_days?;
        Some(Scanned::Compared { age_days, urgent: urgent(&found, &inventory) })
    }

    /// Whoever never scanned an image has no answer.
    fn judge_again(&self, image: &Image) -> Option<Judgement> {
        let mut inventory = self.kept_inventory(image)?;
        let advice = self.advice().ok().flatten()?;
        let found = advice.vulnerabilities(&mut inventory, &self.today()).ok()?;
        Some(self.keep_judgement(image, &advice.index, &found, &inventory))
    }

    /// Keeps what was found, for whoever starts the image. Where it cannot be kept, only the next one pays for it.
    pub(super) fn keep_judgement(
        &self,
        image: &Image,
        index: &Index,
        found: &[Vulnerability],
        inventory: &Inventory,
    ) -> Judgement {
        let judgement = Judgement::of(index, found, inventory);
        let about = About::Judgement(image);
        let bytes = postcard::to_stdvec(&judgement).ok();
        let news = bytes.filter(|bytes| self.store.recall(about).as_ref() != Some(bytes));
        let _next_time = news.map(|bytes| self.store.remember(about, &bytes));
        judgement
    }
}

/// Packages of one source have the same, which is said of the first.
fn urgent(found: &[Vulnerability], inventory: &Inventory) -> Vec<Urgent> {
    let mut urgent: Vec<Urgent> = Vec::new();
    for found in found.iter().filter(|found| found.dismissed.is_none()) {
        let index = usize::try_from(found.package).unwrap_or(usize::MAX);
        let Some(package) = inventory.packages.get(index) else { continue };
        let (name, version) = match &package.source {
            Some(source) => (&source.name, &source.version),
            None => (&package.name, &package.version),
        };
        if !urgent.iter().any(|known| known.id == found.id && known.package == *name) {
            let (id, package, version) = (found.id.clone(), name.clone(), version.clone());
            urgent.push(Urgent { id, package, version, fix: found.fix.clone() });
        }
    }
    urgent
}
