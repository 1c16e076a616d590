//! What whoever runs a registry wants kept, unchanged and bounded: a part of the server's settings.
//!
//! ```toml
//! [rules.collection]
//! every_minutes = 30
//! grace_minutes = 60
//!
//! [[rules.immutable]]
//! repositories = "*"
//! tags = ["v*"]
//!
//! [[rules.quota]]
//! repositories = "team/*"
//! bytes = "50 GB"
//!
//! [[rules.retention]]
//! repositories = "*"
//! keep_last = 10
//! keep_tags = ["v*", "latest"]
//! keep_days = 30
//! keep_pulled_days = 14
//!
//! [[rules.untagged]]
//! repositories = "*"
//! remove_after_days = 7
//! ```

mod pattern;
mod retention;
mod size;

use serde::Deserialize;

pub use pattern::{Pattern, PatternError};
pub use retention::{Dated, Retention};
pub use size::Size;

/// Seconds.
const DAY: u64 = 24 * 60 * 60;

/// The most rules of each kind, and the most patterns in one.
const MOST: usize = 256;

/// The shortest grace: whoever is told that a blob is there has at least half of it to push a manifest.
const SHORTEST_GRACE: u64 = 20;

/// All rules. One that exists has been checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Rules {
    collection: Collection,
    immutable: Vec<Immutable>,
    quota: Vec<Quota>,
    retention: Vec<Retention>,
    untagged: Vec<Untagged>,
}

/// As they stand in the settings.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    collection: Collection,
    immutable: Vec<Immutable>,
    quota: Vec<Quota>,
    retention: Vec<Retention>,
    untagged: Vec<Untagged>,
}

/// When garbage is collected.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Collection {
    /// How often the server does it; 0 leaves it to `coffer registry gc`.
    pub every_minutes: u64,
    /// How long what nobody refers to stays.
    pub grace_minutes: u64,
}

impl Default for Collection {
    fn default() -> Self {
        Self { every_minutes: 30, grace_minutes: 60 }
    }
}

impl Collection {
    /// The grace in seconds.
    #[must_use]
    pub fn grace(&self) -> u64 {
        self.grace_minutes.saturating_mul(60)
    }
}

/// Tags that stay where they were first set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Immutable {
    /// In which repositories.
    pub repositories: Pattern,
    /// Which tags.
    pub tags: Vec<Pattern>,
}

/// How much repositories may hold together.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Which repositories; the first that matches one is the only one for it.
    pub repositories: Pattern,
    /// A blob counts once in each repository that holds it.
    pub bytes: Size,
}

/// What becomes of manifests that no tag and no other manifest leads to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Untagged {
    /// In which repositories; the first that matches one is the only one for it.
    pub repositories: Pattern,
    /// How long after their push they are removed.
    pub remove_after_days: u32,
}

impl Untagged {
    /// Whether a manifest pushed at `when` has had its time.
    #[must_use]
    pub fn has_expired(&self, when: u64, now: u64) -> bool {
        now.saturating_sub(when) >= u64::from(self.remove_after_days) * DAY
    }
}

/// Whether a tag may be set, moved or deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagRule {
    /// It may be moved and deleted.
    Movable,
    /// Once it is set it stays.
    Immutable,
}

/// Why rules are none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// Retention without any wish.
    #[error(
        "the retention of `{0}` keeps nothing; say at least one of keep_last, keep_tags, keep_days, keep_pulled_days"
    )]
    KeepsNothing(String),
    /// Too many.
    #[error("more than {MOST} rules of a kind, or patterns in a rule")]
    TooMany,
    /// Too short a grace.
    #[error("grace_minutes is {0}, but pushes that are under way need at least {SHORTEST_GRACE}")]
    Grace(u64),
    /// No TOML, or not of this shape.
    #[error("{0}")]
    Shape(String),
}

impl Rules {
    /// From a document that has nothing else.
    ///
    /// # Errors
    /// [`RulesError`].
    pub fn parse(text: &str) -> Result<Self, RulesError> {
        let written: Written =
            toml::from_str(text).map_err(|error| RulesError::Shape(error.message().to_owned()))?;
        written.try_into()
    }

    /// When garbage is collected.
    #[must_use]
    pub fn collection(&self) -> &Collection {
        &self.collection
    }

    /// Whether a tag that is set may change.
    #[must_use]
    pub fn tag(&self, repository: &str, tag: &str) -> TagRule {
        let stays = self.immutable.iter().any(|rule| {
            rule.repositories.matches(repository) && rule.tags.iter().any(|pattern| pattern.matches(tag))
        });
        if stays { TagRule::Immutable } else { TagRule::Movable }
    }

