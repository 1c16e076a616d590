//! Java's order: Maven's ComparableVersion.
//!
//! <https://maven.apache.org/pom.html#version-order-specification>, of which the implementation differs here and
//! there. Neither is transitive: `1.0.rc` is before `1`, which is before `1-1`, which is before `1.0.rc`, and with
//! qualifiers after a dot and after a hyphen it is `1-alpha`, `1`, `1.sp`, `1-alpha`. [`compare`] says what Maven 3
//! says. A key can not, and only there it does not: zeros before a qualifier count for nothing, as in Maven 4, and
//! what comes before a release does so after either.

use std::cmp::Ordering;

use super::is_digits;
use super::key::Key;

// What may come next, from the oldest to the newest.
const DOT_BEFORE_RELEASE: u8 = 1;
const HYPHEN_BEFORE_RELEASE: u8 = 2;
const RELEASE: u8 = 3;
const DOT_AFTER_RELEASE: u8 = 4;
const HYPHEN_AFTER_RELEASE: u8 = 5;
const HYPHEN_NUMBER: u8 = 6;
const DOT_NUMBER: u8 = 7;

/// Of what comes after a release, service packs come first.
const SERVICE_PACK: u8 = 0;
const OTHER: u8 = 1;

/// What stands before a token; a change between digits and letters counts as a hyphen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Prefix {
    Dot,
    Hyphen,
}

/// Whether a digit stands directly after a qualifier, which may then be one letter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Digit,
    Other,
}

enum Value<'a> {
    /// Zero, or a word for a release.
    Null,
    Number(&'a str),
    /// What comes before a release, by its rank.
    Before(u8),
    ServicePack,
    Other(&'a str),
}

struct Token<'a> {
    prefix: Prefix,
    value: Value<'a>,
}

/// Which of two versions is the older in Maven's own words.
pub(super) fn compare(one: &str, other: &str) -> Ordering {
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    let (one, other) = (tokens(&one), tokens(&other));
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for index in 0..one.len().max(other.len()) {
        first.clear();
        second.clear();
        match (one.get(index), other.get(index)) {
            // A version goes on with nothing for ever.
            (None, Some(Token { value: Value::Null, .. }))
            | (Some(Token { value: Value::Null, .. }), None) => {}
            (left, right) => {
                write_token(left, &mut Key(&mut first));
                write_token(right, &mut Key(&mut second));
            }
        }
        if first != second {
            return first.cmp(&second);
        }
    }
    Ordering::Equal
}

pub(super) fn write(version: &str, key: &mut Key<'_>) {
    let version = version.to_lowercase();
    let tokens = tokens(&version);
    let mut zeros = 0;
    for (index, token) in tokens.iter().enumerate() {
        if index > 0 && matches!(token, Token { prefix: Prefix::Dot, value: Value::Null }) {
            zeros += 1;
            continue;
        }
        if matches!(token.value, Value::Number(_)) {
            let zero = Token { prefix: Prefix::Dot, value: Value::Null };
            (0..zeros).for_each(|_| write_token(Some(&zero), key));
        }
        zeros = 0;
        write_token(Some(token), key);
    }
    write_token(None, key);
}

/// The tokens that count: zeros before a hyphen and at the end do not, unless there is nothing else.
fn tokens(version: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut prefix = Prefix::Dot;
    for piece in version.split_inclusive(['.', '-']) {
        let text = piece.trim_end_matches(['.', '-']);
        let mut rest = if text.is_empty() { "0" } else { text };
        while !rest.is_empty() {
            let (token, tail) = split_token(rest);
            let next = if tail.is_empty() { Next::Other } else { Next::Digit };
            if prefix == Prefix::Hyphen {
                drop_zeros(&mut tokens);
            }
            tokens.push(Token { prefix, value: Value::of(token, next) });
            (prefix, rest) = (Prefix::Hyphen, tail);
        }
        prefix = if piece.ends_with('.') { Prefix::Dot } else { Prefix::Hyphen };
    }
    drop_zeros(&mut tokens);
    tokens
}

fn drop_zeros(tokens: &mut Vec<Token<'_>>) {
    while tokens.len() > 1 && matches!(tokens.last(), Some(Token { value: Value::Null, .. })) {
        tokens.pop();
    }
}

/// The run of digits, or of anything else, that `text` begins with.
fn split_token(text: &str) -> (&str, &str) {
    let digits = text.bytes().next().is_some_and(|first| first.is_ascii_digit());
    let end = text.bytes().position(|byte| byte.is_ascii_digit() != digits).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

impl<'a> Value<'a> {
    fn of(token: &'a str, next: Next) -> Self {
        match (token, next) {
            _ if token.bytes().all(|byte| byte == b'0') => Self::Null,
            _ if is_digits(token) => Self::Number(token),
            ("ga" | "final" | "release", _) => Self::Null,
            ("alpha", _) | ("a", Next::Digit) => Self::Before(0),
            ("beta", _) | ("b", Next::Digit) => Self::Before(1),
            ("milestone", _) | ("m", Next::Digit) => Self::Before(2),
            ("rc" | "cr", _) => Self::Before(3),
            ("snapshot", _) => Self::Before(4),
            ("sp", _) => Self::ServicePack,
            (other, _) => Self::Other(other),
        }
    }
}

/// No token is the end of a version.
fn write_token(token: Option<&Token<'_>>, key: &mut Key<'_>) {
    let Some(Token { prefix, value }) = token else { return key.mark(RELEASE) };
    let either = |dot, hyphen| if *prefix == Prefix::Dot { dot } else { hyphen };
    match value {
        Value::Null | Value::Number(_) => key.mark(either(DOT_NUMBER, HYPHEN_NUMBER)),
        Value::Before(_) => key.mark(either(DOT_BEFORE_RELEASE, HYPHEN_BEFORE_RELEASE)),
        Value::ServicePack | Value::Other(_) => key.mark(either(DOT_AFTER_RELEASE, HYPHEN_AFTER_RELEASE)),
    }
    match value {
        Value::Null => key.number("0"),
        Value::Number(digits) => key.number(digits),
        Value::Before(rank) => key.mark(*rank),
        Value::ServicePack => key.mark(SERVICE_PACK),
        Value::Other(word) => {
            key.mark(OTHER);
            key.word(word.bytes());
        }
    }
}
