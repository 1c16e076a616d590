//! Patterns of `${name#pattern}` and `${name/pattern/word}`: `*`, `?` and characters.

use super::WordFault;

/// Steps that one comparison may take: tokens of the pattern times characters of the value.
const WORK: usize = 1 << 26;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Character(char),
    /// `?`: any character but the end of a line.
    Any,
    /// `*`: any number of those.
    Many,
}

/// How much a pattern takes where there is a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    Shortest,
    Longest,
}

pub(super) struct Glob {
    tokens: Vec<Token>,
}

impl Glob {
    pub(super) fn new(pattern: &str) -> Result<Self, WordFault> {
        tokens(pattern.chars(), pattern).map(|tokens| Self { tokens })
    }

    /// The pattern from its end to its beginning.
    pub(super) fn backwards(pattern: &str) -> Result<Self, WordFault> {
        let mut tokens = tokens(pattern.chars(), pattern)?;
        tokens.reverse();
        Ok(Self { tokens })
    }

    /// `value` without what the pattern matches at its beginning.
    pub(super) fn without_start(&self, value: &str, reach: Reach) -> Result<String, WordFault> {
        let characters: Vec<char> = value.chars().collect();
        let taken = self.anchored(&characters, reach)?;
        Ok(characters.into_iter().skip(taken).collect())
    }

    /// `value` without what the reversed pattern matches at its end.
    pub(super) fn without_end(&self, value: &str, reach: Reach) -> Result<String, WordFault> {
        let characters: Vec<char> = value.chars().rev().collect();
        let taken = self.anchored(&characters, reach)?;
        Ok(value.chars().take(characters.len() - taken).collect())
    }

    /// How many characters the pattern matches at the beginning.
    fn anchored(&self, characters: &[char], reach: Reach) -> Result<usize, WordFault> {
        self.affordable(characters)?;
        let found = self.search(characters, 0, Anchor::Here, reach);
        Ok(found.map_or(0, |(_, end)| end))
    }

    /// `value` with the leftmost, longest matches replaced, at most as many as `times`.
    pub(super) fn replace(
        &self,
        value: &str,
        replacement: &str,
        times: usize,
        limit: usize,
    ) -> Result<String, WordFault> {
        let characters: Vec<char> = value.chars().collect();
        self.affordable(&characters)?;
        let (mut result, mut from, mut ended, mut count) = (String::new(), 0, None, 0);
        while count < times {
            let Some((start, end)) = self.search(&characters, from, Anchor::Anywhere, Reach::Longest) else {
                break;
            };
            result.extend(characters.get(from..start).into_iter().flatten());
            // Nothing is not found right behind a match.
            if end > start || ended != Some(start) {
                result.push_str(replacement);
                count += 1;
            }
            if result.len() > limit {
                return Err(WordFault::Long(limit));
            }
            from = end;
            ended = Some(end);
            if end == start {
                let Some(next) = characters.get(end) else { break };
                result.push(*next);
                from += 1;
            }
        }
        result.extend(characters.get(from..).into_iter().flatten());
        if result.len() > limit { Err(WordFault::Long(limit)) } else { Ok(result) }
    }

    fn affordable(&self, characters: &[char]) -> Result<(), WordFault> {
        let steps = (self.tokens.len() + 1).saturating_mul(characters.len() + 1);
        if steps > WORK { Err(WordFault::Work) } else { Ok(()) }
    }

    /// The leftmost match from `from` on, and of those the one that `reach` wants. All possibilities advance together, so
    /// no pattern makes this slow.
    fn search(
        &self,
        characters: &[char],
        from: usize,
        anchor: Anchor,
        reach: Reach,
    ) -> Option<(usize, usize)> {
        let mut current = Threads::new(self.tokens.len());
        let mut next = Threads::new(self.tokens.len());
        let mut best: Option<(usize, usize)> = None;
        for position in from..=characters.len() {
            if best.is_none() && (position == from || anchor == Anchor::Anywhere) {
                current.add(&self.tokens, 0, position);
            }
            if let Some(start) = current.accepted()
                && best.is_none_or(|(leftmost, _)| start <= leftmost)
            {
                best = Some((start, position));
                if reach == Reach::Shortest {
                    break;
                }
            }
            let Some(character) = characters.get(position) else { break };
            next.clear();
            for (token, start) in current.alive(best) {
                self.advance(token, start, *character, &mut next);
            }
            std::mem::swap(&mut current, &mut next);
            if current.order.is_empty() && (best.is_some() || anchor == Anchor::Here) {
                break;
            }
        }
        best
    }

    fn advance(&self, token: usize, start: usize, character: char, next: &mut Threads) {
        match self.tokens.get(token) {
            Some(Token::Character(wanted)) if *wanted == character => {
                next.add(&self.tokens, token + 1, start)
            }
            Some(Token::Any) if character != '\n' => next.add(&self.tokens, token + 1, start),
            Some(Token::Many) if character != '\n' => next.add(&self.tokens, token, start),
            _ => {}
        }
    }
}

