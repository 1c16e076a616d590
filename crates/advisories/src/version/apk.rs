//! Alpine's order: apk-package(5).
//!
//! `number{.number}{letter}{_suffix{number}}{~hash}{-r#}`. Where two versions part, the one that goes on is the
//! newer, unless it goes on with the name of something before a release. What follows none of this (apk 2 accepts
//! it, repositories have none of it) is before everything that could be in its place.

use super::key::Key;
use super::{split_digits, split_while};

// What may come next, from the oldest to the newest.
const JUNK: u8 = 1;
const BEFORE_RELEASE: u8 = 2;
const END: u8 = 6;
const REVISION: u8 = 7;
const AFTER_RELEASE: u8 = 8;
const LETTER: u8 = 13;
const NUMBER: u8 = 14;

/// Numbers after the first that begin with a zero are compared as if they were decimal places.
const FRACTION: u8 = 1;
const WHOLE: u8 = 2;

/// Each kind of suffix with its mark, longer names before those they begin with.
const SUFFIXES: [(&str, u8); 9] = [
    ("alpha", BEFORE_RELEASE),
    ("beta", BEFORE_RELEASE + 1),
    ("pre", BEFORE_RELEASE + 2),
    ("rc", BEFORE_RELEASE + 3),
    ("cvs", AFTER_RELEASE),
    ("svn", AFTER_RELEASE + 1),
    ("git", AFTER_RELEASE + 2),
    ("hg", AFTER_RELEASE + 3),
    ("p", AFTER_RELEASE + 4),
];

pub(super) fn write(version: &str, key: &mut Key<'_>) {
    let rest = write_numbers(version, key);
    let rest = write_letter(rest, key);
    let rest = write_suffixes(rest, key);
    // Nobody can say which of two commits is the newer.
    let rest =
        rest.strip_prefix('~').map_or(rest, |hash| split_while(hash, |byte| byte.is_ascii_hexdigit()).1);
    write_end(rest, key);
}

fn write_numbers<'a>(version: &'a str, key: &mut Key<'_>) -> &'a str {
    let (first, mut rest) = split_digits(version);
    if first.is_empty() {
        return version;
    }
    key.mark(NUMBER);
    key.mark(WHOLE);
    key.number(first);
    while let Some((digits, tail)) =
        rest.strip_prefix('.').map(split_digits).filter(|(digits, _)| !digits.is_empty())
    {
        key.mark(NUMBER);
        if digits.starts_with('0') {
            key.mark(FRACTION);
            key.word(digits.bytes());
        } else {
            key.mark(WHOLE);
            key.number(digits);
        }
        rest = tail;
    }
    rest
}

fn write_letter<'a>(rest: &'a str, key: &mut Key<'_>) -> &'a str {
    let Some(letter) = rest.bytes().next().filter(u8::is_ascii_lowercase) else { return rest };
    key.mark(LETTER);
    key.mark(letter);
    rest.split_at_checked(1).map_or("", |(_, tail)| tail)
}

fn write_suffixes<'a>(mut rest: &'a str, key: &mut Key<'_>) -> &'a str {
    while let Some((mark, tail)) = suffix(rest) {
        let (digits, tail) = split_digits(tail);
        key.mark(mark);
        key.mark(u8::from(!digits.is_empty()));
        key.number(digits);
        rest = tail;
    }
    rest
}

fn suffix(rest: &str) -> Option<(u8, &str)> {
    let name = rest.strip_prefix('_')?;
    SUFFIXES.iter().find_map(|(suffix, mark)| Some((*mark, name.strip_prefix(suffix)?)))
}

/// The revision, if nothing else is left.
fn write_end(rest: &str, key: &mut Key<'_>) {
    if rest.is_empty() {
        return key.mark(END);
    }
    match rest.strip_prefix("-r").map(split_digits) {
        Some((digits, "")) => {
            key.mark(REVISION);
            key.number(digits);
        }
        _ => {
            key.mark(JUNK);
            // All revisions that are none are equal.
            key.word(if rest.starts_with('-') { "" } else { rest }.bytes());
        }
    }
}