    /// The quota that a repository counts for, and which one it is.
    #[must_use]
    pub fn quota(&self, repository: &str) -> Option<&Quota> {
        self.quota.iter().find(|quota| quota.repositories.matches(repository))
    }

    /// Every quota.
    #[must_use]
    pub fn quotas(&self) -> &[Quota] {
        &self.quota
    }

    /// What is kept of a repository's tags.
    #[must_use]
    pub fn retention(&self, repository: &str) -> Option<&Retention> {
        self.retention.iter().find(|retention| retention.repositories.matches(repository))
    }

    /// What becomes of its untagged manifests; without a rule they stay.
    #[must_use]
    pub fn untagged(&self, repository: &str) -> Option<&Untagged> {
        self.untagged.iter().find(|untagged| untagged.repositories.matches(repository))
    }

    /// Whether it matters when a tag was last pulled by.
    #[must_use]
    pub fn ask_for_pulls(&self) -> bool {
        self.retention.iter().any(|retention| retention.keep_pulled_days.is_some())
    }

    /// Whether anything ever goes by itself.
    #[must_use]
    pub fn anything_expires(&self) -> bool {
        !self.retention.is_empty() || !self.untagged.is_empty()
    }
}

impl TryFrom<Written> for Rules {
    type Error = RulesError;

    fn try_from(written: Written) -> Result<Self, RulesError> {
        let Written { collection, immutable, quota, retention, untagged } = written;
        let counts = [immutable.len(), quota.len(), retention.len(), untagged.len()];
        let patterns = immutable.iter().map(|rule| rule.tags.len());
        let patterns = patterns.chain(retention.iter().map(|rule| rule.keep_tags.len()));
        if counts.into_iter().chain(patterns).any(|count| count > MOST) {
            return Err(RulesError::TooMany);
        }
        if collection.grace_minutes < SHORTEST_GRACE {
            return Err(RulesError::Grace(collection.grace_minutes));
        }
        retention.iter().try_for_each(Retention::check)?;
        Ok(Self { collection, immutable, quota, retention, untagged })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: &str = r#"
        [collection]
        every_minutes = 5

        [[immutable]]
        repositories = "team/*"
        tags = ["v*"]

        [[quota]]
        repositories = "team/*"
        bytes = "50 GB"

        [[retention]]
        repositories = "*"
        keep_last = 10

        [[untagged]]
        repositories = "*"
        remove_after_days = 7
    "#;

    #[test]
    fn rules_are_read_as_they_are_written() {
        let rules = Rules::parse(ALL).unwrap();
        assert_eq!((rules.collection().every_minutes, rules.collection().grace()), (5, 3600));
        assert_eq!(rules.tag("team/app", "v1"), TagRule::Immutable);
        assert_eq!(rules.tag("team/app", "latest"), TagRule::Movable);
        assert_eq!(rules.tag("other", "v1"), TagRule::Movable);
        assert_eq!(rules.quota("team/app").unwrap().bytes, Size(50_000_000_000));
        assert!(rules.quota("other").is_none());
        assert_eq!(rules.retention("any").unwrap().keep_last, Some(10));
        let untagged = rules.untagged("any").unwrap();
        assert!(untagged.has_expired(0, 7 * DAY) && !untagged.has_expired(1, 7 * DAY));
        assert!(rules.anything_expires());
        assert!(!Rules::parse("").unwrap().anything_expires());
    }

    #[test]
    fn mistakes_are_named() {
        let retention = Rules::parse("[[retention]]\nrepositories = 'a'").unwrap_err();
        assert_eq!(retention, RulesError::KeepsNothing("a".to_owned()));
        assert_eq!(Rules::parse("[collection]\ngrace_minutes = 1").unwrap_err(), RulesError::Grace(1));
        let many = "[[quota]]\nrepositories = 'a'\nbytes = 1\n".repeat(MOST + 1);
        assert_eq!(Rules::parse(&many).unwrap_err(), RulesError::TooMany);
        for bad in [
            "x = 1",
            "[[quota]]\nrepositories = '['\nbytes = 1",
            "[[quota]]\nrepositories = 'a'\nbytes = 'x'",
        ] {
            assert!(matches!(Rules::parse(bad), Err(RulesError::Shape(_))), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_upsets_the_parser(text in "\\PC{0,200}", cut in 0..ALL.len()) {
            let _any = Rules::parse(&text);
            let _any = Rules::parse(&format!("{}{text}", ALL.get(..cut).unwrap_or(ALL)));
        }
    }
}
