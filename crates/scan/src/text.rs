//! Bytes of strangers as text.

use std::fmt::Write as _;

/// The most characters of a word that somebody declares: a name, a version, a licence.
pub(crate) const LONGEST_WORD: usize = 512;

/// A path as text, so that no two paths have the same: what is not UTF-8, or is for terminals to obey, is
/// written as `\xff`, and a backslash as two.
pub(crate) fn path(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(plain) if !plain.contains(|letter: char| letter == '\\' || letter.is_control()) => {
            plain.to_owned()
        }
        _ => escaped(bytes),
    }
}

fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '\\' => text.push_str("\\\\"),
                _ if letter.is_control() => escape(&mut text, letter.encode_utf8(&mut [0; 4]).as_bytes()),
                _ => text.push(letter),
            }
        }
        escape(&mut text, chunk.invalid());
    }
    text
}

fn escape(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        let _never_fails = write!(text, "\\x{byte:02x}");
    }
}

/// Whether a text is one that somebody may have meant as a word: no longer than `most` bytes, and nothing in it
/// that a terminal obeys.
pub(crate) fn is_word(text: &str, most: usize) -> bool {
    text.len() <= most && !text.contains(char::is_control)
}

/// A word that a file declares, trimmed, or nothing if no such word is that long.
pub(crate) fn word(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes.trim_ascii());
    if is_word(&text, LONGEST_WORD) { text.into_owned() } else { String::new() }
}

/// Lines without their ends.
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_paths_have_the_same_text() {
        assert_eq!(path(b"usr/bin/env"), "usr/bin/env");
        assert_eq!(path("caf\u{e9}".as_bytes()), "caf\u{e9}");
        assert_eq!(path(b"a\xffb"), r"a\xffb");
        assert_eq!(path(br"a\xffb"), r"a\\xffb");
        assert_eq!(path(br"\\"), r"\\\\");
        assert_eq!((path(b"a\nb\x1b"), path(br"a\x0ab")), (r"a\x0ab\x1b".to_owned(), r"a\\x0ab".to_owned()));
    }

    #[test]
    fn a_word_has_no_control_characters_and_an_end() {
        assert_eq!(word(b" 1.2-3 "), "1.2-3");
        assert_eq!(word(b"1.2\x1b[31m"), "");
        assert_eq!(word(&[b'x'; LONGEST_WORD + 1]), "");
    }
}
