//! One pass over a text: what is quoted, what is escaped, and where a variable begins.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::str::Chars;

use super::{Expanded, WordFault};

/// How deep variables may be nested: `${a:-${b:-c}}` are two levels.
pub(super) const LEVELS: usize = 64;

/// How many bytes of values one word may look at, for each byte that its result may have.
const READS: usize = 8;

/// What becomes of quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quotes {
    Removed,
    Kept,
    /// They are characters like others.
    Text,
}

/// What becomes of the escape character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escapes {
    Removed,
    Kept,
}

/// What becomes of variables that have no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unset {
    Empty,
    /// They stay as they are written.
    Kept,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) quotes: Quotes,
    pub(super) escapes: Escapes,
    pub(super) unset: Unset,
}

pub(super) struct Lexer<'a> {
    pub(super) input: Peekable<Chars<'a>>,
    pub(super) style: Style,
    escape: char,
    environment: &'a dyn Fn(&str) -> Option<String>,
    pub(super) limit: usize,
    /// Bytes of values that may still be looked at.
    reads: usize,
    level: usize,
    used: BTreeSet<String>,
    unmatched: BTreeSet<String>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(
        text: &'a str,
        escape: char,
        style: Style,
        environment: &'a dyn Fn(&str) -> Option<String>,
        limit: usize,
    ) -> Self {
        let (used, unmatched) = (BTreeSet::new(), BTreeSet::new());
        let reads = limit.saturating_mul(READS);
        Self {
            input: text.chars().peekable(),
            style,
            escape,
            environment,
            limit,
            reads,
            level: 0,
            used,
            unmatched,
        }
    }

    pub(super) fn read(mut self) -> Result<(Expanded, Vec<String>), WordFault> {
        let mut output = Output::new(self.limit);
        self.until(None, &mut output)?;
        let expanded = Expanded { text: output.text, used: self.used, unmatched: self.unmatched };
        Ok((expanded, output.words.finish()))
    }

    /// Reads up to `stop`, which it takes, for what stands in braces.
    pub(super) fn part(&mut self, stop: char, escapes: Escapes) -> Result<String, WordFault> {
        if self.level == LEVELS {
            return Err(WordFault::Deep(LEVELS));
        }
        let outer = std::mem::replace(&mut self.style.escapes, escapes);
        self.level += 1;
        let mut output = Output::new(self.limit);
        self.until(Some(stop), &mut output)?;
        self.level -= 1;
        self.style.escapes = outer;
        Ok(output.text)
    }

    fn until(&mut self, stop: Option<char>, output: &mut Output) -> Result<(), WordFault> {
        while let Some(character) = self.input.next() {
            match character {
                _ if stop == Some(character) => return Ok(()),
                '\'' if self.style.quotes != Quotes::Text => output.raw(&self.single()?)?,
                '"' if self.style.quotes != Quotes::Text => output.raw(&self.double()?)?,
                '$' => output.value(&self.dollar()?)?,
                '<' => output.raw(&self.angle())?,
                _ if character == self.escape => self.escaped(character, output)?,
                _ => output.character(character)?,
            }
        }
        match stop {
            None => Ok(()),
            Some('/') => Err(WordFault::Slash),
            Some(_) => Err(WordFault::Brace),
        }
    }

    /// What follows an escape character; at the end of a text it is dropped.
    fn escaped(&mut self, escape: char, output: &mut Output) -> Result<(), WordFault> {
        if self.style.escapes == Escapes::Kept {
            output.raw(escape.encode_utf8(&mut [0; 4]))?;
        }
        match self.input.next() {
            Some(next) => output.raw(next.encode_utf8(&mut [0; 4])),
            None => Ok(()),
        }
    }

    /// Between single quotes nothing has a meaning.
    fn single(&mut self) -> Result<String, WordFault> {
        let mut text = self.quote('\'');
        loop {
            match self.input.next() {
                Some('\'') => break,
                Some(character) => text.push(character),
                None => return Err(WordFault::Quote('\'')),
            }
        }
        text.push_str(&self.quote('\''));
        Ok(text)
    }

    /// Between double quotes variables have theirs, and the escape character before `"`, `$` and itself.
    fn double(&mut self) -> Result<String, WordFault> {
        let mut text = self.quote('"');
        loop {
            match self.input.next() {
                Some('"') => break,
                Some('$') => text.push_str(&self.dollar()?),
                Some(character) if character == self.escape => self.escaped_in_quotes(character, &mut text),
                Some(character) => text.push(character),
                None => return Err(WordFault::Quote('"')),
            }
            if text.len() > self.limit {
                return Err(WordFault::Long(self.limit));
            }
        }
        text.push_str(&self.quote('"'));
        Ok(text)
    }

    fn escaped_in_quotes(&mut self, escape: char, text: &mut String) {
        if self.style.escapes == Escapes::Kept {
            text.push(escape);
        }
        let escapable = |next: &char| matches!(next, '"' | '$') || *next == escape;
        match self.input.next_if(escapable) {
            Some(next) => text.push(next),
            None if self.input.peek().is_none() => {}
            None => text.push(escape),
        }
    }

    /// `<<` and the spaces behind it belong to the word that follows, which may be a document's name.
    fn angle(&mut self) -> String {
        let mut text = "<".to_owned();
        if self.input.next_if_eq(&'<').is_some() {
            text.push('<');
            while let Some(space) = self.input.next_if(|next| matches!(next, ' ' | '\t' | '\r')) {
                text.push(space);
            }
        }
        text
    }

    fn quote(&self, quote: char) -> String {
        if self.style.quotes == Quotes::Kept { quote.to_string() } else { String::new() }
    }

    /// A variable's value, and the note that it was asked for.
    pub(super) fn value(&mut self, name: &str) -> Result<Option<String>, WordFault> {
        let value = (self.environment)(name);
        let names = if value.is_some() { &mut self.used } else { &mut self.unmatched };
        if !names.contains(name) {
            names.insert(name.to_owned());
        }
        let length = value.as_ref().map_or(0, String::len);
        self.reads = self.reads.checked_sub(length).ok_or(WordFault::Work)?;
        Ok(value)
    }
}

/// A text that grows, as a whole and split into words.
struct Output {
    text: String,
    words: Splitter,
    limit: usize,
}

impl Output {
    fn new(limit: usize) -> Self {
        Self { text: String::new(), words: Splitter::default(), limit }
    }

    /// A character that splits if it is a space.
    fn character(&mut self, character: char) -> Result<(), WordFault> {
        self.words.character(character);
        self.push(character.encode_utf8(&mut [0; 4]))
    }

    /// A value, in which spaces split.
    fn value(&mut self, text: &str) -> Result<(), WordFault> {
        text.chars().for_each(|character| self.words.character(character));
        self.push(text)
    }

    /// What belongs to one word, whatever it is.
    fn raw(&mut self, text: &str) -> Result<(), WordFault> {
        self.words.word.push_str(text);
        self.push(text)
    }

    fn push(&mut self, text: &str) -> Result<(), WordFault> {
        if self.text.len() + text.len() > self.limit {
            return Err(WordFault::Long(self.limit));
        }
        self.text.push_str(text);
        Ok(())
    }
}

#[derive(Default)]
struct Splitter {
    words: Vec<String>,
    word: String,
}

impl Splitter {
    fn character(&mut self, character: char) {
        if !character.is_whitespace() {
            self.word.push(character);
        } else if !self.word.is_empty() {
            self.words.push(std::mem::take(&mut self.word));
        }
    }

    fn finish(mut self) -> Vec<String> {
        if !self.word.is_empty() {
            self.words.push(self.word);
        }
        self.words
    }
}
