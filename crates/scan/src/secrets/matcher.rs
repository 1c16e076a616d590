//! One pass over text for the keywords of all rules at once, and a look at what follows each.

use std::sync::{LazyLock, OnceLock};

use regex::bytes::{Regex, RegexBuilder};

use super::allowed;
use super::rule::{Edge, Rule};
use super::rules;
use super::words::{Word, Words};
use crate::content::Flaw;

/// The most keywords of one file that are looked at: beyond any text that people or their programs write.
pub(crate) const MOST_TRIES: usize = 1 << 21;

/// A secret within a piece of text, by where it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hit {
    /// What it is.
    pub(crate) rule: &'static Rule,
    /// Where it begins.
    pub(crate) start: usize,
    /// Where it ends.
    pub(crate) end: usize,
}

/// All rules, ready to be asked.
pub(crate) struct Matcher {
    /// The keywords of all rules; each means its rule's pattern.
    words: Words,
    patterns: Vec<Pattern>,
}

struct Pattern {
    rule: &'static Rule,
    /// Most images call for few of them.
    compiled: OnceLock<Option<Regex>>,
}

static MATCHER: LazyLock<Matcher> = LazyLock::new(Matcher::new);

/// The one that all searches share.
pub(crate) fn shared() -> &'static Matcher {
    &MATCHER
}

impl Matcher {
    fn new() -> Self {
        let patterns: Vec<Pattern> =
            rules::textual().map(|rule| Pattern { rule, compiled: OnceLock::new() }).collect();
        let words = patterns.iter().enumerate().flat_map(|(meaning, pattern)| {
            pattern.rule.keywords.iter().map(move |spelled| Word { spelled, meaning })
        });
        Self { words: Words::new(words), patterns }
    }

    /// The secrets that begin before `until`; `before` is the byte that precedes the text, and `tries` how many
    /// keywords may still be looked at.
    ///
    /// # Errors
    /// More keywords than that.
    pub(crate) fn hits(
        &self,
        text: &[u8],
        until: usize,
        before: Option<u8>,
        tries: &mut usize,
    ) -> Result<Vec<Hit>, Flaw> {
        let mut hits: Vec<Hit> = Vec::new();
        for (start, word) in self.words.standing(text).take_while(|(start, _)| *start < until) {
            *tries = tries
                .checked_sub(1)
                .ok_or(Flaw::TooMany { what: "words that secrets begin with", limit: MOST_TRIES })?;
            let rest = text.get(start..).unwrap_or_default();
            let begins = rest.starts_with(word.spelled.as_bytes()) && !goes_on_a_token(text, start, before);
            let pattern = self.patterns.get(word.meaning);
            if let Some(pattern) = pattern.filter(|of| begins || of.rule.edge == Edge::Name) {
                hits.extend(pattern.at(rest, start));
            }
        }
        Ok(surest(hits))
    }
}

impl Pattern {
    /// The secret in a text that a keyword begins, which itself begins at `start`.
    fn at(&self, rest: &[u8], start: usize) -> Option<Hit> {
        let rule = self.rule;
        let captures = self.compiled()?.captures(rest.get(..rule.reach).unwrap_or(rest))?;
        let secret = captures.get(1).or_else(|| captures.get(0))?;
        let goes_on = rest.get(secret.end()).is_some_and(|next| continues(secret.as_bytes(), *next));
        let right = rule.check.is_none_or(|check| check(secret.as_bytes()));
        let hit = Hit { rule, start: start + secret.start(), end: start + secret.end() };
        (!goes_on && right && !allowed::value(secret.as_bytes())).then_some(hit)
    }

    /// A test compiles each of them.
    fn compiled(&self) -> Option<&Regex> {
        let compile = || compile(self.rule.pattern).ok();
        self.compiled.get_or_init(compile).as_ref()
    }
}

fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(&format!(r"\A(?:{pattern})")).unicode(false).build()
}

/// Whether the byte at `start` goes on what tokens consist of; the letter of an escape such as `\n` is none of it. No
/// two tries of such a rule look at the same text, however often its keyword stands there.
fn goes_on_a_token(text: &[u8], start: usize, before: Option<u8>) -> bool {
    let at = |back: usize| start.checked_sub(back).and_then(|at| text.get(at).copied());
    let previous = if start == 0 { before } else { at(1) };
    let escape = matches!(previous, Some(b'n' | b'r' | b't')) && at(2) == Some(b'\\');
    previous.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)) && !escape
}

/// A longer string than the secret may be is something else.
fn continues(secret: &[u8], next: u8) -> bool {
    next.is_ascii_alphanumeric() && secret.last().is_some_and(u8::is_ascii_alphanumeric)
}

/// Of secrets that overlap, the one whose rule is the surest; of those, the first.
fn surest(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by_key(|hit| hit.start);
    let mut kept: Vec<Hit> = Vec::new();
    for hit in hits {
        match kept.last_mut().filter(|last| hit.start < last.end) {
            Some(last) if hit.rule.certainty < last.rule.certainty => *last = hit,
            Some(_) => {}
            None => kept.push(hit),
        }
    }
    kept
}
