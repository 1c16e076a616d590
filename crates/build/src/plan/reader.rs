//! Replacing variables, with a bound on everything that all of them come to.

use super::budget::Budget;
use super::error::Problem;
use super::options::Options;
use super::variables::Variables;
use crate::instruction::{Dockerfile, Mount};
use crate::{Expanded, WordError, Words};

/// What all places share at which variables are replaced.
pub(super) struct Reader {
    words: Words,
    pub(super) budget: Budget,
}

impl Reader {
    pub(super) fn of(file: &Dockerfile, options: &Options) -> Self {
        Self { words: Words::new(file.directives.escape, &options.limits), budget: Budget::of(options) }
    }

    pub(super) fn scope<'a>(&'a self, variables: &'a Variables) -> Scope<'a> {
        Scope { reader: self, variables }
    }
}

/// What the language replaces at one instruction: the state before it.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    reader: &'a Reader,
    variables: &'a Variables,
}

impl Scope<'_> {
    pub(super) fn word(&self, text: &str) -> Result<String, Problem> {
        Ok(self.expanded(text)?.text)
    }

    /// With the names that were used, and those that have no value.
    pub(super) fn expanded(&self, text: &str) -> Result<Expanded, Problem> {
        let expanded = self.reader.words.word(text, &|name| self.get(name));
        self.charge(|expanded| expanded.text.len(), expanded)
    }

    pub(super) fn words(&self, text: &str) -> Result<Vec<String>, Problem> {
        let words = self.reader.words.words(text, &|name| self.get(name));
        self.charge(|words| words.iter().map(String::len).sum(), words)
    }

    pub(super) fn document(&self, text: &str) -> Result<String, Problem> {
        let expanded = self.reader.words.document(text, &|name| self.get(name));
        Ok(self.charge(|expanded| expanded.text.len(), expanded)?.text)
    }

    /// As people are shown it: some values stay hidden.
    pub(super) fn shown(&self, text: &str, hidden: &[&str]) -> Result<String, Problem> {
        let lookup =
            |name: &str| if hidden.contains(&name) { Some("****".to_owned()) } else { self.get(name) };
        let shown = self.reader.words.shown(text, &lookup).or_else(|_| Ok(text.to_owned()));
        self.charge(String::len, shown)
    }

    /// A mount, whose options are words.
    pub(super) fn mount(&self, written: &str) -> Result<Mount, Problem> {
        let mount = Mount::read(written, &mut |text| {
            let expanded = self.reader.words.word(text, &|name| self.get(name))?;
            Ok(expanded.text)
        });
        self.reader.budget.charge(written.len())?;
        Ok(mount?)
    }

    /// A value, as long as there is a budget for looking at it.
    fn get(&self, name: &str) -> Option<String> {
        let value = self.variables.get(name)?;
        self.reader.budget.charge(value.len()).ok()?;
        Some(value.to_owned())
    }

    /// That the budget is spent goes before what follows from it.
    fn charge<T>(&self, bytes: impl Fn(&T) -> usize, result: Result<T, WordError>) -> Result<T, Problem> {
        self.reader.budget.charge(result.as_ref().map_or(0, bytes))?;
        Ok(result?)
    }
}
