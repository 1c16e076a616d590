//! Patterns of sources, as Go's `filepath.Match` understands them.

use super::error::IgnoreError;
use super::glob::Glob;
use super::tokens::{Stars, tokens};

/// `*.c`, `src/*/[a-z]?`: a name, or several with slashes, which no wildcard crosses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    glob: Glob,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// If `[` is not closed, or nothing follows `\`.
    pub fn parse(text: &str) -> Result<Self, IgnoreError> {
        tokens(text, Stars::Stay).map(|tokens| Self { glob: Glob::new(tokens) })
    }

    /// Whether `text` has a wildcard; without one it is a path as it is.
    #[must_use]
    pub fn is_wild(text: &str) -> bool {
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            match character {
                '\\' => drop(characters.next()),
                '*' | '?' | '[' => return true,
                _ => {}
            }
        }
        false
    }

    /// Whether it is this path, as a whole.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.glob.matches(path)
    }

    /// Whether a path in this directory can match; not asked for the top.
    #[must_use]
    pub fn may_match_below(&self, directory: &str) -> bool {
        self.glob.may_go_on(&format!("{directory}/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, path: &str, expected: bool) {
        assert_eq!(Pattern::parse(pattern).unwrap().matches(path), expected, "{pattern} {path}");
    }

    #[test]
    fn wildcards_do_not_cross_slashes() {
        check("*.c", "a.c", true);
        check("*.c", "a/b.c", false);
        check("**", "a/b", false);
        check("a*/b", "abc/b", true);
        check("a?b", "a☺b", true);
        check("a*b*c*d*e*/f", "axbxcxdxexxx/fff", false);
        check("[a-c]x[^0-9]", "bxx", true);
        check("[z-a]", "b", false);
        check(r"a\*b", "a*b", true);
        check("", "", true);
    }

    #[test]
    fn wrong_patterns_are_errors() {
        for wrong in ["[", "[]a]", "[-]", "[x-]", "[^", "[a-b-c]", "a["] {
            assert_eq!(Pattern::parse(wrong), Err(IgnoreError::Class(wrong.to_owned())), "{wrong}");
        }
        assert_eq!(Pattern::parse("a\\"), Err(IgnoreError::Escape("a\\".to_owned())));
        assert_eq!(Pattern::parse(&"a".repeat(4097)), Err(IgnoreError::Length(4096)));
    }

    #[test]
    fn only_some_texts_have_wildcards() {
        assert!(Pattern::is_wild("a/*.c") && Pattern::is_wild("[") && Pattern::is_wild(r"\\?"));
        assert!(!Pattern::is_wild(r"a\*") && !Pattern::is_wild("a/b]"));
    }

    #[test]
    fn a_walk_leaves_out_what_cannot_match() {
        let pattern = Pattern::parse("src/*/a.c").unwrap();
        assert!(pattern.may_match_below("src") && pattern.may_match_below("src/x"));
        assert!(!pattern.may_match_below("srcs") && !pattern.may_match_below("src/x/y"));
    }
}
