//! Words: quotes, escapes and variables, as the language's own shell understands them.

mod error;
mod lexer;
mod variable;
mod glob;

use std::collections::BTreeSet;

pub use error::{WordError, WordFault};
pub(crate) use lexer::Quotes;
use lexer::{Escapes, Lexer, Style, Unset};

use crate::limits::Limits;

/// Reads words of one file.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    /// What takes a character's meaning.
    escape: char,
    /// Bytes of one result.
    limit: usize,
}

/// A text whose variables are replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expanded {
    /// The text, without its quotes and escapes.
    pub text: String,
    /// Names that had a value, even an empty one.
    pub used: BTreeSet<String>,
    /// Names that had none.
    pub unmatched: BTreeSet<String>,
}

impl Words {
    /// Words with the escape character of a file's directives.
    #[must_use]
    pub fn new(escape: char, limits: &Limits) -> Self {
        Self { escape, limit: limits.expanded_bytes }
    }

    /// Replaces variables and takes away quotes and escapes; spaces stay.
    ///
    /// # Errors
    ///
    /// If a quote or a brace is not closed, a variable has to be set and is not, or the result is too long.
    pub fn word(
        &self,
        text: &str,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Expanded, WordError> {
        let style = Style { quotes: Quotes::Removed, escapes: Escapes::Removed, unset: Unset::Empty };
        self.read(text, environment, style).map(|(expanded, _)| expanded)
    }

    /// As [`Words::word`], split where spaces stand outside of quotes, those in values included.
    ///
    /// # Errors
    ///
    /// As [`Words::word`].
    pub fn words(
        &self,
        text: &str,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Vec<String>, WordError> {
        let style = Style { quotes: Quotes::Removed, escapes: Escapes::Removed, unset: Unset::Empty };
        self.read(text, environment, style).map(|(_, words)| words)
    }

    /// Replaces the variables of a here-document, in which quotes are text. Its escape character is always `\`.
    ///
    /// # Errors
    ///
    /// As [`Words::word`].
    pub fn document(
        &self,
        text: &str,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Expanded, WordError> {
        let style = Style { quotes: Quotes::Text, escapes: Escapes::Removed, unset: Unset::Empty };
        Self { escape: '\\', ..*self }.read(text, environment, style).map(|(expanded, _)| expanded)
    }

    /// A text as it is shown to people: quotes stay, and so do variables that are not set.
    ///
    /// # Errors
    ///
    /// As [`Words::word`].
    pub fn shown(
        &self,
        text: &str,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<String, WordError> {
        let style = Style { quotes: Quotes::Kept, escapes: Escapes::Removed, unset: Unset::Kept };
        self.read(text, environment, style).map(|(expanded, _)| expanded.text)
    }

    /// The words of a line that may name documents, as they are written. The escape character is always `\`.
    pub(crate) fn written(&self, text: &str) -> Result<Vec<String>, WordError> {
        let style = Style { quotes: Quotes::Kept, escapes: Escapes::Kept, unset: Unset::Kept };
        Self { escape: '\\', ..*self }.read(text, &|_| None, style).map(|(_, words)| words)
    }

    /// The words behind `<<`, in which no variable is replaced.
    pub(crate) fn heading(&self, text: &str, quotes: Quotes) -> Result<Vec<String>, WordError> {
        let style = Style { quotes, escapes: Escapes::Removed, unset: Unset::Kept };
        Self { escape: '\\', ..*self }.read(text, &|_| None, style).map(|(_, words)| words)
    }

    fn read(
        &self,
        text: &str,
        environment: &dyn Fn(&str) -> Option<String>,
        style: Style,
    ) -> Result<(Expanded, Vec<String>), WordError> {
        let lexer = Lexer::new(text, self.escape, style, environment, self.limit);
        lexer.read().map_err(|fault| WordError::new(text, fault))
    }
}

#[cfg(test)]
mod tests;
