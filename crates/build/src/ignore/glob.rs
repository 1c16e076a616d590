//! Whether a path is what a pattern means. All possibilities advance together, so no pattern makes this slow.

use super::tokens::Token;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glob {
    tokens: Vec<Token>,
    /// The characters that it begins with, which rule out most paths at once.
    start: String,
    /// The characters that it ends with.
    end: String,
}

impl Glob {
    pub(super) fn new(tokens: Vec<Token>) -> Self {
        let character = |token: &Token| match token {
            Token::Character(character) => Some(*character),
            _ => None,
        };
        let start = tokens.iter().map_while(character).collect();
        let mut end: Vec<char> = tokens.iter().rev().map_while(character).collect();
        end.reverse();
        Self { start, end: end.into_iter().collect(), tokens }
    }

    pub(super) fn matches(&self, path: &str) -> bool {
        path.starts_with(&self.start)
            && path.ends_with(&self.end)
            && self.run(path).is_some_and(|states| states.has(self.tokens.len()))
    }

    /// Whether a path that goes on behind `beginning` can match.
    pub(super) fn may_go_on(&self, beginning: &str) -> bool {
        let alike = beginning.starts_with(&self.start) || self.start.starts_with(beginning);
        alike
            && self.run(beginning).is_some_and(|states| (0..self.tokens.len()).any(|token| states.has(token)))
    }

    /// The tokens that may come next behind `text`; none if it cannot be a beginning.
    fn run(&self, text: &str) -> Option<States> {
        let mut current = States::new(self.tokens.len());
        let mut next = States::new(self.tokens.len());
        self.enter(&mut current, 0);
        for character in text.chars() {
            next.clear();
            for token in current.iter() {
                self.step(token, character, &mut next);
            }
            std::mem::swap(&mut current, &mut next);
            if current.is_empty() {
                return None;
            }
        }
        Some(current)
    }

    fn step(&self, index: usize, character: char, next: &mut States) {
        let Some(token) = self.tokens.get(index) else { return };
        let passes = match token {
            Token::Character(wanted) => *wanted == character,
            Token::Any => character != '/',
            Token::Class(class) => class.has(character),
            Token::Many if character == '/' => false,
            Token::Many | Token::Everything => {
                self.enter(next, index);
                false
            }
            Token::Directories => {
                // In the middle of a name nothing else can begin.
                next.add(index);
                character == '/'
            }
        };
        if passes {
            self.enter(next, index + 1);
        }
    }

    /// Waits for a token, and for what follows it if it may be nothing.
    fn enter(&self, states: &mut States, index: usize) {
        let mut index = index;
        states.add(index);
        while self.tokens.get(index).is_some_and(Token::may_be_empty) {
            index += 1;
            states.add(index);
        }
    }
}

/// A set of tokens.
struct States {
    words: Vec<u64>,
}

const BITS: usize = 64;

impl States {
    fn new(tokens: usize) -> Self {
        Self { words: vec![0; tokens / BITS + 1] }
    }

    fn add(&mut self, token: usize) {
        if let Some(word) = self.words.get_mut(token / BITS) {
            *word |= 1 << (token % BITS);
        }
    }

    fn has(&self, token: usize) -> bool {
        self.words.get(token / BITS).is_some_and(|word| word & (1 << (token % BITS)) != 0)
    }

    fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    fn clear(&mut self) {
        self.words.fill(0);
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(index, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros() as usize;
                rest &= rest.checked_sub(1)?;
                Some(index * BITS + bit)
            })
        })
    }
}
