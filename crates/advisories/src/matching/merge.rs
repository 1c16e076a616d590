//! Several advisories about one vulnerability of one package are one finding.

use std::collections::{BTreeSet, HashMap};

use super::hits::Hit;
use crate::advisory::Status;

/// One vulnerability of one package, and those who know of it, closest first.
#[derive(Debug)]
pub(super) struct Group<'h, 'a> {
    pub(super) id: &'h str,
    pub(super) names: BTreeSet<&'h str>,
    pub(super) hits: Vec<&'h Hit<'a>>,
}

/// Brings together what shares a name. An update that mends several vulnerabilities is a name of each of them, and
/// does not make them one.
pub(super) fn merge<'h, 'a>(hits: &'h mut [Hit<'a>]) -> Vec<Group<'h, 'a>> {
    // Updates last among equals: others know the vulnerability by more names.
    hits.sort_by_key(rank);
    let mut groups: Vec<Group<'h, 'a>> = Vec::new();
    let mut by_name: HashMap<&'h str, usize> = HashMap::new();
    for hit in &*hits {
        for subject in hit.subjects() {
            let own = std::iter::once(subject);
            let names: BTreeSet<_> =
                if hit.head.mends.is_empty() { own.chain(hit.head.names()).collect() } else { own.collect() };
            let known: BTreeSet<usize> = names.iter().filter_map(|name| by_name.get(name)).copied().collect();
            let mut known = known.into_iter();
            let at = known.next().unwrap_or(groups.len());
            if at == groups.len() {
                groups.push(Group { id: subject, names: BTreeSet::new(), hits: Vec::new() });
            }
            for other in known {
                join(&mut groups, at, other, &mut by_name);
            }
            let Some(group) = groups.get_mut(at) else { continue };
            by_name.extend(names.iter().map(|name| (*name, at)));
            group.take(subject, names, hit);
        }
    }
    groups.retain(Group::counts);
    groups
}

fn rank(hit: &Hit<'_>) -> (u8, bool) {
    (hit.distance, !hit.head.mends.is_empty())
}

/// Two groups that turn out to be about one vulnerability; the other is empty afterwards.
fn join<'h>(groups: &mut [Group<'h, '_>], at: usize, other: usize, by_name: &mut HashMap<&'h str, usize>) {
    let Some(gone) = groups.get_mut(other) else { return };
    let (id, names, hits) = (gone.id, std::mem::take(&mut gone.names), std::mem::take(&mut gone.hits));
    let Some(group) = groups.get_mut(at) else { return };
    by_name.extend(names.iter().map(|name| (*name, at)));
    group.names.extend(names);
    group.hits.extend(hits);
    group.hits.sort_by_key(|hit| rank(hit));
    group.call(id);
}

impl<'h, 'a> Group<'h, 'a> {
    fn take(&mut self, subject: &'h str, names: BTreeSet<&'h str>, hit: &'h Hit<'a>) {
        self.names.extend(names);
        self.names.insert(hit.head.id);
        self.hits.push(hit);
        self.call(subject);
    }

    /// A CVE's name is the one that everybody knows.
    fn call(&mut self, id: &'h str) {
        if id.starts_with("CVE-") && !self.id.starts_with("CVE-") {
            self.id = id;
        }
    }

    /// Whether nobody who is as close as those who say that the package has it says that it has not.
    fn counts(&self) -> bool {
        let closest = |denies: bool| {
            let status = |hit: &&&Hit<'_>| (hit.status() == Status::NotAffected) == denies;
            self.hits.iter().filter(status).map(|hit| hit.distance / 2).min()
        };
        match (closest(false), closest(true)) {
            (Some(has), Some(has_not)) => has < has_not,
            (has, _) => has.is_some(),
        }
    }

    /// Those who say that the package has it, or that nobody knows yet.
    pub(super) fn affirming(&self) -> impl Iterator<Item = &'h Hit<'a>> {
        self.hits.iter().copied().filter(|hit| hit.status() != Status::NotAffected)
    }
}
