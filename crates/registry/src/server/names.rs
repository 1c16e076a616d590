//! What a client may call things: repositories and tags, by the specification's grammar and nothing beyond it.

use std::fmt;
use std::str::FromStr;

use super::shelf::{ContentDigest, DigestText};

/// The longest name of a repository: with it and a digest, an edge's key still fits a file system's names.
const NAME: usize = 180;

/// The longest tag (spec.md, "Pulling manifests").
const TAG: usize = 128;

/// A repository's name. Its text is safe in a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepositoryName(String);

/// A tag. Its text is safe in a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(String);

/// How a manifest is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// By a name that can move.
    Tag(Tag),
    /// By what its bytes hash to.
    Digest(ContentDigest),
}

/// Why a text is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not a repository's name.
    #[error(
        "`{0}` is no repository's name: it has at most {NAME} lower-case letters, digits and single separators"
    )]
    Repository(String),
    /// Not a tag.
    #[error("`{0}` is no tag: it has at most {TAG} letters, digits and `._-`, and begins with none of `.-`")]
    Tag(String),
    /// Not a digest.
    #[error(transparent)]
    Digest(#[from] DigestText),
}

impl RepositoryName {
    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Tag {
    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RepositoryName {
    type Err = NameError;

    /// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*`.
    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.len() <= NAME && text.split('/').all(is_component) {
            return Ok(Self(text.to_owned()));
        }
        Err(NameError::Repository(shortened(text)))
    }
}

impl FromStr for Tag {
    type Err = NameError;

    /// `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
    fn from_str(text: &str) -> Result<Self, NameError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let begins = !text.starts_with(['.', '-']);
        if (1..=TAG).contains(&text.len()) && begins && text.bytes().all(allowed) {
            return Ok(Self(text.to_owned()));
        }
        Err(NameError::Tag(shortened(text)))
    }
}

impl FromStr for Reference {
    type Err = NameError;

    /// No tag has a colon, and every digest has one.
    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.contains(':') {
            true => Ok(Self::Digest(text.parse()?)),
            false => text.parse().map(Self::Tag),
        }
    }
}

fn is_component(text: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = [text.as_bytes().first(), text.as_bytes().last()];
    ends.iter().all(|end| end.is_some_and(plain))
        && text.bytes().all(|byte| plain(&byte) || matches!(byte, b'.' | b'_' | b'-'))
        && text.split(|letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit()).all(is_separator)
}

/// What may stand between letters; nothing does, too.
fn is_separator(text: &str) -> bool {
    matches!(text, "" | "." | "_" | "__") || text.bytes().all(|byte| byte == b'-')
}

fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_follow_the_grammar() {
        for good in ["a", "a/b/c", "a.b", "a_b", "a__b", "a--b", "0", "library/nginx"] {
            assert!(good.parse::<RepositoryName>().is_ok(), "{good}");
        }
        let bad =
            ["", "/", "a/", "/a", "a//b", "A", "a..b", "a___b", "a._b", "-a", "a-", "..", "a/../b", "é"];
        for bad in bad.into_iter().chain(["_tags", "a/_tags", "a:b", "a b", "a\0", "a%2fb"]) {
            assert!(bad.parse::<RepositoryName>().is_err(), "{bad}");
        }
        assert!("a".repeat(NAME).parse::<RepositoryName>().is_ok());
        assert!("a".repeat(NAME + 1).parse::<RepositoryName>().is_err());
    }

    #[test]
    fn a_reference_is_a_tag_or_a_digest() {
        assert!(matches!("v1.0".parse(), Ok(Reference::Tag(_))));
        assert!(matches!(format!("sha256:{}", "0".repeat(64)).parse(), Ok(Reference::Digest(_))));
        for bad in ["", ".", "..", "-a", "a/b", "a b", "sha256:", "md5:00", "é"] {
            assert!(bad.parse::<Reference>().is_err(), "{bad}");
        }
        assert!("a".repeat(129).parse::<Reference>().is_err());
    }
}
