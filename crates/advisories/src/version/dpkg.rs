//! Debian's order: deb-version(7).

use super::key::Key;
use super::{is_digits, split_digits};

/// A tilde is before everything, even the end of a part.
const TILDE: u8 = 1;
const END: u8 = 2;

/// What characters other than letters are moved up by, since letters come before all of them.
const AFTER_LETTERS: u8 = 128;

/// `[epoch:]upstream[-revision]`.
pub(super) fn write(version: &str, key: &mut Key<'_>) -> Result<(), &'static str> {
    let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
    if !is_digits(epoch) {
        return Err("what is before the colon is not a number");
    }
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
    if upstream.is_empty() {
        return Err("nothing but an epoch or a revision");
    }
    key.number(epoch);
    write_part(upstream, key);
    write_part(revision, key);
    Ok(())
}

/// Characters that are no digits, then digits, and so on; where either is missing it counts as empty or zero.
fn write_part(part: &str, key: &mut Key<'_>) {
    let mut rest = part;
    loop {
        let digits_at = rest.bytes().position(|byte| byte.is_ascii_digit()).unwrap_or(rest.len());
        let (word, tail) = rest.split_at_checked(digits_at).unwrap_or((rest, ""));
        word.bytes().for_each(|byte| write_character(byte, key));
        key.mark(END);
        let (digits, tail) = split_digits(tail);
        key.number(digits);
        rest = tail;
        if rest.is_empty() {
            break;
        }
    }
    key.mark(END);
}

fn write_character(byte: u8, key: &mut Key<'_>) {
    match byte {
        b'~' => key.mark(TILDE),
        b'A'..=b'Z' | b'a'..=b'z' => key.mark(byte),
        0..0x7f => key.mark(AFTER_LETTERS + byte),
        _ => {
            key.mark(u8::MAX);
            key.mark(byte);
        }
    }
}
