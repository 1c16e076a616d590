//! Patterns that mean several repositories.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::server::names::RepositoryName;

/// Which repositories are meant: `*` for all, `team/*` for those beneath `team`, `team/app` for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern(Meant);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Meant {
    All,
    Beneath(String),
    One(String),
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` means no repositories: write `team/app`, `team/*` or `*`")]
pub struct PatternSyntax(String);

impl Pattern {
    /// Every repository.
    #[must_use]
    pub fn all() -> Self {
        Self(Meant::All)
    }

    /// One repository.
    ///
    /// # Errors
    /// A text that is no repository's name.
    pub fn one(name: &str) -> Result<Self, PatternSyntax> {
        match is_repository(name) {
            true => Ok(Self(Meant::One(name.to_owned()))),
            false => Err(PatternSyntax(name.chars().take(80).collect())),
        }
    }

    /// Whether a repository is among those that are meant.
    #[must_use]
    pub fn matches(&self, repository: &str) -> bool {
        match &self.0 {
            Meant::All => true,
            Meant::Beneath(prefix) => {
                repository.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.starts_with('/'))
            }
            Meant::One(name) => name == repository,
        }
    }
}

impl FromStr for Pattern {
    type Err = PatternSyntax;

    fn from_str(text: &str) -> Result<Self, PatternSyntax> {
        match text.strip_suffix("/*") {
            _ if text == "*" => Ok(Self::all()),
            Some(prefix) if is_repository(prefix) => Ok(Self(Meant::Beneath(prefix.to_owned()))),
            _ => Self::one(text),
        }
    }
}

impl TryFrom<String> for Pattern {
    type Error = PatternSyntax;

    fn try_from(text: String) -> Result<Self, PatternSyntax> {
        text.parse()
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.to_string()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Meant::All => f.write_str("*"),
            Meant::Beneath(prefix) => write!(f, "{prefix}/*"),
            Meant::One(name) => f.write_str(name),
        }
    }
}

/// Whether a text is a repository's name.
pub(super) fn is_repository(text: &str) -> bool {
    text.parse::<RepositoryName>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_what_it_says() {
        let meant = |pattern: &str, name: &str| pattern.parse::<Pattern>().unwrap().matches(name);
        assert!(meant("*", "a/b"));
        assert!(meant("team/*", "team/app") && meant("team/*", "team/app/x"));
        assert!(!meant("team/*", "team") && !meant("team/*", "teams/app"));
        assert!(meant("team/app", "team/app") && !meant("team/app", "team/app/x"));
        for bad in ["", "**", "*/a", "team*", "/*", "Team/*", "team/*/app"] {
            assert!(bad.parse::<Pattern>().is_err(), "{bad}");
        }
        for text in ["*", "team/*", "team/app"] {
            assert_eq!(text.parse::<Pattern>().unwrap().to_string(), text);
        }
    }
}