/// Where a match may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anchor {
    Here,
    Anywhere,
}

/// How far each possibility has come, with the leftmost beginning for each token.
struct Threads {
    starts: Vec<Option<usize>>,
    order: Vec<usize>,
}

impl Threads {
    fn new(tokens: usize) -> Self {
        Self { starts: vec![None; tokens + 1], order: Vec::new() }
    }

    /// Waits for `token`, and for what is behind it if it may be nothing.
    fn add(&mut self, tokens: &[Token], token: usize, start: usize) {
        let mut token = token;
        while let Some(slot) = self.starts.get_mut(token) {
            match slot {
                Some(known) if *known <= start => return,
                Some(known) => *known = start,
                None => {
                    *slot = Some(start);
                    self.order.push(token);
                }
            }
            match tokens.get(token) {
                Some(Token::Many) => token += 1,
                _ => return,
            }
        }
    }

    fn accepted(&self) -> Option<usize> {
        self.starts.last().copied().flatten()
    }

    /// Those that can still become better than `best`.
    fn alive(&self, best: Option<(usize, usize)>) -> impl Iterator<Item = (usize, usize)> {
        let pairs = self.order.iter().filter_map(|token| Some((*token, self.starts.get(*token).copied()??)));
        pairs.filter(move |(_, start)| best.is_none_or(|(leftmost, _)| *start <= leftmost))
    }

    fn clear(&mut self) {
        for token in self.order.drain(..) {
            if let Some(slot) = self.starts.get_mut(token) {
                *slot = None;
            }
        }
    }
}

fn tokens(characters: impl Iterator<Item = char>, pattern: &str) -> Result<Vec<Token>, WordFault> {
    let mut characters = characters.peekable();
    let mut tokens = Vec::new();
    while let Some(character) = characters.next() {
        let token = match character {
            '*' if tokens.last() == Some(&Token::Many) => continue,
            '*' => Token::Many,
            '?' => Token::Any,
            // These two were escaped for the braces.
            '\\' if characters.peek().is_some_and(|next| matches!(next, '}' | '/')) => continue,
            '\\' => match characters.next() {
                Some(literal @ ('*' | '?' | '\\')) => Token::Character(literal),
                _ => return Err(WordFault::Escape(pattern.to_owned())),
            },
            character => Token::Character(character),
        };
        tokens.push(token);
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the pattern means, slowly.
    fn matches(tokens: &[Token], text: &[char]) -> bool {
        match (tokens.first(), text.first()) {
            (None, None) => true,
            (Some(Token::Many), Some(first)) => {
                matches(&tokens[1..], text) || (*first != '\n' && matches(tokens, &text[1..]))
            }
            (Some(Token::Many), None) => matches(&tokens[1..], text),
            (Some(Token::Any), Some(first)) => *first != '\n' && matches(&tokens[1..], &text[1..]),
            (Some(Token::Character(wanted)), Some(first)) => {
                wanted == first && matches(&tokens[1..], &text[1..])
            }
            (None, Some(_)) | (Some(_), None) => false,
        }
    }

    #[test]
    fn nothing_is_found_between_characters() {
        let empty = Glob::new("").unwrap();
        assert_eq!(empty.replace("ab", "-", usize::MAX, 100).unwrap(), "-a-b-");
        assert_eq!(Glob::new("*").unwrap().replace("ab", "-", usize::MAX, 100).unwrap(), "-");
        assert_eq!(Glob::new("a*").unwrap().replace("ba\nac", "-", usize::MAX, 100).unwrap(), "b-\n-");
    }

    #[test]
    fn a_value_that_grows_too_long_is_refused() {
        let glob = Glob::new("a").unwrap();
        assert_eq!(glob.replace(&"a".repeat(100), "0123456789", usize::MAX, 999), Err(WordFault::Long(999)));
        assert_eq!(
            Glob::new(&"?".repeat(1 << 14)).unwrap().without_start(&"a".repeat(1 << 14), Reach::Longest),
            Err(WordFault::Work)
        );
    }

    proptest! {
        #[test]
        fn a_match_is_the_one_that_was_asked_for(pattern in "[ab*?]{0,5}", value in "[ab\n]{0,8}") {
            let glob = Glob::new(&pattern).unwrap();
            let text: Vec<char> = value.chars().collect();
            let mut ends = (0..=text.len()).filter(|end| matches(&glob.tokens, &text[..*end]));
            let shortest = ends.next().unwrap_or(0);
            let longest = ends.next_back().unwrap_or(shortest);
            prop_assert_eq!(glob.anchored(&text, Reach::Shortest).unwrap(), shortest);
            prop_assert_eq!(glob.anchored(&text, Reach::Longest).unwrap(), longest);
            let found = (0..=text.len()).find_map(|start| {
                let end = (start..=text.len()).rev().find(|end| matches(&glob.tokens, &text[start..*end]))?;
                Some((start, end))
            });
            prop_assert_eq!(glob.search(&text, 0, Anchor::Anywhere, Reach::Longest), found);
        }
    }
}
