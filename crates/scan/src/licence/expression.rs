//! Several licences in one declaration: SPDX's grammar (annex D), and the ways in which others write the same.

use super::{Category, exception, one};

/// How deep parentheses are followed.
const MOST_DEPTH: u32 = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Open,
    Close,
    And,
    Or,
    With,
    Word(&'a str),
}

/// Reads a declaration; none where a part of it is not understood.
pub(super) fn read(text: &str) -> Option<(String, Category)> {
    let tokens = tokens(text);
    let mut rest = tokens.as_slice();
    let (expression, category, _) = alternatives(&mut rest, 0)?;
    rest.is_empty().then_some((expression, category))
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    // Marks are tokens by themselves, and all else is words.
    for chunk in text.split_inclusive(|letter: char| letter.is_whitespace() || "()|/,;&".contains(letter)) {
        let word =
            chunk.trim_end_matches(|letter: char| letter.is_whitespace() || "()|/,;&".contains(letter));
        match word.to_ascii_lowercase().as_str() {
            "" => {}
            "and" => tokens.push(Token::And),
            "or" => tokens.push(Token::Or),
            "with" => tokens.push(Token::With),
            _ => tokens.push(Token::Word(word)),
        }
        match chunk.get(word.len()..).unwrap_or_default() {
            "(" => tokens.push(Token::Open),
            ")" => tokens.push(Token::Close),
            "|" | "/" => tokens.push(Token::Or),
            "," | ";" | "&" => tokens.push(Token::And),
            _ => {}
        }
    }
    // `and, `, `||` and `&&` are one operator.
    tokens.dedup_by(|next, before| {
        let is_operator = |token: &Token<'_>| matches!(token, Token::And | Token::Or);
        is_operator(next) && is_operator(before)
    });
    tokens
}

/// An expression, what it asks, and whether it needs parentheses within a conjunction.
type Read = (String, Category, bool);

fn alternatives(rest: &mut &[Token<'_>], depth: u32) -> Option<Read> {
    let (mut text, mut category, _) = conjunction(rest, depth)?;
    let mut is_choice = false;
    while let [Token::Or, after @ ..] = *rest {
        *rest = after;
        let (other, least, _) = conjunction(rest, depth)?;
        text = format!("{text} OR {other}");
        category = category.min(least);
        is_choice = true;
    }
    Some((text, category, is_choice))
}

fn conjunction(rest: &mut &[Token<'_>], depth: u32) -> Option<Read> {
    let within = |(text, _, is_choice): &Read| if *is_choice { format!("({text})") } else { text.clone() };
    let first = single(rest, depth)?;
    if !matches!(*rest, [Token::And, ..]) {
        return Some(first);
    }
    let (mut text, mut category) = (within(&first), first.1);
    while let [Token::And, after @ ..] = *rest {
        *rest = after;
        let other = single(rest, depth)?;
        text = format!("{text} AND {}", within(&other));
        category = category.max(other.1);
    }
    Some((text, category, false))
}

fn single(rest: &mut &[Token<'_>], depth: u32) -> Option<Read> {
    if let [Token::Open, after @ ..] = *rest {
        if depth >= MOST_DEPTH {
            return None;
        }
        *rest = after;
        let read = alternatives(rest, depth + 1)?;
        let [Token::Close, after @ ..] = *rest else { return None };
        *rest = after;
        return Some(read);
    }
    let mut name = words(rest);
    // `GPL version 2 or later` has a word that is an operator elsewhere.
    if let [Token::Or, Token::Word(word), after @ ..] = *rest
        && matches!(word.to_ascii_lowercase().as_str(), "later" | "newer")
    {
        name.push_str(" or later");
        *rest = after;
    }
    let (id, category) = one(&name)?;
    let [Token::With, after @ ..] = *rest else { return Some((id, category, false)) };
    *rest = after;
    let (exception, asked) = exception(&words(rest))?;
    Some((format!("{id} WITH {exception}"), category.min(asked), false))
}

/// The words up to the next mark, as one name.
fn words(rest: &mut &[Token<'_>]) -> String {
    let mut name = String::new();
    while let [Token::Word(word), after @ ..] = *rest {
        if !name.is_empty() {
            name.push(' ');
        }
        name.push_str(word);
        *rest = after;
    }
    name
}
