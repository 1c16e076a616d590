//! Which tags of a repository have had their time: a pure question about their names and times.

use serde::Deserialize;

use super::pattern::Pattern;
use super::{DAY, RulesError};

/// What is kept of the repositories it is about. A tag that nothing keeps is removed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// The repositories it is about; the first rule that matches one is the only one for it.
    pub repositories: Pattern,
    /// Keeps so many tags, those pushed last.
    pub keep_last: Option<u32>,
    /// Keeps tags with these names.
    #[serde(default)]
    pub keep_tags: Vec<Pattern>,
    /// Keeps tags pushed within so many days.
    pub keep_days: Option<u32>,
    /// Keeps tags pulled within so many days.
    pub keep_pulled_days: Option<u32>,
}

/// A tag and its times, in seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated {
    /// Its name.
    pub tag: String,
    /// When it was set, or moved to where it points now.
    pub pushed: u64,
    /// When somebody last pulled by it, if anybody did.
    pub pulled: Option<u64>,
}

impl Retention {
    /// The tags that nothing keeps.
    #[must_use]
    pub fn expired<'a>(&self, tags: &'a [Dated], now: u64) -> Vec<&'a Dated> {
        let mut newest: Vec<&Dated> = tags.iter().collect();
        newest.sort_by(|one, other| other.pushed.cmp(&one.pushed).then_with(|| one.tag.cmp(&other.tag)));
        let last = self.keep_last.map_or(0, |count| usize::try_from(count).unwrap_or(usize::MAX));
        newest.into_iter().skip(last).filter(|dated| !self.keeps(dated, now)).collect()
    }

    fn keeps(&self, dated: &Dated, now: u64) -> bool {
        let within = |days: Option<u32>, when: u64| {
            days.is_some_and(|days| now.saturating_sub(when) < u64::from(days) * DAY)
        };
        self.keep_tags.iter().any(|pattern| pattern.matches(&dated.tag))
            || within(self.keep_days, dated.pushed)
            || dated.pulled.is_some_and(|pulled| within(self.keep_pulled_days, pulled))
    }

    /// A rule that keeps nothing is a mistake, and an expensive one.
    pub(super) fn check(&self) -> Result<(), RulesError> {
        let says_nothing = self.keep_last.is_none()
            && self.keep_tags.is_empty()
            && self.keep_days.is_none()
            && self.keep_pulled_days.is_none();
        if says_nothing {
            return Err(RulesError::KeepsNothing(self.repositories.to_string()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::pattern::pattern;
    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn rule() -> Retention {
        Retention {
            repositories: pattern("*"),
            keep_last: None,
            keep_tags: Vec::new(),
            keep_days: None,
            keep_pulled_days: None,
        }
    }

    fn dated(tag: &str, days: u64, pulled: Option<u64>) -> Dated {
        Dated { tag: tag.to_owned(), pushed: NOW - days * DAY, pulled: pulled.map(|days| NOW - days * DAY) }
    }

    fn names(expired: &[&Dated]) -> Vec<String> {
        expired.iter().map(|dated| dated.tag.clone()).collect()
    }

    #[test]
    fn each_wish_keeps_what_it_names() {
        let tags =
            [dated("v1", 90, None), dated("v2", 60, Some(1)), dated("main", 10, None), dated("x", 40, None)];
        let last = Retention { keep_last: Some(1), ..rule() };
        assert_eq!(names(&last.expired(&tags, NOW)), ["x", "v2", "v1"]);
        let named = Retention { keep_tags: vec![pattern("v*")], ..rule() };
        assert_eq!(names(&named.expired(&tags, NOW)), ["main", "x"]);
        let young = Retention { keep_days: Some(41), ..rule() };
        assert_eq!(names(&young.expired(&tags, NOW)), ["v2", "v1"]);
        let pulled = Retention { keep_pulled_days: Some(2), ..rule() };
        assert_eq!(names(&pulled.expired(&tags, NOW)), ["main", "x", "v1"]);
    }

    prop_compose! {
        fn any_tag()(number in 0..30u64, days in 0..100u64, pulled in prop::option::of(0..100u64)) -> Dated {
            dated(&format!("v{number}"), days, pulled)
        }
    }

    prop_compose! {
        fn any_rule()(
            keep_last in prop::option::of(0..20u32),
            digit in prop::option::of(0..9u32),
            keep_days in prop::option::of(0..100u32),
            keep_pulled_days in prop::option::of(0..100u32),
        ) -> Retention {
            let keep_tags = digit.map(|digit| pattern(&format!("v{digit}*"))).into_iter().collect();
            Retention { keep_last, keep_tags, keep_days, keep_pulled_days, ..rule() }
        }
    }

    proptest! {
        #[test]
        fn a_further_wish_never_removes_more(
            tags in prop::collection::vec(any_tag(), 0..30), rule in any_rule(), more in any_rule(),
        ) {
            let both = Retention {
                keep_last: rule.keep_last.max(more.keep_last),
                keep_days: rule.keep_days.max(more.keep_days),
                keep_pulled_days: rule.keep_pulled_days.max(more.keep_pulled_days),
                keep_tags: [rule.keep_tags.clone(), more.keep_tags].concat(),
                ..rule.clone()
            };
            let (fewer, expired) = (both.expired(&tags, NOW), rule.expired(&tags, NOW));
            prop_assert!(fewer.iter().all(|dated| expired.contains(dated)));
        }

        #[test]
        fn so_many_are_kept_and_none_older_than_one_that_goes(
            tags in prop::collection::vec(any_tag(), 0..30), last in 0..20u32,
        ) {
            let rule = Retention { keep_last: Some(last), ..rule() };
            let expired = rule.expired(&tags, NOW);
            prop_assert_eq!(expired.len(), tags.len().saturating_sub(last as usize));
            let newest = expired.iter().map(|dated| dated.pushed).max().unwrap_or(0);
            let kept = tags.iter().filter(|dated| !expired.contains(dated));
            prop_assert!(kept.into_iter().all(|dated| dated.pushed >= newest));
        }
    }
}
