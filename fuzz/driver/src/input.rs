//! What targets take, out of bytes that anybody may have made.

/// What separates texts from each other.
const BETWEEN: u8 = b'\n';

/// Something that any bytes stand for.
pub trait Input<'a> {
    /// What they stand for.
    fn of(bytes: &'a [u8]) -> Self;
}

impl<'a> Input<'a> for &'a [u8] {
    fn of(bytes: &'a [u8]) -> Self {
        bytes
    }
}

impl<'a> Input<'a> for &'a str {
    /// As much as is text.
    fn of(bytes: &'a [u8]) -> Self {
        bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid())
    }
}

impl<'a> Input<'a> for (u8, &'a [u8]) {
    fn of(bytes: &'a [u8]) -> Self {
        bytes.split_first().map_or((0, bytes), |(first, rest)| (*first, rest))
    }
}

impl<'a> Input<'a> for (&'a str, &'a str) {
    fn of(bytes: &'a [u8]) -> Self {
        let (first, rest) = split(bytes);
        (Input::of(first), Input::of(rest))
    }
}

impl<'a> Input<'a> for (&'a str, &'a str, &'a str) {
    fn of(bytes: &'a [u8]) -> Self {
        let (first, rest) = split(bytes);
        let (second, third) = split(rest);
        (Input::of(first), Input::of(second), Input::of(third))
    }
}

fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let at = bytes.iter().position(|byte| *byte == BETWEEN);
    at.map_or((bytes, &[]), |at| (&bytes[..at], &bytes[at + 1..]))
}
