//! Text for SARIF: messages, Markdown and addresses, none of which may become anything else.

use std::fmt::Write as _;

/// Longest message, in characters: GitHub shows no more.
const LONGEST: usize = 1000;

/// Without control characters, and cut where it gets long.
pub(super) fn cut(text: &str, most: usize) -> String {
    let clean = |letter: char| if letter.is_control() { ' ' } else { letter };
    let mut letters = text.chars().map(clean);
    let mut cut: String = letters.by_ref().take(most).collect();
    if letters.next().is_some() {
        cut.push('…');
    }
    cut
}

/// A message as text. Brackets would be links there, and braces placeholders (3.11.5, 3.11.6).
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in cut(text, LONGEST).chars() {
        match letter {
            '[' | ']' | '\\' => plain.extend(['\\', letter]),
            '{' | '}' => plain.extend([letter, letter]),
            other => plain.push(other),
        }
    }
    plain
}

/// Words within Markdown.
pub(super) fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in cut(text, LONGEST).chars() {
        match letter {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            other if other.is_ascii_punctuation() && !matches!(other, '.' | ',' | ':' | '/' | '-' | '@') => {
                escaped.extend(['\\', other]);
            }
            other => escaped.push(other),
        }
    }
    escaped
}

/// A path as a relative address (RFC 3986), without parts that would lead out of whatever it is relative to.
pub(super) fn address(path: &str) -> String {
    let parts = path.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
    let address = parts.map(encoded).collect::<Vec<_>>().join("/");
    if address.is_empty() { ".".to_owned() } else { address }
}

fn encoded(part: &str) -> String {
    let mut encoded = String::with_capacity(part.len());
    for byte in part.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'+' | b'@' => {
                encoded.push(char::from(byte));
            }
            // Writing to a string cannot fail.
            _ => _ = write!(encoded, "%{byte:02X}"),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(plain("a [b](c) {0}\n"), "a \\[b\\](c) {{0}} ");
        assert_eq!(
            markdown("<img src=x> [a](b) `c` *d*"),
            "&lt;img src\\=x&gt; \\[a\\]\\(b\\) \\`c\\` \\*d\\*"
        );
        assert_eq!(address("/usr/lib/a b/ü:c"), "usr/lib/a%20b/%C3%BC%3Ac");
        assert_eq!(address("../a/./../b//c"), "a/b/c");
        assert_eq!(address(""), ".");
        assert_eq!(plain(&"é".repeat(2000)).chars().count(), LONGEST + 1);
    }
}
