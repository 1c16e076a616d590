//! What the advisories say of an inventory.

use std::cmp::Reverse;

use advisories::matching::{Context, Matcher};
use model::finding::Vulnerability;
use model::inventory::Inventory;

use super::ExamineError;
use crate::advice::Advice;

impl Advice {
    /// What is vulnerable, before anybody has a word in it; what cannot be judged becomes a gap of the inventory.
    pub(crate) fn vulnerabilities(
        &self,
        inventory: &mut Inventory,
        today: &str,
    ) -> Result<Vec<Vulnerability>, ExamineError> {
        let context = Context { today: today.to_owned() };
        let matches = Matcher::new(&self.database, &context)?.match_inventory(inventory)?;
        inventory.gaps.extend(matches.gaps);
        Ok(matches.vulnerabilities)
    }
}

/// What does not count comes last.
pub(super) fn urgent_first(found: &mut [Vulnerability]) {
    found.sort_by(|a, b| {
        let rank = |it: &Vulnerability| (it.dismissed.is_some(), Reverse((it.priority, it.severity)));
        rank(a).cmp(&rank(b)).then_with(|| a.id.cmp(&b.id)).then_with(|| a.package.cmp(&b.package))
    });
}
