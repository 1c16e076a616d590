//! One rule of `.dockerignore`, as moby/patternmatcher understands it.

use super::clean::clean;
use super::error::IgnoreError;
use super::glob::Glob;
use super::tokens::{Stars, Token, tokens};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    kind: Kind,
    matcher: Matcher,
    everything: bool,
}

/// What a rule does with what it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Exclusion,
    /// `!pattern`
    Exception,
}

/// Most patterns need no automaton.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Matcher {
    Path(String),
    /// `a/**`
    Start(String),
    /// `**a`, which ends in the middle of a name, or `**/a`, which does not.
    End(String),
    Glob(Glob),
}

impl Rule {
    /// A line of a file, where `/a` is `a`.
    pub(super) fn in_file(pattern: &str) -> Result<Self, IgnoreError> {
        let (kind, pattern) = kind(pattern)?;
        let pattern = clean(pattern);
        let pattern = pattern.strip_prefix('/').filter(|rest| !rest.is_empty()).unwrap_or(&pattern);
        Self::of(kind, pattern)
    }

    pub(super) fn new(pattern: &str) -> Result<Self, IgnoreError> {
        let (kind, pattern) = kind(pattern)?;
        Self::of(kind, &clean(pattern))
    }

    fn of(kind: Kind, pattern: &str) -> Result<Self, IgnoreError> {
        let everything = ["*", "**", "**/*"].contains(&pattern);
        Ok(Self { kind, matcher: Matcher::new(pattern)?, everything })
    }

    pub(super) fn is_exception(&self) -> bool {
        self.kind == Kind::Exception
    }

    pub(super) fn is_everything(&self) -> bool {
        self.everything
    }

    pub(super) fn matches(&self, path: &str) -> bool {
        match &self.matcher {
            Matcher::Path(wanted) => path == wanted,
            Matcher::Start(start) => path.starts_with(start),
            Matcher::End(end) => path.ends_with(end) || end.strip_prefix('/') == Some(path),
            Matcher::Glob(glob) => glob.matches(path),
        }
    }

    /// Whether it may match something in a directory.
    pub(super) fn may_match_below(&self, directory: &str) -> bool {
        let beginning = format!("{directory}/");
        match &self.matcher {
            Matcher::Path(path) => path.starts_with(&beginning),
            Matcher::Start(start) => start.starts_with(&beginning) || beginning.starts_with(start),
            Matcher::End(_) => true,
            Matcher::Glob(glob) => glob.may_go_on(&beginning),
        }
    }
}

fn kind(pattern: &str) -> Result<(Kind, &str), IgnoreError> {
    match pattern.strip_prefix('!').map(str::trim) {
        None => Ok((Kind::Exclusion, pattern)),
        Some("") => Err(IgnoreError::Nothing),
        Some(pattern) => Ok((Kind::Exception, pattern)),
    }
}

impl Matcher {
    fn new(pattern: &str) -> Result<Self, IgnoreError> {
        let tokens = tokens(pattern, Stars::Cross)?;
        // `**a` ends with `a` anywhere, but `**a*` begins a name: so it is with the original.
        let plain = !pattern.contains(['?', '\\', '[', ']']);
        Ok(match tokens.as_slice() {
            tokens if tokens.iter().all(is_character) => Self::Path(text(tokens)),
            [start @ .., Token::Everything] if start.iter().all(is_character) => Self::Start(text(start)),
            [Token::Directories, end @ ..] if plain && end.iter().all(is_character) => {
                Self::End(pattern.trim_start_matches("**").to_owned())
            }
            _ => Self::Glob(Glob::new(tokens)),
        })
    }
}

const fn is_character(token: &Token) -> bool {
    matches!(token, Token::Character(_))
}

fn text(tokens: &[Token]) -> String {
    let characters = tokens.iter().filter_map(|token| match token {
        Token::Character(character) => Some(*character),
        _ => None,
    });
    characters.collect()
}
