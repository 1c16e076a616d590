//! Tags in the order of the versions that they name.

use std::cmp::Ordering;

/// Tags that look like no version first, by name; then versions, the newest last.
pub(crate) fn sort(tags: &mut [String]) {
    tags.sort_by(|a, b| match (Version::parse(a), Version::parse(b)) {
        (None, None) => a.cmp(b),
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(x), Some(y)) => x.cmp(&y).then_with(|| a.cmp(b)),
    });
}

/// `v1.27.3-rc1`: numbers, and what comes after them.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version<'a> {
    numbers: Vec<Number<'a>>,
    stage: Stage,
    rest: Vec<Piece<'a>>,
}

/// Digits without leading zeros, however many: more of them is more.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Number<'a> {
    length: usize,
    digits: &'a str,
}

/// Before a release, or a release or a variant of it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Before,
    Release,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Piece<'a> {
    Number(Number<'a>),
    Text(&'a str),
}

/// How the rest of a tag begins that comes before its release.
const BEFORE: [&str; 7] = ["rc", "alpha", "beta", "pre", "dev", "nightly", "snapshot"];

impl<'a> Version<'a> {
    fn parse(tag: &'a str) -> Option<Self> {
        let text = tag.strip_prefix(['v', 'V']).unwrap_or(tag);
        let mut rest = text;
        let mut numbers = Vec::new();
        loop {
            let (digits, after) = digits(rest);
            if digits.is_empty() {
                break;
            }
            numbers.push(Number::new(digits));
            rest = after;
            match after.strip_prefix('.').filter(|next| next.starts_with(|c: char| c.is_ascii_digit())) {
                Some(next) => rest = next,
                None => break,
            }
        }
        // `2b1f09c...` is a commit and no version.
        let is_version =
            !numbers.is_empty() && (rest.is_empty() || rest.starts_with(['-', '_', '.']) || is_early(rest));
        is_version.then(|| Self { numbers, stage: stage(rest), rest: pieces(rest) })
    }
}

impl<'a> Number<'a> {
    fn new(digits: &'a str) -> Self {
        let digits = digits.trim_start_matches('0');
        Self { length: digits.len(), digits }
    }
}

fn stage(rest: &str) -> Stage {
    if is_early(rest) { Stage::Before } else { Stage::Release }
}

fn is_early(rest: &str) -> bool {
    let rest = rest.trim_start_matches(['-', '_', '.']);
    BEFORE.iter().any(|word| rest.starts_with(word))
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let (digits, after) = digits(rest);
        if digits.is_empty() {
            let (letters, after) =
                rest.split_at(rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len()));
            pieces.push(Piece::Text(letters));
            rest = after;
        } else {
            pieces.push(Piece::Number(Number::new(digits)));
            rest = after;
        }
    }
    pieces
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sorted(tags: &[&str]) -> Vec<String> {
        let mut tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        sort(&mut tags);
        tags
    }

    #[test]
    fn the_newest_version_is_last() {
        let expected = [
            "2b1f09c",
            "alpine",
            "latest",
            "1",
            "1.9",
            "1.9.9",
            "1.10-rc2",
            "1.10-rc10",
            "1.10",
            "1.10-alpine3.9",
            "1.10-alpine3.20",
            "v1.11.0",
            "1.12rc1",
            "1.12",
            "20240101",
        ];
        let mut shuffled = expected;
        shuffled.reverse();
        assert_eq!(sorted(&shuffled), expected);
    }

    #[test]
    fn numbers_of_any_length_are_numbers() {
        assert_eq!(
            sorted(&["99999999999999999999999", "100000000000000000000000", "007"])[2],
            "100000000000000000000000"
        );
    }

    proptest! {
        #[test]
        fn the_order_is_one_and_loses_nothing(tags in prop::collection::vec("[a-z0-9._-]{1,8}|[v0-9.]{1,6}(-rc[0-9])?", 0..20)) {
            let mut once = tags.clone();
            sort(&mut once);
            let mut other: Vec<String> = tags.iter().rev().cloned().collect();
            sort(&mut other);
            prop_assert_eq!(once.len(), tags.len());
            prop_assert_eq!(once, other);
        }
    }
}
