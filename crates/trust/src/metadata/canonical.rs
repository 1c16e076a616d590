//! Canonical JSON (OLPC), section 4.1: the bytes that are signed. Members in the order of their names, no space, whole
//! numbers, and strings in which only `"` and `\` are escaped.
//!
//! Written here and not taken from a crate, because the text is a stranger's before its signatures are checked: it is
//! copied piece by piece and becomes no tree, and an object with two members of one name is refused, since two
//! readers could then read two documents under one signature.

use std::cmp::Ordering;
use std::ops::Range;

use serde::Serialize;

use super::FormatError;

/// How deep lists and objects may lie in each other; metadata need six.
const DEEPEST: usize = 32;

/// The most lists and objects of one document; ten thousand targets have thirty thousand.
const MOST: usize = 250_000;

/// The canonical form of JSON that serde_json has accepted.
pub(crate) fn form(text: &str) -> Result<Vec<u8>, FormatError> {
    let mut writer = Writer { text, at: 0, out: Vec::with_capacity(text.len()), containers: 0 };
    writer.value(0)?;
    writer.space();
    if writer.at < text.len() { Err(writer.broken()) } else { Ok(writer.out) }
}

/// The canonical form of a value.
///
/// # Errors
/// [`FormatError::Number`] for floating-point numbers.
pub fn of<T: Serialize>(value: &T) -> Result<Vec<u8>, FormatError> {
    let text = serde_json::to_string(value).map_err(|error| FormatError::Json(error.to_string()))?;
    form(&text)
}

struct Writer<'a> {
    text: &'a str,
    at: usize,
    out: Vec<u8>,
    containers: usize,
}

/// A member as it lies in the output.
struct Member {
    name: Range<usize>,
    whole: Range<usize>,
}

