//! One small value for both outputs: JSON for programs, aligned text for people.

use std::fmt::{self, Display, Formatter, Write as _};

/// A JSON value; the numbers that the probe reports are whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Json {
    Flag(bool),
    Number(i64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(&'static str, Json)>),
}

impl Json {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A length or a count.
    pub(crate) fn count(count: usize) -> Self {
        Self::Number(i64::try_from(count).unwrap_or(i64::MAX))
    }

    pub(crate) fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    /// The value for people: one line per leaf, `indent` spaces deep, names padded to one column.
    pub(crate) fn lines(&self, indent: usize) -> String {
        let mut lines = String::new();
        if let Self::Object(fields) = self {
            let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
            for (name, value) in fields {
                let _infallible = write_field(&mut lines, indent, width, name, value);
            }
        }
        lines
    }

    /// A leaf on one line; lists of leaves are joined, lists of objects have their fields in brackets.
    fn brief(&self) -> String {
        match self {
            Self::Flag(true) => "yes".to_owned(),
            Self::Flag(false) => "no".to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => plain(text),
            Self::List(items) if items.is_empty() => "none".to_owned(),
            Self::List(items) => items.iter().map(Self::brief).collect::<Vec<_>>().join(" "),
            Self::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| format!("{name}={}", value.brief()));
                format!("({})", fields.collect::<Vec<_>>().join(" "))
            }
        }
    }
}

fn write_field(out: &mut String, indent: usize, width: usize, name: &str, value: &Json) -> fmt::Result {
    // Paths are names too, and keep their underscores.
    let name = if name.starts_with('/') { name.to_owned() } else { name.replace('_', " ") };
    match value {
        Json::Object(_) => write!(out, "{:indent$}{name}\n{}", "", value.lines(indent + 2)),
        _ => writeln!(out, "{:indent$}{name:width$}  {}", "", value.brief()),
    }
}

/// The text without anything that a terminal would obey.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

/// RFC 8259, on one line.
impl Display for Json {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write_string(f, text),
            Self::List(items) => write_joined(f, '[', ']', items, |f, item| item.fmt(f)),
            Self::Object(fields) => write_joined(f, '{', '}', fields, |f, (name, value)| {
                write_string(f, name)?;
                f.write_char(':')?;
                value.fmt(f)
            }),
        }
    }
}

fn write_joined<T>(
    f: &mut Formatter<'_>,
    open: char,
    close: char,
    items: &[T],
    mut write: impl FnMut(&mut Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    f.write_char(open)?;
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_char(',')?;
        }
        write(f, item)?;
    }
    f.write_char(close)
}

/// RFC 8259 section 7: quotation mark, reverse solidus and the control characters are escaped.
fn write_string(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            control if control < ' ' => write!(f, "\\u{:04x}", u32::from(control))?,
            other => f.write_char(other)?,
        }
    }
    f.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_as_the_rfc_says() {
        assert_eq!(Json::text("a\"b\\c\n\t\u{1}é").to_string(), "\"a\\\"b\\\\c\\n\\t\\u0001é\"");
    }

    #[test]
    fn values_nest() {
        let value = Json::Object(vec![
            ("on", Json::Flag(true)),
            ("ids", Json::List(vec![Json::Number(-1), Json::count(2)])),
            ("none", Json::Object(vec![])),
        ]);
        assert_eq!(value.to_string(), r#"{"on":true,"ids":[-1,2],"none":{}}"#);
    }

    #[test]
    fn people_get_aligned_lines_without_control_characters() {
        let inner = Json::Object(vec![("root_is", Json::text("/")), ("on", Json::texts(["\u{1b}[1m", "b"]))]);
        let lines = Json::Object(vec![("files", inner)]).lines(0);
        assert_eq!(lines, "files\n  root is  /\n  on       \u{fffd}[1m b\n");
    }
}
