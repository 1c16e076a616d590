//! `$name` and everything that may stand in `${...}`.

use super::WordFault;
use super::glob::{Glob, Reach};
use super::lexer::{Escapes, Lexer, Unset};

/// Names of one character that are no letters: a shell's special parameters.
const SPECIAL: &[char] = &['@', '*', '#', '?', '-', '$', '!'];

impl Lexer<'_> {
    /// What stands behind a `$`.
    pub(super) fn dollar(&mut self) -> Result<String, WordFault> {
        if self.input.next_if_eq(&'{').is_some() {
            return self.braces();
        }
        let name = self.name();
        if name.is_empty() {
            return Ok("$".to_owned());
        }
        let value = self.value(&name)?;
        Ok(value.unwrap_or_else(|| self.unset(format!("${name}"))))
    }

    fn braces(&mut self) -> Result<String, WordFault> {
        match self.input.peek() {
            None => return Err(WordFault::Brace),
            Some('{' | '}' | ':') => return Err(WordFault::Name),
            Some(_) => {}
        }
        let name = self.name();
        match self.input.next() {
            None => Err(WordFault::Brace),
            Some('}') => {
                let value = self.value(&name)?;
                Ok(value.unwrap_or_else(|| self.unset(format!("${{{name}}}"))))
            }
            Some(':') => match self.input.next() {
                Some(sign @ ('+' | '-' | '?')) => self.modified(&name, sign, Empty::Unset),
                Some(sign) => Err(WordFault::Modifier(format!(":{sign}"))),
                None => Err(WordFault::Brace),
            },
            Some(sign @ ('+' | '-' | '?')) => self.modified(&name, sign, Empty::Set),
            Some(sign @ ('#' | '%')) => self.trimmed(&name, sign),
            Some('/') => self.replaced(&name),
            Some(sign) => Err(WordFault::Modifier(sign.to_string())),
        }
    }

    /// `${name:-word}` and the like.
    fn modified(&mut self, name: &str, sign: char, empty: Empty) -> Result<String, WordFault> {
        let word = self.part('}', Escapes::Removed)?;
        let value = self.value(name)?;
        if value.is_none() && self.style.unset == Unset::Kept {
            let colon = if empty == Empty::Unset { ":" } else { "" };
            return Ok(format!("${{{name}{colon}{sign}{word}}}"));
        }
        let set = value.clone().filter(|value| empty == Empty::Set || !value.is_empty());
        match (sign, set) {
            ('+', Some(_)) => Ok(word),
            ('+', None) => Ok(String::new()),
            ('-', set) => Ok(set.unwrap_or(word)),
            (_, Some(set)) => Ok(set),
            (_, None) => Err(required(name, word, value.is_some())),
        }
    }

    /// `${name#pattern}` and the like.
    fn trimmed(&mut self, name: &str, sign: char) -> Result<String, WordFault> {
        let word = self.part('}', Escapes::Kept)?;
        let Some(value) = self.value(name)? else {
            return Ok(self.unset(format!("${{{name}{sign}{word}}}")));
        };
        let (pattern, reach) = match word.strip_prefix(sign) {
            Some(pattern) => (pattern, Reach::Longest),
            None => (word.as_str(), Reach::Shortest),
        };
        match sign {
            '%' => Glob::backwards(pattern)?.without_end(&value, reach),
            _ => Glob::new(pattern)?.without_start(&value, reach),
        }
    }

    /// `${name/pattern/replacement}`, or `//` for all of them.
    fn replaced(&mut self, name: &str) -> Result<String, WordFault> {
        let all = self.input.next_if_eq(&'/').is_some();
        let pattern = self.part('/', Escapes::Kept)?;
        let replacement = self.part('}', Escapes::Kept)?;
        let Some(value) = self.value(name)? else {
            return Ok(self.unset(format!("${{{name}/{pattern}/{replacement}}}")));
        };
        let times = if all { usize::MAX } else { 1 };
        Glob::new(&pattern)?.replace(&value, &replacement, times, self.limit)
    }

    /// What stands for a variable that has no value.
    fn unset(&self, written: String) -> String {
        if self.style.unset == Unset::Kept { written } else { String::new() }
    }

    /// Letters, digits and `_`; or digits alone; or one special character.
    fn name(&mut self) -> String {
        let mut name = String::new();
        if let Some(special) = self.input.next_if(|next| SPECIAL.contains(next)) {
            name.push(special);
            return name;
        }
        let digits = self.input.peek().is_some_and(|next| next.is_numeric());
        let belongs = |next: &char| match digits {
            true => next.is_numeric(),
            false => next.is_alphanumeric() || *next == '_',
        };
        while let Some(next) = self.input.next_if(belongs) {
            name.push(next);
        }
        name
    }
}

/// Whether an empty value counts as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Empty {
    Set,
    Unset,
}

fn required(name: &str, message: String, empty: bool) -> WordFault {
    let usual = if empty { "is not allowed to be empty" } else { "is not allowed to be unset" };
    let message = if message.is_empty() { usual.to_owned() } else { message };
    WordFault::Required { name: name.to_owned(), message }
}
