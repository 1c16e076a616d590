//! Values of properties: as D-Bus has them, and as people write them.

use super::wire::{align, array, number, text};

/// More of a list than this is nobody's.
const MOST_IN_LIST: usize = 256;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `b`
    Bool(bool),
    /// `i`
    I32(i32),
    /// `u`
    U32(u32),
    /// `x`
    I64(i64),
    /// `t`
    U64(u64),
    /// `s`
    Text(String),
    /// `ay`
    Bytes(Vec<u8>),
    /// `au`
    Numbers(Vec<u32>),
    /// `as`
    Texts(Vec<String>),
    /// `a(ss)`
    Pairs(Vec<(String, String)>),
}

impl Value {
    pub(super) fn signature(&self) -> &'static str {
        match self {
            Self::Bool(_) => "b",
            Self::I32(_) => "i",
            Self::U32(_) => "u",
            Self::I64(_) => "x",
            Self::U64(_) => "t",
            Self::Text(_) => "s",
            Self::Bytes(_) => "ay",
            Self::Numbers(_) => "au",
            Self::Texts(_) => "as",
            Self::Pairs(_) => "a(ss)",
        }
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Bool(value) => number(bytes, u32::from(*value)),
            Self::I32(value) => number(bytes, value.cast_unsigned()),
            Self::U32(value) => number(bytes, *value),
            Self::I64(value) => long(bytes, value.cast_unsigned()),
            Self::U64(value) => long(bytes, *value),
            Self::Text(value) => text(bytes, value),
            Self::Bytes(value) => array(bytes, 1, |bytes| bytes.extend(value)),
            Self::Numbers(value) => array(bytes, 4, |bytes| value.iter().for_each(|one| number(bytes, *one))),
            Self::Texts(value) => array(bytes, 4, |bytes| value.iter().for_each(|one| text(bytes, one))),
            Self::Pairs(value) => array(bytes, 8, |bytes| {
                for (first, second) in value {
                    align(bytes, 8);
                    text(bytes, first);
                    text(bytes, second);
                }
            }),
        }
    }

    /// GVariant's text format, as far as annotations use it: `true`, `5`, `uint64 5`, `'text'`,
    /// `['a', 'b']`. `None` for anything else.
    #[must_use]
    pub fn parse(written: &str) -> Option<Self> {
        let written = written.trim();
        match written.split_once(' ') {
            Some(("int32", number)) => return number.trim().parse().ok().map(Self::I32),
            Some(("uint32", number)) => return number.trim().parse().ok().map(Self::U32),
            Some(("int64", number)) => return number.trim().parse().ok().map(Self::I64),
            Some(("uint64", number)) => return number.trim().parse().ok().map(Self::U64),
            _ => {}
        }
        match written {
            "true" => Some(Self::Bool(true)),
            "false" => Some(Self::Bool(false)),
            _ => match written.strip_prefix('[') {
                Some(rest) => texts(rest.strip_suffix(']')?).map(Self::Texts),
                None => quoted(written).map_or_else(
                    || written.parse().ok().map(Self::I32),
                    |(text, rest)| rest.is_empty().then_some(Self::Text(text)),
                ),
            },
        }
    }
}

fn long(bytes: &mut Vec<u8>, number: u64) {
    align(bytes, 8);
    bytes.extend(number.to_le_bytes());
}

fn texts(mut list: &str) -> Option<Vec<String>> {
    let mut texts = Vec::new();
    loop {
        let (text, rest) = quoted(list.trim_start())?;
        texts.push(text);
        let rest = rest.trim_start();
        if rest.is_empty() {
            return Some(texts);
        }
        list = rest.strip_prefix(',').filter(|_| texts.len() < MOST_IN_LIST)?;
    }
}

/// A text in single or double quotes, and what follows it. No zero can be in one.
fn quoted(written: &str) -> Option<(String, &str)> {
    let quote = written.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    let mut text = String::new();
    let mut letters = written.char_indices().skip(1);
    while let Some((place, letter)) = letters.next() {
        match letter {
            '\0' => return None,
            '\\' => match letters.next()?.1 {
                'n' => text.push('\n'),
                't' => text.push('\t'),
                escaped @ ('\\' | '\'' | '"') => text.push(escaped),
                _ => return None,
            },
            letter if letter == quote => return Some((text, written.get(place + 1..)?)),
            letter => text.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn annotations_are_read_as_gvariant_writes_them() {
        let texts =
            |texts: &[&str]| Some(Value::Texts(texts.iter().map(|text| (*text).to_owned()).collect()));
        assert_eq!(Value::parse("uint64 123000000"), Some(Value::U64(123_000_000)));
        assert_eq!(Value::parse("'inactive-or-failed'"), Some(Value::Text("inactive-or-failed".into())));
        assert_eq!(Value::parse(r#""it\"s""#), Some(Value::Text("it\"s".into())));
        assert_eq!(
            (Value::parse("true"), Value::parse("-3")),
            (Some(Value::Bool(true)), Some(Value::I32(-3)))
        );
        assert_eq!(Value::parse("['a', 'b']"), texts(&["a", "b"]));
        for none in ["", "'", "'a", "'a' b", "[", "['a',]", "[1]", "uint64 -1", "uint64", "x", "'\0'"] {
            assert_eq!(Value::parse(none), None, "{none:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_value_or_none(text in "[\\[\\]'\", \\\\a-z0-9]{0,40}") {
            let _value = Value::parse(&text);
        }
    }
}
