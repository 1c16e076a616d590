//! Which paths are taken: `.dockerignore`, `--exclude`, and patterns of sources.

mod error;
mod clean;
mod tokens;
mod glob;
mod rule;
mod pattern;

pub use clean::clean;
pub use error::IgnoreError;
pub use pattern::Pattern;
use rule::Rule;

use crate::limits::Limits;

/// Bytes of one pattern.
const LONGEST: usize = 4096;

/// Rules in order, of which the last one that matches a path or a directory above it decides.
#[derive(Debug, Clone, Default)]
pub struct Ignore {
    rules: Vec<Rule>,
}

/// What becomes of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is taken.
    Kept,
    /// It is not, but a rule may bring back something in it.
    Excluded,
    /// It is not, and neither is anything in it.
    Pruned,
}

/// Which rules match a directory, or one above it.
#[derive(Debug, Clone, Default)]
pub struct Above {
    matched: Vec<bool>,
}

impl Ignore {
    /// Reads the text of `.dockerignore`: a rule a line; `#` begins a comment.
    ///
    /// # Errors
    ///
    /// If a line is no pattern, or there are too many.
    pub fn parse(text: &[u8], limits: &Limits) -> Result<Self, IgnoreError> {
        if text.len() > limits.file_bytes {
            return Err(IgnoreError::Size(limits.file_bytes));
        }
        let text = String::from_utf8_lossy(text);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let mut rules = Vec::new();
        for (line, number) in text.lines().zip(1..) {
            let pattern = line.trim();
            if line.starts_with('#') || pattern.is_empty() {
                continue;
            }
            if rules.len() == limits.patterns {
                return Err(IgnoreError::Patterns(limits.patterns));
            }
            rules.push(Rule::in_file(pattern).map_err(|error| error.on(number))?);
        }
        Ok(Self { rules })
    }

    /// Takes patterns as `--exclude` has them.
    ///
    /// # Errors
    ///
    /// If one is no pattern, or there are too many.
    pub fn of(patterns: &[String], limits: &Limits) -> Result<Self, IgnoreError> {
        if patterns.len() > limits.patterns {
            return Err(IgnoreError::Patterns(limits.patterns));
        }
        let patterns = patterns.iter().map(|pattern| pattern.trim()).filter(|pattern| !pattern.is_empty());
        Ok(Self { rules: patterns.map(Rule::new).collect::<Result<_, _>>()? })
    }

    /// Whether nothing is excluded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether a rule brings something back.
    #[must_use]
    pub fn has_exceptions(&self) -> bool {
        self.rules.iter().any(Rule::is_exception)
    }

    /// Whether the rules leave nothing of the context's own entries, without a look at them.
    #[must_use]
    pub fn excludes_everything(&self) -> bool {
        !self.has_exceptions() && self.rules.iter().any(Rule::is_everything)
    }

    /// Whether a path below the context, with slashes and none at its beginning, is excluded. Whoever walks a tree asks
    /// [`Ignore::directory`] and [`Ignore::file`] instead, which do not look at the directories above again.
    #[must_use]
    pub fn excludes(&self, path: &str) -> bool {
        let ways = path.match_indices('/').filter_map(|(end, _)| path.get(..end));
        self.decide(|_, rule| rule.matches(path) || ways.clone().any(|above| rule.matches(above)))
    }

    /// Where a walk begins.
    #[must_use]
    pub fn top(&self) -> Above {
        Above { matched: vec![false; self.rules.len()] }
    }

    /// Whether a file is excluded, from what is known of its directory.
    #[must_use]
    pub fn file(&self, path: &str, above: &Above) -> bool {
        self.decide(|index, rule| above.has(index) || rule.matches(path))
    }

    /// What becomes of a directory, from what is known of the one above it, and what is to be known in it.
    #[must_use]
    pub fn directory(&self, path: &str, above: &Above) -> (Fate, Above) {
        let rules = self.rules.iter().enumerate();
        let matched: Vec<bool> = rules.map(|(index, rule)| above.has(index) || rule.matches(path)).collect();
        let below = Above { matched };
        if !self.decide(|index, _| below.has(index)) {
            return (Fate::Kept, below);
        }
        // Rules before the last one that matches are overruled, in the directory as well.
        let last = below.matched.iter().rposition(|matched| *matched).unwrap_or_default();
        let mut later = self.rules.iter().skip(last).filter(|rule| rule.is_exception());
        let fate = if later.any(|rule| rule.may_match_below(path)) { Fate::Excluded } else { Fate::Pruned };
        (fate, below)
    }

    fn decide(&self, matches: impl Fn(usize, &Rule) -> bool) -> bool {
        let mut excluded = false;
        for (index, rule) in self.rules.iter().enumerate() {
            // A rule that changes nothing is not asked.
            if rule.is_exception() == excluded && matches(index, rule) {
                excluded = !excluded;
            }
        }
        excluded
    }
}

impl Above {
    fn has(&self, index: usize) -> bool {
        self.matched.get(index).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
