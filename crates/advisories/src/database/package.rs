//! A package of one ecosystem or release, and what is said of it.
//!
//! The versions that anybody names are in their order, so that a version of the package is compared with a few of
//! them to find its *position*: `2n` before the n-th and `2n + 1` at it. Claims are intervals of positions, and
//! thousands of them cost two comparisons of small numbers each.

use super::bytes::{Cursor, number_at};
use super::error::Damage;
use super::strings::Strings;

/// A package, in bytes whose check held.
#[derive(Debug, Clone, Copy)]
pub struct Package<'a> {
    /// As OSV names it: `Debian:12`, `PyPI`.
    pub ecosystem: &'a str,
    /// Its name there.
    pub name: &'a str,
    bounds: &'a [[u8; 8]],
    keys: &'a [u8],
    details: &'a [u8],
    count: usize,
    claims: Cursor<'a>,
}

/// That a version may be one of those that an advisory means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Claim {
    /// The advisory's record.
    pub(crate) advisory: u32,
    /// Where among the package's details this claim's are.
    pub(super) details: u32,
    /// The positions between which the version is, if it is between any.
    pub(crate) interval: Option<(u32, u32)>,
    /// Whether versions are named one by one too, for want of an order.
    pub(crate) names: bool,
}

impl<'a> Package<'a> {
    pub(super) fn read(mut body: Cursor<'a>) -> Result<Self, Damage> {
        let (ecosystem, name) = (body.text()?, body.text()?);
        let bounds = body.count()?.saturating_mul(8);
        let (bounds, _) = body.take(bounds)?.as_chunks();
        let (keys, details) = (body.bytes()?, body.bytes()?);
        let count = body.count()?;
        Ok(Self { ecosystem, name, bounds, keys, details, count, claims: body })
    }

    /// How many claims there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// The position of the version that `key` stands for.
    pub(crate) fn position(&self, key: &[u8]) -> u32 {
        let (mut low, mut high) = (0, self.bounds.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.key(middle) < key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let at = low < self.bounds.len() && self.key(low) == key;
        u32::try_from(low * 2 + usize::from(at)).unwrap_or(u32::MAX)
    }

    /// The interval that every version is in.
    pub(crate) fn whole(&self) -> (u32, u32) {
        (0, u32::try_from(self.bounds.len() * 2 + 1).unwrap_or(u32::MAX))
    }

    fn key(&self, index: usize) -> &'a [u8] {
        let end =
            |index: usize| self.bounds.get(index).and_then(|bound| number_at(bound, 0)).unwrap_or(0) as usize;
        let start = index.checked_sub(1).map_or(0, end);
        self.keys.get(start..end(index)).unwrap_or_default()
    }

    /// The claims of which an interval is `wanted`, or that name versions, one after the other.
    pub(crate) fn claims(
        &self,
        wanted: impl Fn(u32, u32) -> bool,
        mut each: impl FnMut(Claim) -> Result<(), Damage>,
    ) -> Result<(), Damage> {
        let mut body = self.claims;
        for _ in 0..self.count {
            let (advisory, details, shape) = (body.number()?, body.number()?, body.number()?);
            let mut claim = Claim { advisory, details, interval: None, names: shape & 1 != 0 };
            for _ in 0..shape >> 1 {
                let (start, end) = (body.number()?, body.number()?);
                // Of several, whoever leaves the one that ends last has left them all.
                if wanted(start, end) && claim.interval.is_none_or(|(_, last)| last < end) {
                    claim.interval = Some((start, end));
                }
            }
            if claim.interval.is_some() || claim.names {
                each(claim)?;
            }
        }
        Ok(())
    }

    pub(super) fn details_at(&self, claim: Claim) -> Result<Cursor<'a>, Damage> {
        let bytes = self.details.get(claim.details as usize..);
        bytes.map(Cursor).ok_or(Damage("a claim has no details"))
    }

    /// Reads the text of every version at an end of an interval.
    pub(super) fn verify(&self, strings: Strings<'a>) -> Result<(), Damage> {
        let mut texts = self.bounds.iter().filter_map(|bound| number_at(bound, 4));
        texts.try_for_each(|text| strings.get(text).map(|_| ()))
    }

    /// Where an interval begins and ends.
    pub(super) fn ends(&self, interval: (u32, u32), strings: Strings<'a>) -> Result<Ends<'a>, Damage> {
        let version = |position: u32| {
            let index = position.checked_sub(1)? / 2;
            number_at(self.bounds.get(index as usize)?, 4).map(|text| strings.get(text))
        };
        let (start, end) = interval;
        let from = version(start).transpose()?.map(|text| (text, start % 2 == 1));
        let to = version(end).transpose()?.map(|text| (text, end % 2 == 0));
        Ok(Ends { from, to })
    }
}

/// The versions at the ends of an interval, and whether they are within.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ends<'a> {
    pub(crate) from: Option<(&'a str, bool)>,
    pub(crate) to: Option<(&'a str, bool)>,
}

impl<'a> Ends<'a> {
    /// The version that mends what is before it.
    pub(crate) fn fix(&self) -> Option<&'a str> {
        self.to.filter(|(_, within)| !within).map(|(version, _)| version)
    }

    /// For people.
    pub(crate) fn words(&self) -> String {
        match (self.from, self.to) {
            (None, None) => "every version".to_owned(),
            (Some((from, true)), Some((to, true))) if from == to => format!("exactly {from}"),
            (from, to) => {
                let from =
                    from.map(|(from, within)| format!("{} {from}", if within { "from" } else { "after" }));
                let to = to.map(|(to, within)| format!("{} {to}", if within { "up to" } else { "before" }));
                from.into_iter().chain(to).collect::<Vec<_>>().join(" ")
            }
        }
    }
}
