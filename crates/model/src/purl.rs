//! Package URLs (ECMA-427): one line that names a package wherever it comes from.

mod rules;
mod text;
mod package;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use thiserror::Error;

pub use text::LONGEST;

/// The parts of a package URL, decoded. Empty text stands for a part that is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Parts {
    /// The package manager or whoever else vouches for the name: `deb`, `npm`.
    pub kind: String,
    /// What the name is unique in, `/` between its segments: `debian`, `@scope`, `github.com/sirupsen`.
    pub namespace: String,
    /// The package's name.
    pub name: String,
    /// Its version, as its kind spells it.
    pub version: String,
    /// Anything else: `arch`, `distro`, `epoch`.
    pub qualifiers: BTreeMap<String, String>,
    /// A path within the package.
    pub subpath: String,
}

/// A package URL that its type's rules allow, in its canonical form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Purl(Parts);

/// Why something is no package URL.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PurlError {
    /// It is longer than any is.
    #[error("it has {0} bytes, and {LONGEST} are the most that a package URL may have")]
    Length(usize),
    /// It is something else.
    #[error("it does not begin with `pkg:`")]
    Scheme,
    /// It names no package manager.
    #[error("`{0}` is no type of a package URL: that is a letter, and then letters, digits, `.` and `-`")]
    Type(String),
    /// It names no package.
    #[error("it has no name")]
    Name,
    /// The name of a qualifier is none, is there twice, or is not in small letters.
    #[error(
        "`{0}` is no qualifier: those are small letters, digits, `.`, `-` and `_`, each once, and have a value"
    )]
    Qualifier(String),
    /// It stands for something that is no text.
    #[error("`{0}` is not percent-encoded UTF-8")]
    Encoding(String),
    /// Its type asks for something else.
    #[error("packages of type `{kind}` {rule}")]
    Rule {
        /// The type.
        kind: String,
        /// What it asks for.
        rule: &'static str,
    },
}

impl Purl {
    /// Its parts.
    #[must_use]
    pub fn parts(&self) -> &Parts {
        &self.0
    }

    /// The value of a qualifier.
    #[must_use]
    pub fn qualifier(&self, name: &str) -> Option<&str> {
        self.0.qualifiers.get(name).map(String::as_str)
    }
}

impl TryFrom<Parts> for Purl {
    type Error = PurlError;

    fn try_from(mut parts: Parts) -> Result<Self, PurlError> {
        parts.kind.make_ascii_lowercase();
        if !is_type(&parts.kind) {
            return Err(PurlError::Type(parts.kind));
        }
        if parts.name.is_empty() {
            return Err(PurlError::Name);
        }
        if let Some(name) = parts.qualifiers.keys().find(|name| !is_qualifier(name)) {
            return Err(PurlError::Qualifier(name.clone()));
        }
        parts.qualifiers.retain(|_, value| !value.is_empty());
        parts.namespace = tidy(&parts.namespace, |_| true);
        parts.subpath = tidy(&parts.subpath, |segment| !matches!(segment, "." | ".."));
        rules::apply(&mut parts)?;
        Ok(Self(parts))
    }
}

impl Serialize for Purl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn is_type(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'+'))
}

fn is_qualifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_'))
}

/// Without the segments that are empty or that are not kept.
fn tidy(path: &str, keep: impl Fn(&str) -> bool) -> String {
    let segments: Vec<&str> =
        path.split('/').filter(|segment| !segment.is_empty() && keep(segment)).collect();
    segments.join("/")
}
