//! The verdict over an image: what its configuration, its history and its files have against it.

use std::collections::{BTreeMap, BTreeSet};

use model::finding::{Misconfiguration, Place};
use model::image::{HistoryEntry, ImageConfig};
use serde::{Deserialize, Serialize};

use super::catalogue::{self, Removal, Rule, Spread};
use super::oddity::Oddity;
use super::{config, history};

/// How many files one rule names; the others are counted.
const MOST_OF_A_RULE: usize = 50;

/// How many names a rule lists that speaks of all files at once.
const MOST_NAMES: usize = 8;

/// What is known of an image besides its files.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// How it starts.
    pub config: &'a ImageConfig,
    /// How it was made, oldest first.
    pub history: &'a [HistoryEntry],
    /// `repository:tag`, all that it goes by.
    pub names: &'a [String],
    /// When it was made, in seconds since the epoch, where that is known.
    pub created: Option<i64>,
    /// Now, in seconds since the epoch.
    pub now: i64,
}

/// An oddity, and where it stands once the layers are merged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// What is odd.
    pub oddity: Oddity,
    /// The layer that has it, counted from the bottom.
    pub layer: u32,
    /// Whether a later layer removes or replaces the file.
    pub removed: bool,
}

/// All mistakes, the gravest first; those of files by path.
#[must_use]
pub fn judge(subject: &Subject<'_>, oddities: &[Placed]) -> Vec<Misconfiguration> {
    let mut all = config::mistakes(subject);
    all.extend(history::mistakes(subject.history));
    all.extend(of_files(oddities));
    all.sort_by(|one, other| {
        other
            .severity
            .cmp(&one.severity)
            .then_with(|| one.rule.cmp(&other.rule))
            .then_with(|| one.place.cmp(&other.place))
    });
    all
}

/// What a rule has against a place, with what exactly it is about where that is not clear.
pub(super) fn mistake(rule: &Rule, place: Place, detail: &str) -> Misconfiguration {
    let title = if detail.is_empty() { rule.title.to_owned() } else { format!("{}: {detail}", rule.title) };
    let advice = format!("{} ({})", rule.advice, rule.reference);
    Misconfiguration { rule: rule.id.to_owned(), title, severity: rule.severity, place, advice }
}

fn of_files(oddities: &[Placed]) -> Vec<Misconfiguration> {
    let mut by_rule: BTreeMap<&str, Vec<&Placed>> = BTreeMap::new();
    for placed in oddities {
        by_rule.entry(&placed.oddity.rule).or_default().push(placed);
    }
    by_rule
        .into_iter()
        .filter_map(|(id, placed)| Some(of_rule(catalogue::by_id(id)?, placed)))
        .flatten()
        .collect()
}

fn of_rule(rule: &Rule, mut placed: Vec<&Placed>) -> Vec<Misconfiguration> {
    placed.retain(|placed| !placed.removed || rule.removal == Removal::Hides);
    placed.sort_by(|one, other| one.oddity.path.cmp(&other.oddity.path));
    match rule.spread {
        Spread::Each => each(rule, &placed),
        Spread::Once => {
            placed.first().map(|first| of_file(rule, first, &named(&placed))).into_iter().collect()
        }
    }
}

fn each(rule: &Rule, placed: &[&Placed]) -> Vec<Misconfiguration> {
    let others = placed.len().saturating_sub(MOST_OF_A_RULE);
    let said = placed.iter().take(MOST_OF_A_RULE);
    let mut mistakes: Vec<_> = said.map(|placed| of_file(rule, placed, &placed.oddity.detail)).collect();
    if let Some(last) = mistakes.last_mut().filter(|_| others > 0) {
        last.title = format!("{}, and {others} files more", last.title);
    }
    mistakes
}

/// `apt, dpkg, pip and 3 more`.
fn named(placed: &[&Placed]) -> String {
    let name = |placed: &&Placed| placed.oddity.path.rsplit('/').next().map(str::to_owned);
    let names: BTreeSet<String> = placed.iter().filter_map(name).collect();
    let others = names.len().saturating_sub(MOST_NAMES);
    let said = names.into_iter().take(MOST_NAMES).collect::<Vec<_>>().join(", ");
    if others > 0 { format!("{said} and {others} more") } else { said }
}

fn of_file(rule: &Rule, placed: &Placed, detail: &str) -> Misconfiguration {
    let Oddity { path, line, .. } = &placed.oddity;
    let place = Place::File { path: path.clone(), layer: placed.layer, line: *line, removed: placed.removed };
    mistake(rule, place, detail)
}

#[cfg(test)]
mod tests;
