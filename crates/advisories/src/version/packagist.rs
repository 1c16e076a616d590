//! Composer's order: that of PHP's function version_compare, which Composer asks about versions that it has brought
//! into one form before. They have four numbers, and nothing is said of builds and of being stable.

use std::cmp::Ordering;

use super::is_digits;
use super::key::Key;

// What may come next, from the oldest to the newest.
const UNKNOWN: u8 = 1;
const DEVELOPMENT: u8 = 2;
const ALPHA: u8 = 3;
const BETA: u8 = 4;
const CANDIDATE: u8 = 5;
const END: u8 = 6;
const NUMBER: u8 = 7;
const PATCH: u8 = 8;

/// What Composer puts for the open end of a branch: `1.x-dev`.
const ANY: &str = "9999999";

/// How many numbers a version has for Composer, whatever it was written with.
const WHOLE: usize = 4;

/// The most digits of a version's first number. What has more is a day, which is left as it is.
const LONGEST: usize = 5;

pub(super) fn write(version: &str, key: &mut Key<'_>) {
    let version = version.split_once('+').map_or(version, |(version, _)| version);
    let is_day = parts(version).next().is_some_and(|first| first.len() > LONGEST);
    let mut said = parts(version).take_while(|part| !part.eq_ignore_ascii_case("stable")).peekable();
    let (mut numbers, mut unsaid) = (0, "0");
    while let Some(number) = said.next_if_map(|part| number(part).ok_or(part)) {
        write_number(number, key);
        numbers += 1;
        // Of `1.x` each number that is not there is any.
        unsaid = if number == ANY { ANY } else { unsaid };
    }
    if numbers > 0 && !is_day {
        (numbers..WHOLE).for_each(|_| write_number(unsaid, key));
    }
    for part in said {
        match number(part) {
            Some(number) => write_number(number, key),
            None => key.mark(rank(part)),
        }
    }
    key.mark(END);
}

fn number(part: &str) -> Option<&str> {
    match part {
        "x" | "X" | "*" => Some(ANY),
        part => is_digits(part).then_some(part),
    }
}

fn write_number(digits: &str, key: &mut Key<'_>) {
    key.mark(NUMBER);
    key.number(digits);
}

/// Runs of digits and runs of anything else, between separators.
fn parts(version: &str) -> impl Iterator<Item = &str> {
    let version = version.strip_prefix(['v', 'V']).unwrap_or(version);
    version.split(['.', '-', '_', '+']).flat_map(|piece| {
        piece.as_bytes().chunk_by(|one, other| one.is_ascii_digit() == other.is_ascii_digit()).scan(
            piece,
            |rest, run| {
                let (part, tail) = rest.split_at_checked(run.len())?;
                *rest = tail;
                Some(part)
            },
        )
    })
}

/// Words are known by how they begin, and those that are not known are all the same.
fn rank(word: &str) -> u8 {
    let begins = |start: &str| word.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start));
    let known = [("dev", DEVELOPMENT), ("a", ALPHA), ("b", BETA), ("rc", CANDIDATE), ("p", PATCH)];
    known.iter().find(|(start, _)| begins(start)).map_or(UNKNOWN, |(_, rank)| *rank)
}

/// How PHP compares versions of which one has a `#`, its own sign for whatever number or end is there. It is the
/// one thing in all orders that is equal to things that are not equal to each other, so it has no key.
pub(super) fn with_placeholder(one: &str, other: &str) -> Option<Ordering> {
    if !one.contains('#') && !other.contains('#') {
        return None;
    }
    let (mut first, mut second) = (parts(one), parts(other));
    loop {
        let found = match (first.next(), second.next()) {
            (None, None) => return Some(Ordering::Equal),
            (Some("#"), None) | (None, Some("#")) => Ordering::Equal,
            (left, right) => place(left).cmp(&place(right)).then_with(|| by_value(left, right)),
        };
        if found.is_ne() {
            return Some(found);
        }
    }
}

fn place(part: Option<&str>) -> u8 {
    match part {
        None => END,
        Some("#") => NUMBER,
        Some(part) if is_digits(part) => NUMBER,
        Some(part) => rank(part),
    }
}

/// Two numbers by their values; everything else is equal.
fn by_value(left: Option<&str>, right: Option<&str>) -> Ordering {
    let (Some(left), Some(right)) =
        (left.filter(|part| is_digits(part)), right.filter(|part| is_digits(part)))
    else {
        return Ordering::Equal;
    };
    let (left, right) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}
