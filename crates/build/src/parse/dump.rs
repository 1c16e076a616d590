//! A tree as BuildKit's parser prints its own, so that its test data can judge ours.

use std::fmt::Write as _;

use crate::instruction::PairForm;
use crate::parse::node::{Arguments, Node};
use crate::parse::tree::Tree;

impl Tree {
    /// One `(name "argument" ...)` for each line.
    #[must_use]
    pub fn dump(&self) -> String {
        let lines = self.nodes.iter().map(|node| format!("({})\n", dump(node)));
        lines.collect()
    }
}

fn dump(node: &Node) -> String {
    let mut text = node.name.to_lowercase();
    if !node.flags.is_empty() {
        let flags: Vec<String> = node.flags.iter().map(|flag| quote(flag)).collect();
        let _ = write!(text, " [{}]", flags.join(" "));
    }
    push_all(&node.arguments, &mut text);
    text
}

fn push_all(arguments: &Arguments, text: &mut String) {
    let mut push = |word: &str| {
        text.push(' ');
        text.push_str(&quote(word));
    };
    match arguments {
        Arguments::Unread => push(""),
        Arguments::Json(words) | Arguments::Words(words) => words.iter().for_each(|word| push(word)),
        Arguments::Pairs(pairs) => pairs.iter().for_each(|pair| {
            push(&pair.name);
            push(&pair.value);
            push(if pair.form == PairForm::Sign { "=" } else { "" });
        }),
        Arguments::Check(kind, rest) => {
            push(kind);
            push_all(rest, text);
        }
        Arguments::Trigger(node) => {
            let _ = write!(text, " ({})", dump(node));
        }
    }
}

/// As Go's `strconv.Quote`.
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        let escaped = match character {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\u{7}' => "\\a",
            '\u{8}' => "\\b",
            '\u{c}' => "\\f",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\u{b}' => "\\v",
            _ if character.is_ascii_control() => {
                let _ = write!(quoted, "\\x{:02x}", u32::from(character));
                continue;
            }
            _ if character.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(character));
                continue;
            }
            _ => {
                quoted.push(character);
                continue;
            }
        };
        quoted.push_str(escaped);
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    fn check(file: &str, expected: &str) {
        assert_eq!(Tree::read(file.as_bytes(), &Limits::default()).unwrap().dump(), expected);
    }

    #[test]
    fn every_kind_of_argument_is_printed() {
        check(
            "ENV a=b c='d e'\nENV x y z",
            "(env \"a\" \"b\" \"=\" \"c\" \"'d e'\" \"=\")\n(env \"x\" \"y z\" \"\")\n",
        );
        check("ONBUILD RUN [\"a\"]", "(onbuild (run \"a\"))\n");
        check(
            "HEALTHCHECK --interval=5s CMD [\"a\", \"b\"]",
            "(healthcheck [\"--interval=5s\"] \"CMD\" \"a\" \"b\")\n",
        );
        check("What is this", "(what \"\")\n");
    }

    #[test]
    fn quotes_are_go_s() {
        assert_eq!(quote("a\t\u{1}\u{85}\"\\é"), "\"a\\t\\x01\\u0085\\\"\\\\é\"");
    }
}
