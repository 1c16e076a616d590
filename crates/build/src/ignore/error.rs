//! What can be wrong with patterns.

/// A pattern, or a file of them, that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IgnoreError {
    /// The file is larger than the limit.
    #[error("the file has more than {0} bytes")]
    Size(usize),
    /// There are more patterns than the limit.
    #[error("there are more than {0} patterns")]
    Patterns(usize),
    /// A pattern is longer than the limit.
    #[error("the pattern has more than {0} bytes")]
    Length(usize),
    /// `!` brings nothing back.
    #[error("`!` needs a pattern behind it")]
    Nothing,
    /// `[` is not closed, is empty, or has an end without a beginning.
    #[error("`{0}` is no pattern: `[` needs characters or ranges such as `a-z`, and `]`")]
    Class(String),
    /// The pattern ends with `\`.
    #[error("`{0}` is no pattern: nothing follows `\\`")]
    Escape(String),
    /// A line of a file.
    #[error("line {line}: {error}")]
    Line {
        /// Which one.
        line: usize,
        /// What is wrong with it.
        error: Box<Self>,
    },
}

impl IgnoreError {
    pub(super) fn on(self, line: usize) -> Self {
        Self::Line { line, error: Box::new(self) }
    }
}
