//! How setuptools compared the versions of Python packages before PEP 440: as one string, made from their parts.

use std::borrow::Cow;

use super::{split_digits, split_while};

const FINAL: &str = "*final";
const HYPHEN: &str = "*final-";
const ZERO: &str = "00000000";

/// The string that `version`, in small letters, is compared by.
pub(super) fn spelled(version: &str) -> String {
    let mut parts: Vec<Cow<'_, str>> = Vec::new();
    let mut rest = version;
    while let Some((part, tail)) = next_part(rest) {
        push(&mut parts, part);
        rest = tail;
    }
    push(&mut parts, FINAL.into());
    parts.concat()
}

/// The next number, word or hyphen, as it is compared; all else only keeps them apart.
fn next_part(mut rest: &str) -> Option<(Cow<'_, str>, &str)> {
    loop {
        let first = rest.chars().next()?;
        if first.is_ascii_digit() {
            let (digits, tail) = split_digits(rest);
            return Some((format!("{digits:0>8}").into(), tail));
        }
        if first.is_ascii_lowercase() {
            let (word, tail) = split_while(rest, |byte| byte.is_ascii_lowercase());
            return Some((spelled_word(word), tail));
        }
        rest = rest.strip_prefix(first)?;
        if first == '-' {
            return Some((HYPHEN.into(), rest));
        }
    }
}

fn spelled_word(word: &str) -> Cow<'static, str> {
    match word {
        "pre" | "preview" | "rc" => "*c".into(),
        "dev" => "*@".into(),
        _ => format!("*{word}").into(),
    }
}

/// Before a word zeros count for nothing, and before one that comes before a release hyphens neither.
fn push<'a>(parts: &mut Vec<Cow<'a, str>>, part: Cow<'a, str>) {
    if part.starts_with('*') {
        if *part < *FINAL {
            drop_last(parts, HYPHEN);
        }
        drop_last(parts, ZERO);
    }
    parts.push(part);
}

fn drop_last(parts: &mut Vec<Cow<'_, str>>, unwanted: &str) {
    while parts.last().is_some_and(|last| last == unwanted) {
        parts.pop();
    }
}
