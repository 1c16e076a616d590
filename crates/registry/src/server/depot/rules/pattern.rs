//! Patterns of repositories and tags: text in which `*` stands for any characters, slashes among them.

use std::fmt;

use serde::Deserialize;

/// The longest pattern, and the most stars in one.
const LENGTH: usize = 255;
const STARS: usize = 8;

/// A pattern as it stands in the settings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Pattern(String);

/// The text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no pattern, which is letters, digits and `._/-` of a name, with up to {STARS} `*` for anything"
)]
pub struct PatternError(String);

impl Pattern {
    /// Whether all of `text` is as the pattern says.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
        let Some(last) = parts.next_back() else { return rest.is_empty() };
        // The leftmost place of each part is enough: whatever fits further right fits there, too.
        for part in parts {
            match rest.split_once(part) {
                Some((_, behind)) => rest = behind,
                None => return false,
            }
        }
        rest.ends_with(last)
    }
}

impl TryFrom<String> for Pattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._/-*".contains(&byte);
        let stars = text.bytes().filter(|byte| *byte == b'*').count();
        if (1..=LENGTH).contains(&text.len()) && stars <= STARS && text.bytes().all(allowed) {
            return Ok(Self(text));
        }
        Err(PatternError(text.chars().take(100).collect()))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
pub(super) fn pattern(text: &str) -> Pattern {
    Pattern::try_from(text.to_owned()).unwrap()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_star_is_anything_and_everything_else_is_itself() {
        for (text, name) in
            [("*", ""), ("*", "a/b"), ("team/*", "team/a/b"), ("v*.*", "v1.2"), ("a*a", "aa"), ("ab", "ab")]
        {
            assert!(pattern(text).matches(name), "{text} {name}");
        }
        for (text, name) in
            [("team/*", "teams/a"), ("a*a", "a"), ("v*.0", "v1.0-rc"), ("ab", "abc"), ("a", "")]
        {
            assert!(!pattern(text).matches(name), "{text} {name}");
        }
        for bad in ["", "a b", "a?", "[a]", "*********", &"a".repeat(256)] {
            assert!(Pattern::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    /// The same question, asked letter by letter.
    fn slowly(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some((b'*', rest)), None) => slowly(rest, text),
            (Some((b'*', rest)), Some((_, behind))) => slowly(rest, text) || slowly(pattern, behind),
            (Some((wanted, rest)), Some((letter, behind))) => wanted == letter && slowly(rest, behind),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn parts_and_letters_agree(text in "[ab*]{1,8}", name in "[ab]{0,8}") {
            let expected = slowly(text.as_bytes(), name.as_bytes());
            prop_assert_eq!(pattern(&text).matches(&name), expected);
        }
    }
}
