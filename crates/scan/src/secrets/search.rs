//! The search of one file: in windows that overlap, with the lines counted on the way.

use super::files;
use super::matcher::{self, Hit, MOST_TRIES, Matcher};
use super::redact::redacted;
use super::rule::{Certainty, FARTHEST, Rule};
use super::{SecretFound, allowed};
use crate::catalog::Candidate;
use crate::content::{Content, Flaw};

/// The largest file that is searched, in bytes.
const LARGEST: u64 = 1 << 30;

/// How much of a file is in memory at once, in bytes.
const WINDOW: usize = 256 << 10;

/// The beginning of a file that tells text from anything else, in bytes.
const SNIFFED: usize = 8 << 10;

/// The most secrets that one rule finds in one file.
const MOST_OF_A_RULE: usize = 20;

/// The most that all rules together find in one file.
const MOST_OF_A_FILE: usize = 200;

/// Whether a file may hold secrets, by path and size alone.
#[must_use]
pub fn wants(candidate: &Candidate<'_>) -> bool {
    (1..=LARGEST).contains(&candidate.size) && !allowed::path(candidate.path)
}

/// The secrets in a file. What is found before something is wrong with it counts, so they are added one by one.
///
/// # Errors
/// A file that cannot be read, and one with more words that secrets begin with than are looked at.
pub fn search(
    candidate: &Candidate<'_>,
    content: &Content<'_>,
    found: &mut Vec<SecretFound>,
) -> Result<(), Flaw> {
    let first = found.len();
    let only_proper = allowed::only_proper(candidate.path);
    let mut pass = Pass { candidate, found, first, line: 1, before: None, tries: MOST_TRIES, only_proper };
    let matcher = matcher::shared();
    match content {
        Content::Bytes(bytes) => {
            pass.whole(bytes);
            if is_text(bytes) { pass.window(matcher, bytes, bytes.len()) } else { Ok(()) }
        }
        Content::File(_, size) => pass.windows(matcher, content, *size),
    }
}

/// A search under way.
struct Pass<'a, 'f> {
    candidate: &'a Candidate<'a>,
    found: &'f mut Vec<SecretFound>,
    /// How many there were before.
    first: usize,
    /// The line that the next window begins in.
    line: u32,
    /// The byte before it.
    before: Option<u8>,
    tries: usize,
    /// Whether neither names nor guesses count here.
    only_proper: bool,
}

impl Pass<'_, '_> {
    fn windows(&mut self, matcher: &Matcher, content: &Content<'_>, size: u64) -> Result<(), Flaw> {
        let length = usize::try_from(size).unwrap_or(usize::MAX).min(WINDOW);
        let mut buffer = vec![0; length.min(SNIFFED)];
        let read = content.read_at(0, &mut buffer)?;
        let beginning = buffer.get(..read).unwrap_or_default();
        if !is_text(beginning) {
            self.whole(beginning);
            return Ok(());
        }
        buffer.resize(length, 0);
        let mut offset = 0;
        loop {
            let read = content.read_at(offset, &mut buffer)?;
            let text = buffer.get(..read).unwrap_or_default();
            let rest = size.saturating_sub(offset);
            if offset == 0 {
                self.whole(text);
            }
            if read < WINDOW || rest <= WINDOW as u64 {
                return self.window(matcher, text, read);
            }
            let until = read - FARTHEST;
            self.window(matcher, text, until)?;
            self.line = self.line.saturating_add(lines(text.get(..until)));
            self.before = until.checked_sub(1).and_then(|last| text.get(last).copied());
            offset += until as u64;
        }
    }

    /// Looks for secrets that begin before `until`.
    fn window(&mut self, matcher: &Matcher, text: &[u8], until: usize) -> Result<(), Flaw> {
        let hits = matcher.hits(text, until, self.before, &mut self.tries)?;
        let (mut line, mut counted) = (self.line, 0);
        for Hit { rule, start, end } in hits {
            line = line.saturating_add(lines(text.get(counted..start)));
            counted = start;
            if rule.certainty == Certainty::Proper || !self.only_proper {
                self.add(rule, line, text.get(start..end).unwrap_or_default());
            }
        }
        Ok(())
    }

    /// Deals with files that their names say are secrets as a whole.
    fn whole(&mut self, beginning: &[u8]) {
        for (rule, line, secret) in files::secrets(self.candidate, beginning) {
            self.add(rule, line, &secret);
        }
    }

    fn add(&mut self, rule: &Rule, line: u32, secret: &[u8]) {
        let redacted = redacted(secret);
        let here = self.found.get(self.first..).unwrap_or_default();
        let mut same = here.iter().filter(|other| other.rule == rule.id);
        let known = same.clone().any(|other| other.line == line && other.redacted == redacted);
        if known || here.len() >= MOST_OF_A_FILE || same.nth(MOST_OF_A_RULE - 1).is_some() {
            return;
        }
        let path = self.candidate.path.to_owned();
        let (rule, title, severity) = (rule.id.to_owned(), rule.title.to_owned(), rule.severity);
        self.found.push(SecretFound { rule, title, severity, path, line, redacted });
    }
}

/// Whether a file is text, by its beginning.
fn is_text(bytes: &[u8]) -> bool {
    !bytes.get(..SNIFFED).unwrap_or(bytes).contains(&0)
}

/// How many lines end in a text; counted in pieces of which one byte can hold the number, many bytes at once.
fn lines(text: Option<&[u8]>) -> u32 {
    let ends = |piece: &[u8]| piece.iter().map(|byte| u8::from(*byte == b'\n')).sum::<u8>();
    text.unwrap_or_default().chunks(255).map(|piece| u32::from(ends(piece))).sum()
}

#[cfg(test)]
mod tests;