impl<'a> Writer<'a> {
    fn value(&mut self, depth: usize) -> Result<(), FormatError> {
        self.space();
        match self.peek() {
            Some(b'{') => self.container(depth, Self::object),
            Some(b'[') => self.container(depth, Self::list),
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    fn container(
        &mut self,
        depth: usize,
        write: fn(&mut Self, usize) -> Result<(), FormatError>,
    ) -> Result<(), FormatError> {
        self.containers += 1;
        if self.containers > MOST {
            return Err(FormatError::TooMany { what: "lists and objects", most: MOST });
        }
        if depth >= DEEPEST {
            return Err(FormatError::Deep(DEEPEST));
        }
        write(self, depth + 1)
    }

    fn list(&mut self, depth: usize) -> Result<(), FormatError> {
        self.expect(b'[')?;
        let mut over = self.ends(b']');
        while !over {
            self.value(depth)?;
            over = self.ends(b']');
            if !over {
                self.expect(b',')?;
            }
        }
        self.out.push(b']');
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Result<(), FormatError> {
        self.expect(b'{')?;
        let start = self.out.len();
        let mut members = Vec::new();
        let mut over = self.ends(b'}');
        while !over {
            members.push(self.member(depth)?);
            over = self.ends(b'}');
            if !over {
                self.expect(b',')?;
            }
        }
        self.order(start, members)?;
        self.out.push(b'}');
        Ok(())
    }

    fn member(&mut self, depth: usize) -> Result<Member, FormatError> {
        let start = self.out.len();
        self.space();
        self.string()?;
        let name = start..self.out.len();
        self.space();
        self.expect(b':')?;
        self.value(depth)?;
        Ok(Member { name, whole: start..self.out.len() })
    }

    /// Puts what was written since `start` in the order of its names.
    fn order(&mut self, start: usize, mut members: Vec<Member>) -> Result<(), FormatError> {
        let rank = |a: &Member, b: &Member| compare(self.piece(&a.name), self.piece(&b.name));
        if members.is_sorted_by(|a, b| rank(a, b) == Ordering::Less) {
            return Ok(());
        }
        members.sort_by(rank);
        let pairs = members.iter().zip(members.iter().skip(1));
        if let Some((twice, _)) = pairs.into_iter().find(|(a, b)| rank(a, b) == Ordering::Equal) {
            let name = String::from_utf8_lossy(self.piece(&twice.name));
            return Err(FormatError::Twice(name.trim_matches('"').chars().take(60).collect()));
        }
        let pieces: Vec<&[u8]> = members.iter().map(|member| self.piece(&member.whole)).collect();
        let sorted = pieces.join(&b',');
        self.out.truncate(start);
        self.out.extend(sorted);
        Ok(())
    }

    fn piece(&self, range: &Range<usize>) -> &[u8] {
        self.out.get(range.clone()).unwrap_or_default()
    }

    /// Copies a string; one with escapes is read by serde_json, so that nobody reads it otherwise.
    fn string(&mut self) -> Result<(), FormatError> {
        let rest = self.rest();
        let mut escaped = Escaped::No;
        let mut bytes = rest.bytes().enumerate().skip(1);
        let end = loop {
            match bytes.next().ok_or_else(|| self.broken())? {
                (end, b'"') => break end,
                (_, b'\\') => {
                    escaped = Escaped::Yes;
                    bytes.next();
                }
                _ => {}
            }
        };
        let token = rest.get(..=end).filter(|token| token.starts_with('"')).ok_or_else(|| self.broken())?;
        self.at += token.len();
        match escaped {
            Escaped::No => self.out.extend_from_slice(token.as_bytes()),
            Escaped::Yes => self.escape(token)?,
        }
        Ok(())
    }

    fn escape(&mut self, token: &str) -> Result<(), FormatError> {
        let text: String =
            serde_json::from_str(token).map_err(|error| FormatError::Json(error.to_string()))?;
        self.out.push(b'"');
        for byte in text.bytes() {
            if matches!(byte, b'"' | b'\\') {
                self.out.push(b'\\');
            }
            self.out.push(byte);
        }
        self.out.push(b'"');
        Ok(())
    }

    fn number(&mut self) -> Result<(), FormatError> {
        let token = self.token(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.'));
        let digits = token.strip_prefix('-').unwrap_or(token);
        let whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !whole || token == "-0" {
            return Err(FormatError::Number(token.chars().take(40).collect()));
        }
        self.out.extend_from_slice(token.as_bytes());
        Ok(())
    }

    fn word(&mut self) -> Result<(), FormatError> {
        let token = self.token(|byte| byte.is_ascii_lowercase());
        match token {
            "true" | "false" | "null" => self.out.extend_from_slice(token.as_bytes()),
            _ => return Err(self.broken()),
        }
        Ok(())
    }

    fn token(&mut self, belongs: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.bytes().position(|byte| !belongs(byte)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    fn expect(&mut self, byte: u8) -> Result<(), FormatError> {
        self.space();
        if self.peek() != Some(byte) {
            return Err(self.broken());
        }
        self.at += 1;
        self.out.push(byte);
        Ok(())
    }

    /// Steps over `byte` if it is next.
    fn ends(&mut self, byte: u8) -> bool {
        self.space();
        let ends = self.peek() == Some(byte);
        self.at += usize::from(ends);
        ends
    }

    fn space(&mut self) {
        self.token(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t'));
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn broken(&self) -> FormatError {
        FormatError::Json(format!("no value can be read at byte {}", self.at))
    }
}

/// Whether a string has to be read, or can be copied.
enum Escaped {
    Yes,
    No,
}

/// The order of two names as they lie in the output: that of their code points, which is that of their bytes once
/// what escapes a `"` or `\` is left out.
fn compare(a: &[u8], b: &[u8]) -> Ordering {
    plain(a).cmp(plain(b))
}

fn plain(name: &[u8]) -> impl Iterator<Item = u8> {
    let inner = name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")).unwrap_or(name);
    let mut bytes = inner.iter().copied();
    std::iter::from_fn(move || match bytes.next()? {
        b'\\' => bytes.next(),
        byte => Some(byte),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(String::from_utf8(form(text).unwrap()).unwrap(), expected);
    }

    #[test]
    fn members_are_in_order_and_space_is_gone() {
        check(
            " { \"b\" : [ 1 , -2,true, null ], \"a\":{} ,\n\"B\":[ ]}",
            r#"{"B":[],"a":{},"b":[1,-2,true,null]}"#,
        );
        check(r#"{"b":{"d":1,"c":2},"a":[{"f":1,"e":"x"}]}"#, r#"{"a":[{"e":"x","f":1}],"b":{"c":2,"d":1}}"#);
    }

    #[test]
    fn only_quotes_and_backslashes_are_escaped() {
        check(r#""a\n\t\"\\\u0041\/é""#, "\"a\n\t\\\"\\\\A/é\"");
        // By code points: `!` is 0x21, `"` is 0x22, `#` is 0x23, `\` is 0x5c, `]` is 0x5d.
        check(r##"{"]":1,"\\":2,"#":3,"\"":4,"!":5}"##, r##"{"!":5,"\"":4,"#":3,"\\":2,"]":1}"##);
        check(r#"{"a\u0000":1,"a":2,"":3}"#, "{\"\":3,\"a\":2,\"a\0\":1}");
    }

    #[test]
    fn a_name_twice_is_refused_however_it_is_written() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"a":1,"b":2,"\u0061":3}"#, r#"[{"x":{"a":1,"a":2}}]"#] {
            assert!(matches!(form(text), Err(FormatError::Twice(name)) if name == "a"), "{text}");
        }
    }

    #[test]
    fn only_whole_numbers_can_be_signed() {
        for number in ["1.0", "1e3", "-0", "1E400"] {
            assert_eq!(form(number), Err(FormatError::Number(number.to_owned())));
        }
        check("123456789012345678901234567890", "123456789012345678901234567890");
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in
            ["", "{", "[1", "[1,]", "{\"a\"}", "{a:1}", "\"a", "tru", "1 2", "{\"a\":1,}", "\"\\", "nul l"]
        {
            assert!(form(text).is_err(), "{text}");
        }
    }

    #[test]
    fn depth_and_number_are_bounded() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(form(&nested(DEEPEST)).is_ok());
        assert_eq!(form(&nested(DEEPEST + 1)), Err(FormatError::Deep(DEEPEST)));
        let many = format!("[{}[]]", "[],".repeat(MOST));
        assert!(matches!(form(&many), Err(FormatError::TooMany { .. })));
    }
}
