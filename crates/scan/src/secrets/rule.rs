//! What a rule is: the words that a secret never comes without, its pattern, and what else must be true of it.

use model::finding::Severity;

/// How one kind of secret is recognised.
#[derive(Debug)]
pub struct Rule {
    /// `aws-access-key`.
    pub id: &'static str,
    /// What it is, for people.
    pub title: &'static str,
    /// How bad it is to lose it.
    pub severity: Severity,
    /// Words that it always has: the pattern is tried where one of them stands, from its first
    /// letter on, and nowhere else. None where a kind of file is read as what it is.
    pub(crate) keywords: &'static [&'static str],
    /// Its group 1 is the secret, or else all of it.
    pub(crate) pattern: &'static str,
    /// What must be true of the secret besides: a checksum, a structure, a measure of chance.
    pub(crate) check: Option<fn(&[u8]) -> bool>,
    /// What may stand right before the keyword.
    pub(crate) edge: Edge,
    /// How sure a match is.
    pub(crate) certainty: Certainty,
    /// How far from the keyword's first letter the pattern may look, in bytes.
    pub(crate) reach: usize,
}

/// How far patterns look unless they say otherwise, in bytes.
const REACH: usize = 512;

/// The farthest that any pattern looks, in bytes: what windows over a file overlap by.
pub(crate) const FARTHEST: usize = 16 << 10;

/// What may stand right before a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    /// Nothing that a token consists of: the keyword is the beginning of the secret, as it is spelled.
    Token,
    /// Anything: the keyword is part of a name, in upper or lower case.
    Name,
}

/// How sure a match is, which decides between two that overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Certainty {
    /// The secret says itself what it is.
    Proper,
    /// Its name says what it is.
    Named,
    /// It looks like one.
    Guessed,
}

/// A secret that begins with its keyword.
pub(crate) const fn token(
    id: &'static str,
    title: &'static str,
    severity: Severity,
    keywords: &'static [&'static str],
    pattern: &'static str,
) -> Rule {
    let (edge, certainty) = (Edge::Token, Certainty::Proper);
    Rule { id, title, severity, keywords, pattern, check: None, edge, certainty, reach: REACH }
}

/// A secret that only its name tells from other strings: `DATADOG_API_KEY=...`.
pub(crate) const fn named(
    id: &'static str,
    title: &'static str,
    severity: Severity,
    keywords: &'static [&'static str],
    pattern: &'static str,
) -> Rule {
    let (edge, certainty) = (Edge::Name, Certainty::Named);
    Rule { id, title, severity, keywords, pattern, check: None, edge, certainty, reach: REACH }
}

/// A secret that a kind of file holds, which is read as what it is.
pub(crate) const fn whole(id: &'static str, title: &'static str, severity: Severity) -> Rule {
    token(id, title, severity, &[], "")
}

impl Rule {
    /// The rule, with something that must be true of the secret besides.
    pub(crate) const fn checked(mut self, check: fn(&[u8]) -> bool) -> Self {
        self.check = Some(check);
        self
    }

    /// The rule, as one that gives way to all others.
    pub(crate) const fn guessed(mut self) -> Self {
        self.certainty = Certainty::Guessed;
        self
    }

    /// The rule, for secrets that are long.
    pub(crate) const fn reaching(mut self, reach: usize) -> Self {
        self.reach = reach;
        self
    }

    /// The rule, for keywords that may follow a letter.
    pub(crate) const fn anywhere(mut self) -> Self {
        self.edge = Edge::Name;
        self
    }
}

/// The pattern of a value that is assigned to a name which begins with `$word`: `$word_KEY = "value"`, `"$wordKey":
/// "value"`; the name in any case.
macro_rules! assigned {
    ($word:literal, $value:literal) => {
        concat!(
            "(?i:",
            $word,
            r#")[0-9A-Za-z_.-]{0,40}["'\]]{0,2}[ \t]{0,8}(?:=>|:=|=|:)[ \t]{0,8}["'`]?("#,
            $value,
            ")"
        )
    };
}

pub(crate) use assigned;
