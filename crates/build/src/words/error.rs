//! What can be wrong with a word.

/// A word that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}`: {fault}")]
pub struct WordError {
    /// The word, or its beginning.
    pub text: String,
    /// What is wrong with it.
    pub fault: WordFault,
}

/// What is wrong with a word.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordFault {
    /// A quote is not closed.
    #[error("the {0} is not closed")]
    Quote(char),
    /// `${` is not closed.
    #[error("`}}` is missing")]
    Brace,
    /// `${name/pattern` is not closed.
    #[error("`${{name/pattern` needs another `/` and what the pattern is replaced with")]
    Slash,
    /// `${}`, `${:`, `${{`.
    #[error("`${{` needs a name")]
    Name,
    /// What follows the name in braces is none of the language's modifiers.
    #[error("`{0}` is no modifier; there are :- - :+ + :? ? # ## % %% / and //")]
    Modifier(String),
    /// `${name?message}`, and it is not set.
    #[error("{name}: {message}")]
    Required {
        /// The variable.
        name: String,
        /// What the file says about it.
        message: String,
    },
    /// `\` in a pattern before what has no meaning that it could take away.
    #[error("`\\` in the pattern `{0}` stands before none of * ? \\ / and }}")]
    Escape(String),
    /// The result is larger than the limit.
    #[error("its value is longer than {0} bytes")]
    Long(usize),
    /// `${a:-${b:-...` has too many levels.
    #[error("variables are nested more than {0} levels deep")]
    Deep(usize),
    /// Pattern and value together are too long to be compared.
    #[error("a pattern and a value of that length are too much work")]
    Work,
}

/// How much of a word its error shows.
const SHOWN: usize = 80;

impl WordError {
    pub(crate) fn new(text: &str, fault: WordFault) -> Self {
        let mut shown: String = text.chars().take(SHOWN).collect();
        if shown.len() < text.len() {
            shown.push_str("...");
        }
        Self { text: shown, fault }
    }
}
