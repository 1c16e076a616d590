//! Ruby's order: Gem::Version.
//!
//! Segments are numbers and words, words before all numbers, and a version goes on with zeros for ever. Zeros at
//! its end, and those before its first word, count for nothing.

use super::key::Key;
use super::{split_digits, split_while};

// What may come next, from the oldest to the newest. A run of zeros is old or new by what ends it.
const WORD: u8 = 1;
const ZEROS_THEN_WORD: u8 = 2;
const END: u8 = 3;
const ZEROS_THEN_NUMBER: u8 = 4;
const NUMBER: u8 = 5;

/// Whether a word was among the segments.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Release,
    Prerelease,
}

pub(super) fn write(version: &str, key: &mut Key<'_>) {
    let (mut zeros, mut part) = (0, Part::Release);
    let mut rest = version;
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_digit() {
            let (digits, tail) = split_digits(rest);
            rest = tail;
            if digits.bytes().all(|digit| digit == b'0') {
                zeros += 1;
                continue;
            }
            if zeros > 0 {
                key.mark(ZEROS_THEN_NUMBER);
                key.countdown(zeros);
            }
            key.mark(NUMBER);
            key.number(digits);
        } else {
            let (word, tail) = split_word(rest, first);
            rest = tail;
            if word.is_empty() {
                continue;
            }
            if zeros > 0 && part == Part::Prerelease {
                key.mark(ZEROS_THEN_WORD);
                key.count(zeros);
            }
            part = Part::Prerelease;
            key.mark(WORD);
            key.word(word.bytes());
        }
        zeros = 0;
    }
    key.mark(END);
}

/// Letters; a hyphen stands for the word `pre`, and anything else for nothing.
fn split_word(text: &str, first: char) -> (&str, &str) {
    if first.is_ascii_alphabetic() {
        return split_while(text, |byte| byte.is_ascii_alphabetic());
    }
    let word = if first == '-' { "pre" } else { "" };
    (word, text.strip_prefix(first).unwrap_or_default())
}
