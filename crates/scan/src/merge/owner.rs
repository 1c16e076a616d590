//! Which package of the distribution the files of other packages belong to.

use std::collections::BTreeMap;

use super::{Placed, Remarks};
use crate::catalog::is_of_distribution;
use crate::mark::Mark;

/// For each package the index of its owner, if it has one.
pub(super) fn owners(packages: &[Placed<'_>], remarks: &Remarks<'_>) -> Vec<Option<u32>> {
    let mut owners = vec![None; packages.len()];
    let mut evidence = evidence(packages);
    for (number, placed) in (0_u32..).zip(packages) {
        let found = &placed.filed.found;
        if !is_of_distribution(found.kind) {
            continue;
        }
        let elsewhere = remarks.about(found).flat_map(|remark| remark.files.iter());
        // A path has one owner, the first: many of a crafted database would each be looked at for many packages.
        for owned in placed.filed.files.iter().chain(elsewhere).filter_map(|mark| evidence.remove(&mark)) {
            for index in owned {
                owners.get_mut(index).into_iter().for_each(|owner| *owner = Some(number));
            }
        }
    }
    owners
}

/// The packages that a file of the distribution would own.
fn evidence(packages: &[Placed<'_>]) -> BTreeMap<Mark, Vec<usize>> {
    let mut evidence: BTreeMap<Mark, Vec<usize>> = BTreeMap::new();
    let others =
        packages.iter().enumerate().filter(|(_, placed)| !is_of_distribution(placed.filed.found.kind));
    for (index, placed) in others {
        let mut at = |path: &str| evidence.entry(Mark::of(path)).or_default().push(index);
        at(placed.path);
        // Where `/lib` is a link to `/usr/lib`, databases name the one and files are in the other.
        if let Some(merged) = placed.path.strip_prefix("usr/") {
            at(merged);
        }
    }
    evidence
}
