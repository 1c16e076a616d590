//! A settings file while it is read: values with their lines, and what is wrong with them.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::error::{ConfigError, Result, Warning};

/// One key and its value.
pub(super) type Value<'a> = Spanned<DeValue<'a>>;

/// The file that values come from.
pub(super) struct Page<'a> {
    /// Where it is.
    pub(super) path: &'a Path,
    /// All of it.
    pub(super) text: &'a str,
    /// What it says that means nothing here.
    pub(super) warnings: Vec<Warning>,
}

impl<'a> Page<'a> {
    /// The file's outermost table.
    pub(super) fn table(&self) -> Result<DeTable<'a>> {
        DeTable::parse(self.text).map(Spanned::into_inner).map_err(|error| {
            let line = error.span().map(|span| self.line(span.start));
            self.error(line, error.message().to_owned())
        })
    }

    /// The line of a value, from 1 on.
    pub(super) fn line_of<T>(&self, value: &Spanned<T>) -> usize {
        self.line(value.span().start)
    }

    /// A key that means nothing here.
    pub(super) fn unknown<T>(&mut self, key: String, at: &Spanned<T>) {
        let (path, line) = (self.path.to_owned(), self.line_of(at));
        self.warnings.push(Warning::UnknownKey { path, line, key });
    }

    /// A value that is not what its key takes.
    pub(super) fn wrong<T>(&self, key: &str, at: &Spanned<T>, right: &str) -> ConfigError {
        self.error(Some(self.line_of(at)), format!("`{key}` takes {right}"))
    }

    pub(super) fn text(&self, key: &str, value: &Value<'_>) -> Result<String> {
        let text = value.get_ref().as_str().map(str::to_owned);
        text.ok_or_else(|| self.wrong(key, value, "a text"))
    }

    pub(super) fn truth(&self, key: &str, value: &Value<'_>) -> Result<bool> {
        value.get_ref().as_bool().ok_or_else(|| self.wrong(key, value, "true or false"))
    }

    pub(super) fn array<'v, 't>(&self, key: &str, value: &'v Value<'t>, of: &str) -> Result<&'v [Value<'t>]> {
        value.get_ref().as_array().map(|array| &**array).ok_or_else(|| self.wrong(key, value, of))
    }

    pub(super) fn inner<'v, 't>(&self, key: &str, value: &'v Value<'t>) -> Result<&'v DeTable<'t>> {
        value.get_ref().as_table().ok_or_else(|| self.wrong(key, value, "a table"))
    }

    pub(super) fn error(&self, line: Option<usize>, what: String) -> ConfigError {
        ConfigError::Syntax { path: self.path.to_owned(), line, what }
    }

    fn line(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().iter().take(offset);
        1 + before.filter(|byte| **byte == b'\n').count()
    }
}
