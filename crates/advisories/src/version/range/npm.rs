//! The ranges of node-semver.

use super::partial::{Open, Partial};
use super::text::{Comparator, Sign};
use super::{between, plain};
use crate::version::{Bound, Interval};

/// Numbers of a whole version.
const WHOLE: usize = 3;

pub(super) fn desugar(comparator: Comparator<'_>) -> Result<Vec<Interval>, &'static str> {
    let partial = Partial::parse(comparator.version)?;
    let said = partial.numbers.len();
    if said > WHOLE {
        return Err("it has a version of more than three numbers");
    }
    if said == 0 {
        return Ok(match comparator.sign {
            Sign::Less | Sign::More | Sign::Not => Vec::new(),
            _ => vec![Interval::ALL],
        });
    }
    let floor = format!("{}{}", partial.padded(WHOLE), partial.tag);
    // The least prerelease of the next version, so that none of its own is meant.
    let before = |count| format!("{}-0", padded(&partial.after(count)));
    let whole = said == WHOLE && partial.open == Open::No;
    let to = |bound| vec![Interval { from: None, to: Some(bound) }];
    let from = |bound| vec![Interval { from: Some(bound), to: None }];
    Ok(match comparator.sign {
        Sign::Tilde | Sign::Pessimistic => between(floor, before(said.min(2))),
        Sign::Caret => between(floor, before(leftmost(&partial))),
        Sign::AtLeast => from(Bound::Including(floor)),
        Sign::Until if whole => to(Bound::Including(floor)),
        sign if whole => return plain(Comparator { sign, version: &floor }),
        Sign::Exactly => between(floor, before(said)),
        Sign::Less => to(Bound::Excluding(format!("{floor}-0"))),
        Sign::AtMost | Sign::Until => to(Bound::Excluding(before(said))),
        Sign::More => from(Bound::Including(padded(&partial.after(said)))),
        Sign::Not => [to(Bound::Excluding(floor)), from(Bound::Including(before(said)))].concat(),
    })
}

/// How many numbers a caret keeps: up to the first that is not zero.
fn leftmost(partial: &Partial<'_>) -> usize {
    let zeros = partial.numbers.iter().take_while(|number| number.bytes().all(|digit| digit == b'0')).count();
    (zeros + 1).min(partial.numbers.len())
}

fn padded(version: &str) -> String {
    let missing = WHOLE.saturating_sub(version.split('.').count());
    format!("{version}{}", ".0".repeat(missing))
}
