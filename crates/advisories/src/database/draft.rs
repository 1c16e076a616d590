//! A package while its claims are gathered.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::bytes::{put_bytes, put_number};
use super::details::put_details;
use super::strings::Interner;
use crate::advisory::Affected;
use crate::version::{BadVersion, Bound, Interval, Order};

/// A package whose claims are still gathered.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Versions that somebody names, by their keys: when each was first named, and its text.
    bounds: BTreeMap<Vec<u8>, (u32, u32)>,
    details: Vec<u8>,
    claims: Vec<Claim>,
}

#[derive(Debug)]
struct Claim {
    advisory: u32,
    details: usize,
    names: bool,
    intervals: Vec<(End, End)>,
}

/// Whether the version at an end is within, and when it was first named; nothing where there is no end.
type End = Option<(u32, bool)>;

/// An interval's ends, by their keys.
type Keys = (Option<(Vec<u8>, bool)>, Option<(Vec<u8>, bool)>);

impl Draft {
    /// Takes what an advisory says of the package, without the ranges of which an end is no version.
    ///
    /// # Errors
    /// The last of these; what else is said counts all the same.
    pub(super) fn add(
        &mut self,
        advisory: u32,
        affected: &Affected,
        order: Order,
        strings: &mut Interner,
    ) -> Result<(), BadVersion> {
        let mut flaw = Ok(());
        let mut ranges = Vec::with_capacity(affected.ranges.len());
        for range in &affected.ranges {
            match keys(range, order) {
                Ok(keys) => ranges.push((range, keys)),
                Err(bad) => flaw = Err(bad),
            }
        }
        let mut names = Vec::new();
        let mut intervals = Vec::new();
        for version in &affected.versions {
            let mut key = Vec::new();
            match order.key(version, &mut key) {
                Err(_) => names.push(version.clone()),
                // What the ranges say already need not be said again: most lists do.
                Ok(()) if ranges.iter().any(|(_, keys)| contains(keys, &key)) => {}
                Ok(()) => {
                    let at = Some((self.bound(key, version, strings), true));
                    intervals.push((at, at));
                }
            }
        }
        for (range, (from, to)) in ranges {
            let from = self.end(&range.from, from, strings);
            intervals.push((from, self.end(&range.to, to, strings)));
        }
        if flaw.is_err() && intervals.is_empty() && names.is_empty() {
            return flaw;
        }
        let claim = Claim { advisory, details: self.details.len(), names: !names.is_empty(), intervals };
        put_details(&mut self.details, affected, &names, strings);
        self.claims.push(claim);
        flaw
    }

    fn end(&mut self, bound: &Option<Bound>, key: Option<(Vec<u8>, bool)>, strings: &mut Interner) -> End {
        let (bound, (key, within)) = (bound.as_ref()?, key?);
        Some((self.bound(key, bound.version(), strings), within))
    }

    fn bound(&mut self, key: Vec<u8>, version: &str, strings: &mut Interner) -> u32 {
        let next = u32::try_from(self.bounds.len()).unwrap_or(u32::MAX);
        self.bounds.entry(key).or_insert_with(|| (next, strings.put(version))).0
    }

    /// The record's body.
    pub(super) fn body(&self, ecosystem: &str, name: &str) -> Vec<u8> {
        let mut ranks = vec![0; self.bounds.len()];
        let (mut bounds, mut keys) = (Vec::new(), Vec::new());
        for (rank, (key, (named, text))) in (0_u32..).zip(&self.bounds) {
            if let Some(place) = ranks.get_mut(*named as usize) {
                *place = rank;
            }
            keys.extend_from_slice(key);
            bounds.extend(u32::try_from(keys.len()).unwrap_or(u32::MAX).to_le_bytes());
            bounds.extend(text.to_le_bytes());
        }
        let mut out = Vec::new();
        put_bytes(&mut out, ecosystem.as_bytes());
        put_bytes(&mut out, name.as_bytes());
        put_number(&mut out, self.bounds.len() as u64);
        out.extend(bounds);
        put_bytes(&mut out, &keys);
        put_bytes(&mut out, &self.details);
        put_number(&mut out, self.claims.len() as u64);
        self.claims.iter().for_each(|claim| claim.put(&mut out, &ranks));
        out
    }
}

impl Claim {
    fn put(&self, out: &mut Vec<u8>, ranks: &[u32]) {
        let rank = |named: u32| u64::from(ranks.get(named as usize).copied().unwrap_or_default());
        put_number(out, self.advisory.into());
        put_number(out, self.details as u64);
        put_number(out, (self.intervals.len() as u64) << 1 | u64::from(self.names));
        for (from, to) in &self.intervals {
            // The position of a version is twice its rank and one; what is before or after it is next to that.
            let start = from.map_or(0, |(named, within)| rank(named) * 2 + if within { 1 } else { 2 });
            let none = ranks.len() as u64 * 2 + 1;
            let end = to.map_or(none, |(named, within)| rank(named) * 2 + if within { 2 } else { 1 });
            put_number(out, start);
            put_number(out, end);
        }
    }
}

fn keys(interval: &Interval, order: Order) -> Result<Keys, BadVersion> {
    let key = |bound: &Option<Bound>| {
        let Some(bound) = bound else { return Ok(None) };
        let mut key = Vec::new();
        order.key(bound.version(), &mut key)?;
        Ok(Some((key, matches!(bound, Bound::Including(_)))))
    };
    Ok((key(&interval.from)?, key(&interval.to)?))
}

fn contains((from, to): &Keys, key: &[u8]) -> bool {
    let side = |end: &Option<(Vec<u8>, bool)>, inside: Ordering| {
        end.as_ref().is_none_or(|(end, within)| {
            let found = key.cmp(end.as_slice());
            found == inside || (found.is_eq() && *within)
        })
    };
    side(from, Ordering::Greater) && side(to, Ordering::Less)
}
