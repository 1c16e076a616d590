//! Python's order: PEP 440, read as its appendix B reads it.

use super::key::Key;
use super::{is_digits, legacy, split_digits};

/// Versions that follow no rule come before all that do.
const LEGACY: u8 = 0;
const MODERN: u8 = 1;

const END: u8 = 0;
const NUMBER: u8 = 1;

/// `1.0.dev1` is before `1.0a1`, which is before `1.0`.
const ONLY_DEVELOPMENT: u8 = 0;
const FINAL: u8 = 4;
const PRERELEASES: [(&str, u8); 8] =
    [("alpha", 1), ("a", 1), ("beta", 2), ("b", 2), ("preview", 3), ("pre", 3), ("rc", 3), ("c", 3)];
const POSTRELEASES: [(&str, u8); 3] = [("post", 1), ("rev", 1), ("r", 1)];
const DEVELOPMENT: [(&str, u8); 1] = [("dev", 0)];
const NO_POSTRELEASE: u8 = 0;
const NO_DEVELOPMENT: u8 = 1;

/// Segments of a local version: words are before numbers.
const LOCAL_WORD: u8 = 1;
const LOCAL_NUMBER: u8 = 2;

/// A word with the number after it.
#[derive(Clone, Copy)]
struct Tag<'a> {
    mark: u8,
    number: &'a str,
}

/// The parts of a version, all in small letters.
struct Parts<'a> {
    epoch: &'a str,
    release: &'a str,
    pre: Option<Tag<'a>>,
    post: Option<Tag<'a>>,
    development: Option<Tag<'a>>,
    local: &'a str,
}

pub(super) fn write(version: &str, key: &mut Key<'_>) {
    let version = version.to_ascii_lowercase();
    match parse(&version) {
        Some(parts) => {
            key.mark(MODERN);
            write_parts(&parts, key);
        }
        None => {
            key.mark(LEGACY);
            key.word(legacy::spelled(&version).into_bytes());
        }
    }
}

fn parse(version: &str) -> Option<Parts<'_>> {
    let version = version.strip_prefix('v').unwrap_or(version);
    let (version, local) = match version.split_once('+') {
        Some((version, local)) if local.split(is_separator).all(is_alphanumeric) => (version, local),
        Some(_) => return None,
        None => (version, ""),
    };
    let (epoch, rest) = version.split_once('!').unwrap_or(("0", version));
    let (release, rest) = split_release(rest)?;
    let (pre, rest) = tag(rest, &PRERELEASES);
    let (post, rest) = postrelease(rest);
    let (development, rest) = tag(rest, &DEVELOPMENT);
    (is_digits(epoch) && rest.is_empty()).then_some(Parts { epoch, release, pre, post, development, local })
}

fn is_separator(character: char) -> bool {
    matches!(character, '.' | '-' | '_')
}

fn is_alphanumeric(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Numbers with dots between them, and what follows.
fn split_release(text: &str) -> Option<(&str, &str)> {
    let (first, mut rest) = split_digits(text);
    if first.is_empty() {
        return None;
    }
    while let Some((digits, tail)) = rest.strip_prefix('.').map(split_digits)
        && !digits.is_empty()
    {
        rest = tail;
    }
    Some((text.strip_suffix(rest)?, rest))
}

/// One of `names`, with or without a separator before it and between it and its number.
fn tag<'a>(text: &'a str, names: &[(&str, u8)]) -> (Option<Tag<'a>>, &'a str) {
    let name = text.strip_prefix(is_separator).unwrap_or(text);
    let found = names.iter().find_map(|(spelling, mark)| Some((*mark, name.strip_prefix(spelling)?)));
    let Some((mark, rest)) = found else { return (None, text) };
    let (number, rest) = split_digits(rest.strip_prefix(is_separator).unwrap_or(rest));
    (Some(Tag { mark, number }), rest)
}

/// `.post1`, or `-1` for short.
fn postrelease(text: &str) -> (Option<Tag<'_>>, &str) {
    match text.strip_prefix('-').map(split_digits) {
        Some((number, rest)) if !number.is_empty() => (Some(Tag { mark: 1, number }), rest),
        _ => tag(text, &POSTRELEASES),
    }
}

fn write_parts(parts: &Parts<'_>, key: &mut Key<'_>) {
    key.number(parts.epoch);
    write_release(parts.release, key);
    match (parts.pre, parts.post, parts.development) {
        (None, None, Some(_)) => key.mark(ONLY_DEVELOPMENT),
        (None, ..) => key.mark(FINAL),
        (pre, ..) => write_tag(pre, FINAL, key),
    }
    write_tag(parts.post, NO_POSTRELEASE, key);
    write_tag(parts.development, NO_DEVELOPMENT, key);
    for segment in parts.local.split(is_separator).filter(|segment| !segment.is_empty()) {
        if is_digits(segment) {
            key.mark(LOCAL_NUMBER);
            key.number(segment);
        } else {
            key.mark(LOCAL_WORD);
            key.word(segment.bytes());
        }
    }
    key.mark(END);
}

/// Zeros at the end make no difference.
fn write_release(release: &str, key: &mut Key<'_>) {
    let mut zeros = 0;
    for number in release.split('.') {
        if number.bytes().all(|digit| digit == b'0') {
            zeros += 1;
            continue;
        }
        for number in std::iter::repeat_n("0", zeros).chain([number]) {
            key.mark(NUMBER);
            key.number(number);
        }
        zeros = 0;
    }
    key.mark(END);
}

fn write_tag(tag: Option<Tag<'_>>, absent: u8, key: &mut Key<'_>) {
    match tag {
        Some(tag) => {
            key.mark(tag.mark);
            key.number(tag.number);
        }
        None => key.mark(absent),
    }
}
