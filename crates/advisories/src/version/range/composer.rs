//! The constraints of Composer.

use super::between;
use super::partial::{Open, Partial};
use super::text::{Comparator, Sign};
use crate::version::{Bound, Interval};

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
    let exact = format!("{}{}", partial.numbers.join("."), partial.tag);
    // Without a tag, the development before a version is meant, too.
    let first = if partial.tag.is_empty() { format!("{exact}-dev") } else { exact.clone() };
    let before = |count: usize| format!("{}-dev", partial.after(count));
    Ok(match comparator.sign {
        Sign::Exactly if wildcard => between(first, before(said)),
        Sign::Exactly => vec![Interval::exactly(&exact)],
        Sign::Not => [to(Bound::Excluding(exact.clone())), from(Bound::Excluding(exact))].concat(),
        Sign::Less => to(Bound::Excluding(first)),
        Sign::AtLeast => from(Bound::Including(first)),
        Sign::Until if said < 3 => to(Bound::Excluding(before(said))),
        Sign::AtMost | Sign::Until => to(Bound::Including(exact)),
        Sign::More => from(Bound::Excluding(exact)),
        Sign::Tilde | Sign::Pessimistic => between(first, before(said.saturating_sub(1).max(1))),
        Sign::Caret => between(first, before(leftmost(&partial))),
    })
}

/// How many numbers a caret keeps: up to the first that is not zero.
fn leftmost(partial: &Partial<'_>) -> usize {
    let zeros = partial.numbers.iter().take_while(|number| number.bytes().all(|digit| digit == b'0')).count();
    (zeros + 1).min(partial.numbers.len())
}
