//! A line taken apart: name, flags, and the rest in the form that its instruction wants.

use serde_json::Value;

use crate::parse::error::Fault;

/// What separates arguments.
pub(super) fn is_blank(character: char) -> bool {
    matches!(character, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ')
}

/// At the first run of blanks.
pub(super) fn once(text: &str) -> (&str, Option<&str>) {
    match text.split_once(is_blank) {
        Some((first, rest)) => (first, Some(rest.trim_start_matches(is_blank))),
        None => (text, None),
    }
}

/// At every run of blanks.
pub(super) fn blanks(text: &str) -> Vec<String> {
    text.split(is_blank).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Flags at the beginning, without their quotes and escapes, and what follows them.
pub(super) fn flags(text: &str, escape: char) -> (Vec<String>, &str) {
    let (mut flags, mut rest) = (Vec::new(), text.trim_start());
    while rest.starts_with("--") {
        let (flag, behind) = flag(rest, escape);
        rest = behind.trim_start();
        if flag == "--" {
            break;
        }
        flags.push(flag);
    }
    (flags, rest)
}

/// The first word, without its quotes and escapes.
fn flag(text: &str, escape: char) -> (String, &str) {
    let (mut word, mut quote) = (String::new(), None);
    let mut characters = text.char_indices();
    while let Some((position, character)) = characters.next() {
        match (quote, character) {
            (None, _) if character.is_whitespace() => {
                return (word, text.get(position..).unwrap_or_default());
            }
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            _ if character == escape => word.extend(characters.next().map(|(_, next)| next)),
            _ => word.push(character),
        }
    }
    (word, "")
}

/// Words with their quotes and escapes.
pub(super) fn words(text: &str, escape: char) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None, _) if character.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                continue;
            }
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
        if character == escape && quote != Some('\'') {
            if let Some(next) = characters.next() {
                word.extend([character, next]);
            }
        } else {
            word.push(character);
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// An array of strings; `None` if it is no array, and then the line has another form.
pub(super) fn json(text: &str) -> Result<Option<Vec<String>>, Fault> {
    let text = text.trim_start();
    if !text.starts_with('[') {
        return Ok(None);
    }
    let Ok(values) = serde_json::from_str::<Vec<Value>>(text) else { return Ok(None) };
    let strings = values.into_iter().map(|value| match value {
        Value::String(text) => Ok(text),
        _ => Err(Fault::Strings),
    });
    strings.collect::<Result<_, _>>().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_lose_their_quotes() {
        assert_eq!(
            flags("  --a=\"b c\" --d='' -- --e f", '\\'),
            (vec!["--a=b c".into(), "--d=".into()], "--e f")
        );
        assert_eq!(flags(r"--a=b\ c\", '\\'), (vec!["--a=b c".into()], ""));
        assert_eq!(flags("- --a", '\\'), (vec![], "- --a"));
        assert_eq!(flags("--", '\\'), (vec![], ""));
    }

    #[test]
    fn words_keep_their_quotes() {
        assert_eq!(words(r#"föo "a b"c d\ e 'f\' g"#, '\\'), ["föo", r#""a b"c"#, r"d\ e", r"'f\'", "g"]);
        assert_eq!(words("a`", '`'), ["a"]);
        assert_eq!(words("\"a`\" b", '`'), ["\"a`\" b"]);
    }

    #[test]
    fn arrays_hold_strings() {
        assert_eq!(json(" [ \"a\", \"\\u0041\" ] "), Ok(Some(vec!["a".into(), "A".into()])));
        assert_eq!(json("[]"), Ok(Some(vec![])));
        assert_eq!(json("['a']"), Ok(None));
        assert_eq!(json("[\"a\"] b"), Ok(None));
        assert_eq!(json("x"), Ok(None));
        for wrong in ["[\"a\", 42]", "[[\"a\"]]", "[{}]", "[null]"] {
            assert_eq!(json(wrong), Err(Fault::Strings), "{wrong}");
        }
    }
}
