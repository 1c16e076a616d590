//! The order of rpm: rpm-version(7).

use super::key::Key;
use super::{is_digits, split_digits, split_while};

// What may come next in a part, from the oldest to the newest.
const TILDE: u8 = 1;
const END: u8 = 2;
const CARET: u8 = 3;
const LETTERS: u8 = 4;
const DIGITS: u8 = 5;

/// `[epoch:]version[-release]`.
pub(super) fn write(version: &str, key: &mut Key<'_>) {
    let (epoch, rest) =
        version.split_once(':').filter(|(epoch, _)| is_digits(epoch)).unwrap_or(("0", version));
    let (upstream, release) = match rest.split_once('-') {
        Some((upstream, release)) => (upstream, Some(release)),
        None => (rest, None),
    };
    key.number(epoch);
    write_part(upstream, key);
    key.mark(u8::from(release.is_some()));
    write_part(release.unwrap_or_default(), key);
}

/// Runs of digits and runs of letters; all other characters only keep them apart.
fn write_part(part: &str, key: &mut Key<'_>) {
    let mut rest = part;
    while let Some(first) = rest.bytes().next() {
        if first.is_ascii_digit() {
            let (digits, tail) = split_digits(rest);
            key.mark(DIGITS);
            key.number(digits);
            rest = tail;
        } else if first.is_ascii_alphabetic() {
            let (letters, tail) = split_while(rest, |byte| byte.is_ascii_alphabetic());
            key.mark(LETTERS);
            key.word(letters.bytes());
            rest = tail;
        } else {
            match first {
                b'~' => key.mark(TILDE),
                b'^' => key.mark(CARET),
                _ => {}
            }
            rest = rest
                .split_at_checked(rest.chars().next().map_or(1, char::len_utf8))
                .map_or("", |(_, tail)| tail);
        }
    }
    key.mark(END);
}
