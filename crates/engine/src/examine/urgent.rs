//! What a start has to know of an image: by what is kept of it and the advisories alone, in less than a millisecond.

use model::finding::{Scanned, Severity, Urgent, Vulnerability};
use model::image::Image;
use model::inventory::Inventory;

use super::words::Words;
use super::{describe, matching};
use crate::engine::Engine;

impl Engine {
    /// Whether somebody has looked, and what was found that nobody should start. What cannot be read says nothing.
    pub(crate) fn scanned(&self, image: &Image) -> Scanned {
        self.compared(image).unwrap_or_default()
    }

    fn compared(&self, image: &Image) -> Option<Scanned> {
        // Nothing is looked into here: whoever never scanned an image has no answer.
        let mut inventory = self.kept_inventory(image)?;
        let advice = self.advice().ok().flatten()?;
        let today = self.today();
        let mut found = advice.vulnerabilities(&mut inventory, &today).ok()?;
        found.retain(|found| found.exploited.is_some() && found.severity == Severity::Critical);
        // An acceptance that cannot be read is none.
        let words = Words::of_site(&self.site).unwrap_or_default();
        let _expired = words.apply(&mut found, &inventory, &[], &today);
        matching::urgent_first(&mut found);
        let age_days = describe::database(&advice.index, self.now()).age_days?;
        Some(Scanned::Compared { age_days, urgent: urgent(&found, &inventory) })
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
