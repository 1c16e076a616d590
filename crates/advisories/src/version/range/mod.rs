//! Which versions are meant, as people write it: `>= 1.2, < 2 || ^3.1`.

mod text;
mod partial;
mod npm;
mod composer;
mod rubygems;

use super::{BadVersion, Bound, Interval, Order};
use text::{Comparator, Sign};

/// Longest text that is read, in bytes.
const MAX_TEXT: usize = 8192;

/// Most intervals that a text may come to.
const MAX_INTERVALS: usize = 256;

/// In whose words a range is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Comparisons and nothing else, of versions in this order, as in GitHub's advisories: `>= 1.0, < 1.2.3`.
    Plain(Order),
    /// Node: `^1.2.3 || ~2.1 || 3.x || 4.0.0 - 4.2`. Prereleases are in a range if they are between its ends.
    Npm,
    /// PHP: `^1.2 || ~2.1 || 3.* || >=4.0,<4.2`.
    Composer,
    /// Ruby: `~> 1.2.3, != 1.2.5`.
    RubyGems,
}

/// Why something is no range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRange {
    /// It does not follow its dialect.
    #[error("`{range}` is not a range of versions: {reason}")]
    Text {
        /// The range, or its beginning where it is long.
        range: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There is a version in it that is none.
    #[error(transparent)]
    Version(#[from] BadVersion),
}

impl Dialect {
    /// The order of the versions in it.
    #[must_use]
    pub fn order(self) -> Order {
        match self {
            Self::Plain(order) => order,
            Self::Npm => Order::Npm,
            Self::Composer => Order::Packagist,
            Self::RubyGems => Order::RubyGems,
        }
    }

    /// The versions that `range` means: those within any of the intervals.
    ///
    /// # Errors
    /// A text that this dialect does not have, and ends that are no versions.
    pub fn parse(self, range: &str) -> Result<Vec<Interval>, BadRange> {
        let bad = |reason| BadRange::Text { range: range.chars().take(80).collect(), reason };
        if range.len() > MAX_TEXT {
            return Err(bad("it is longer than 8192 bytes"));
        }
        let mut intervals = Vec::new();
        for alternative in self.alternatives(range) {
            let comparators = text::comparators(alternative, self.hyphens()).map_err(bad)?;
            let mut meant = vec![Interval::ALL];
            for comparator in comparators {
                meant = both(&meant, &self.desugar(comparator).map_err(bad)?, self.order())?;
                if meant.len() + intervals.len() > MAX_INTERVALS {
                    return Err(bad("it has too many parts"));
                }
            }
            intervals.extend(meant);
        }
        Ok(intervals)
    }

    fn alternatives(self, range: &str) -> impl Iterator<Item = &str> {
        let separator = match self {
            Self::Npm => "||",
            Self::Composer => "|",
            // A text has none of these.
            Self::Plain(_) | Self::RubyGems => "\0",
        };
        // Composer takes one stroke for two.
        let between_strokes = move |part: &str| separator == "|" && part.is_empty() && range.contains('|');
        range.split(separator).filter(move |part| !between_strokes(part))
    }

    fn hyphens(self) -> text::Hyphens {
        match self {
            Self::Npm | Self::Composer => text::Hyphens::Ranges,
            Self::Plain(_) | Self::RubyGems => text::Hyphens::Never,
        }
    }

    fn desugar(self, comparator: Comparator<'_>) -> Result<Vec<Interval>, &'static str> {
        match self {
            Self::Plain(_) => plain(comparator),
            Self::Npm => npm::desugar(comparator),
            Self::Composer => composer::desugar(comparator),
            Self::RubyGems => rubygems::desugar(comparator),
        }
    }
}

/// A comparison that means what it says.
fn plain(comparator: Comparator<'_>) -> Result<Vec<Interval>, &'static str> {
    let version = comparator.version;
    let including = || Some(Bound::Including(version.to_owned()));
    let excluding = || Some(Bound::Excluding(version.to_owned()));
    let one = |from, to| Ok(vec![Interval { from, to }]);
    match comparator.sign {
        Sign::Exactly => one(including(), including()),
        Sign::Less => one(None, excluding()),
        Sign::AtMost => one(None, including()),
        Sign::More => one(excluding(), None),
        Sign::AtLeast => one(including(), None),
        Sign::Not => {
            Ok(vec![Interval { from: None, to: excluding() }, Interval { from: excluding(), to: None }])
        }
        Sign::Tilde | Sign::Pessimistic | Sign::Caret | Sign::Until => {
            Err("it has a sign that is not of its kind")
        }
    }
}

/// What is in one of the first and in one of the second; intervals without anything in them are left out.
fn both(first: &[Interval], second: &[Interval], order: Order) -> Result<Vec<Interval>, BadVersion> {
    let mut meant = Vec::new();
    for one in first {
        for other in second {
            let interval = one.clone().and(other.clone(), order)?;
            // Also says whether both ends are versions.
            if !interval.is_empty(order)? {
                meant.push(interval);
            }
        }
    }
    Ok(meant)
}

/// The half-open interval from one version to before another.
fn between(from: String, to: String) -> Vec<Interval> {
    vec![Interval { from: Some(Bound::Including(from)), to: Some(Bound::Excluding(to)) }]
}

#[cfg(test)]
mod tests;
