//! A pattern taken apart.

use super::LONGEST;
use super::error::IgnoreError;

/// One piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Character(char),
    /// `?`: any character but a slash.
    Any,
    /// `[a-z]`
    Class(Class),
    /// `*`: any number of characters but slashes.
    Many,
    /// `**/`, or `**` before something else: nothing, or anything that ends with a slash.
    Directories,
    /// `**` at the end: anything.
    Everything,
}

/// `[^a-z]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Class {
    negated: bool,
    ranges: Vec<(char, char)>,
}

/// Whether `**` has a meaning of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stars {
    /// It crosses slashes, and a range from a later to an earlier character is an error.
    Cross,
    /// It is `*` twice.
    Stay,
}

impl Token {
    /// Whether it may be nothing.
    pub(super) const fn may_be_empty(&self) -> bool {
        matches!(self, Self::Many | Self::Directories | Self::Everything)
    }
}

impl Class {
    /// A slash is a character like others here.
    pub(super) fn has(&self, character: char) -> bool {
        self.ranges.iter().any(|(low, high)| (*low..=*high).contains(&character)) != self.negated
    }
}

pub(super) fn tokens(pattern: &str, stars: Stars) -> Result<Vec<Token>, IgnoreError> {
    if pattern.len() > LONGEST {
        return Err(IgnoreError::Length(LONGEST));
    }
    let mut rest = pattern.chars();
    let mut tokens = Vec::new();
    while let Some(character) = rest.next() {
        tokens.push(match character {
            '*' if stars == Stars::Cross && skip(&mut rest, '*') => {
                skip(&mut rest, '/');
                if rest.as_str().is_empty() { Token::Everything } else { Token::Directories }
            }
            '*' if tokens.last() == Some(&Token::Many) => continue,
            '*' => Token::Many,
            '?' => Token::Any,
            '[' => Token::Class(class(&mut rest, pattern, stars)?),
            '\\' => Token::Character(rest.next().ok_or_else(|| IgnoreError::Escape(pattern.to_owned()))?),
            character => Token::Character(character),
        });
    }
    Ok(tokens)
}

fn skip(rest: &mut std::str::Chars<'_>, wanted: char) -> bool {
    let found = rest.as_str().starts_with(wanted);
    if found {
        rest.next();
    }
    found
}

fn class(rest: &mut std::str::Chars<'_>, pattern: &str, stars: Stars) -> Result<Class, IgnoreError> {
    let wrong = || IgnoreError::Class(pattern.to_owned());
    let (negated, mut ranges) = (skip(rest, '^'), Vec::new());
    while ranges.is_empty() || !skip(rest, ']') {
        let low = bound(rest).ok_or_else(wrong)?;
        let high = if skip(rest, '-') { bound(rest).ok_or_else(wrong)? } else { low };
        if low > high && stars == Stars::Cross {
            return Err(wrong());
        }
        ranges.push((low, high));
    }
    Ok(Class { negated, ranges })
}

/// One end of a range; what has a meaning in a class is escaped.
fn bound(rest: &mut std::str::Chars<'_>) -> Option<char> {
    match rest.next()? {
        '-' | ']' => None,
        '\\' => rest.next(),
        character => Some(character),
    }
}
