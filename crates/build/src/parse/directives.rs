//! Parser directives: `# name=value` in the first lines, and nowhere else.

use crate::instruction::Directives;
use crate::parse::error::Fault;

/// Names that mean something; the first line with another one ends the directives.
const NAMES: &[&str] = &["syntax", "escape", "check"];

const MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads the first lines of a file.
pub(super) struct Reader {
    /// What a directive's line begins with.
    comment: &'static str,
    seen: Vec<&'static str>,
    done: bool,
}

impl Reader {
    pub(super) const fn new(comment: &'static str) -> Self {
        Self { comment, seen: Vec::new(), done: false }
    }

    /// There are no directives any more.
    pub(super) fn end(&mut self) {
        self.done = true;
    }

    /// The directive of a line, with its value.
    pub(super) fn line<'a>(&mut self, line: &'a str) -> Result<Option<(&'static str, &'a str)>, Fault> {
        if self.done {
            return Ok(None);
        }
        let Some((name, value)) = line.strip_prefix(self.comment).and_then(directive) else {
            self.done = true;
            return Ok(None);
        };
        if self.seen.contains(&name) {
            return Err(Fault::Directive(name.to_owned()));
        }
        self.seen.push(name);
        Ok(Some((name, value)))
    }
}

/// ` name = value ` if the name is known.
fn directive(line: &str) -> Option<(&'static str, &str)> {
    let (name, value) = line.trim_start().split_once('=')?;
    let (name, value) = (name.trim_end(), value.trim());
    let known = NAMES.iter().find(|known| known.eq_ignore_ascii_case(name))?;
    (!value.is_empty()).then_some((known, value))
}

/// The character that a directive makes the escape character.
pub(super) fn escape(value: &str) -> Result<char, Fault> {
    match value {
        "\\" => Ok('\\'),
        "`" => Ok('`'),
        _ => Err(Fault::Escape(value.to_owned())),
    }
}

/// What the directives of a file say. They may stand behind a line `#!`; the language may also be told by `//` or in JSON,
/// as files do that are no Dockerfiles.
pub(super) fn of(bytes: &[u8], escape: char) -> Directives {
    let bytes = without_mark(bytes);
    let rest = match bytes.split_first_chunk() {
        Some((b"#!", _)) => bytes.splitn(2, |byte| *byte == b'\n').nth(1).unwrap_or_default(),
        _ => bytes,
    };
    let syntax = find(rest, "#", "syntax").or_else(|| find(rest, "//", "syntax")).or_else(|| json(rest));
    Directives { syntax, escape, check: find(rest, "#", "check") }
}

/// The mark of UTF-8 at the beginning of a file has no meaning.
pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(MARK).unwrap_or(bytes)
}

/// The first word of a directive's value.
fn find(bytes: &[u8], comment: &'static str, wanted: &str) -> Option<String> {
    let mut reader = Reader::new(comment);
    let lines = bytes.split(|byte| *byte == b'\n').map_while(|line| std::str::from_utf8(line).ok());
    let directives = lines.map_while(|line| reader.line(line.trim_end_matches('\r')).ok().flatten());
    let value = directives.into_iter().find(|(name, _)| *name == wanted)?.1;
    value.split(' ').next().map(str::to_owned)
}

fn json(bytes: &[u8]) -> Option<String> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(bytes).ok()?;
    object.get("syntax")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(file: &str, syntax: Option<&str>, check: Option<&str>) {
        let found = of(file.as_bytes(), '\\');
        assert_eq!((found.syntax.as_deref(), found.check.as_deref()), (syntax, check), "{file}");
    }

    #[test]
    fn directives_stand_at_the_top() {
        check(
            "# syntax = a/b:1 // more\n#CHECK=skip=all;error=true\nFROM x",
            Some("a/b:1"),
            Some("skip=all;error=true"),
        );
        check("\u{feff}#!/bin/x\n# syntax=a\r\n", Some("a"), None);
        check("# key=x\n# syntax=a\n", None, None);
        check("\n# syntax=a\n", None, None);
        check("# escape=`\n# check=skip=X\nFROM x", None, Some("skip=X"));
    }

    #[test]
    fn other_languages_are_named_otherwise() {
        check("//syntax=a\n//check=skip=all", Some("a"), None);
        check(r#"{"syntax": "a", "b": [1]}"#, Some("a"), None);
        check("{\"syntax\": \"a\"}\n# syntax=b", None, None);
        check("#!/x\n{\"syntax\": \"a\"}", Some("a"), None);
    }
}
