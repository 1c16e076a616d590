//! The requirements of RubyGems.

use super::partial::Partial;
use super::text::{Comparator, Sign};
use super::{between, plain};
use crate::version::Interval;

pub(super) fn desugar(comparator: Comparator<'_>) -> Result<Vec<Interval>, &'static str> {
    if comparator.sign != Sign::Pessimistic {
        return plain(comparator);
    }
    let version = comparator.version;
    let partial = Partial::parse(version)?;
    if partial.numbers.is_empty() {
        return Err("it has a version that begins with no number");
    }
    // The last number may grow; the first prerelease of what comes after is no longer meant.
    let kept = partial.numbers.len().saturating_sub(1).max(1);
    Ok(between(version.to_owned(), format!("{}.A", partial.after(kept))))
}
