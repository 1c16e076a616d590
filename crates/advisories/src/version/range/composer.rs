//! The constraints of Composer.
//!
//! Composer adds zeros until a version has four numbers, and PHP's own order takes `1.0` for older than `1.0.0`; an
//! end of an interval is spelled so that the difference does not matter.

use super::between;
use super::partial::{Open, Partial};
use super::text::{Comparator, Sign};
use crate::version::{Bound, Interval};

/// Numbers of a whole version.
const WHOLE: usize = 4;

pub(super) fn desugar(comparator: Comparator<'_>) -> Result<Vec<Interval>, &'static str> {
    // A stability says which versions to choose from and not which are meant.
    let version = comparator.version.split_once('@').map_or(comparator.version, |(version, _)| version);
    if version.starts_with("dev-") {
        return Ok(vec![Interval::exactly(version)]);
    }
    let partial = Partial::parse(version)?;
    let said = partial.numbers.len();
    if said == 0 {
        return Ok(match comparator.sign {
            Sign::Less | Sign::More | Sign::Not => Vec::new(),
            _ => vec![Interval::ALL],
        });
    }
    let wildcard = partial.open == Open::Wildcard;
    let to = |bound| vec![Interval { from: None, to: Some(bound) }];
    let from = |bound| vec![Interval { from: Some(bound), to: None }];
    let (first, last) = (least(&partial), format!("{}{}", partial.padded(WHOLE.max(said)), partial.tag));
    let before = |count: usize| format!("{}-dev", partial.after(count));
    Ok(match comparator.sign {
        Sign::Exactly if wildcard => between(first, before(said)),
        Sign::Exactly => spellings(&partial),
        Sign::Not => [to(Bound::Excluding(exact(&partial))), from(Bound::Excluding(last))].concat(),
        Sign::Less => to(Bound::Excluding(first)),
        Sign::AtLeast => from(Bound::Including(first)),
        Sign::Until if said < 3 => to(Bound::Excluding(before(said))),
        Sign::AtMost | Sign::Until => to(Bound::Including(last)),
        Sign::More => from(Bound::Excluding(last)),
        Sign::Tilde | Sign::Pessimistic => between(first, before(said.saturating_sub(1).max(1))),
        Sign::Caret => between(first, before(leftmost(&partial))),
    })
}

/// One version, with as many zeros at its end as anybody writes.
fn spellings(partial: &Partial<'_>) -> Vec<Interval> {
    let fewest = significant(partial).split('.').count();
    (fewest..=WHOLE.max(partial.numbers.len()))
        .map(|count| Interval::exactly(&format!("{}{}", partial.padded(count), partial.tag)))
        .collect()
}

/// The oldest version that is still meant: without a tag, the development before it.
fn least(partial: &Partial<'_>) -> String {
    if partial.tag.is_empty() { format!("{}-dev", significant(partial)) } else { exact(partial) }
}

/// The version itself, in its shortest spelling; one with a tag is left as it is.
fn exact(partial: &Partial<'_>) -> String {
    if partial.tag.is_empty() {
        significant(partial)
    } else {
        format!("{}{}", partial.numbers.join("."), partial.tag)
    }
}

/// The numbers without the zeros at their end, the first excepted.
fn significant(partial: &Partial<'_>) -> String {
    let zero = |number: &&str| number.bytes().all(|digit| digit == b'0');
    let zeros = partial.numbers.iter().rev().take_while(|number| zero(number)).count();
    partial.padded((partial.numbers.len() - zeros).max(1))
}

/// How many numbers a caret keeps: up to the first that is not zero.
fn leftmost(partial: &Partial<'_>) -> usize {
    let zeros = partial.numbers.iter().take_while(|number| number.bytes().all(|digit| digit == b'0')).count();
    (zeros + 1).min(partial.numbers.len())
}
