//! YAML, read into the values of JSON: every scalar is a string as it is written, because `2.10` is a version and
//! no number, and an empty one is null. References (`*name`) are refused, which leaves nothing to explode.

use granit_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

/// Most collections within each other.
const MAX_DEPTH: usize = 64;

/// A collection that is being read.
enum Open {
    List(Vec<Value>),
    Map(Map<String, Value>, Option<String>),
}

/// The first document of `text`.
///
/// # Errors
/// What is wrong with it, for people.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    let mut stack = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|error| error.to_string())?;
        let done = match event {
            Event::Scalar(text, style, ..) => Some(scalar(&text, style)),
            Event::SequenceStart(..) => open(&mut stack, Open::List(Vec::new()))?,
            Event::MappingStart(..) => open(&mut stack, Open::Map(Map::new(), None))?,
            Event::SequenceEnd | Event::MappingEnd => stack.pop().map(closed),
            Event::Alias(_) => {
                return Err("it refers to another part of itself, which is not read".to_owned());
            }
            _ => None,
        };
        let Some(value) = done else { continue };
        match stack.last_mut() {
            None => return Ok(value),
            Some(parent) => add(parent, value)?,
        }
    }
    Err("it is empty".to_owned())
}

fn open(stack: &mut Vec<Open>, opened: Open) -> Result<Option<Value>, String> {
    if stack.len() >= MAX_DEPTH {
        return Err(format!("more than {MAX_DEPTH} collections are within each other"));
    }
    stack.push(opened);
    Ok(None)
}

fn closed(collection: Open) -> Value {
    match collection {
        Open::List(items) => Value::Array(items),
        Open::Map(map, _) => Value::Object(map),
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" if style == ScalarStyle::Plain => Value::Null,
        text => Value::String(text.to_owned()),
    }
}

fn add(parent: &mut Open, value: Value) -> Result<(), String> {
    match parent {
        Open::List(items) => items.push(value),
        Open::Map(map, key) => match (key.take(), value) {
            (Some(key), value) => {
                map.insert(key, value);
            }
            (None, Value::String(text)) => *key = Some(text),
            (None, Value::Null) => *key = Some(String::new()),
            (None, _) => return Err("a key is a collection".to_owned()),
        },
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scalars_are_kept_as_they_are_written() {
        let text = "a: 2.10\nb: [~, '', \"x\\ty\", null]\nc:\n- d: |\n    two\n    lines\n  0: yes\n";
        let expected = json!({
            "a": "2.10",
            "b": [null, "", "x\ty", null],
            "c": [{ "d": "two\nlines\n", "0": "yes" }],
        });
        assert_eq!(parse(text), Ok(expected));
    }

    #[test]
    fn references_and_depth_are_refused() {
        assert!(parse("a: &x [1]\nb: [*x, *x]\n").unwrap_err().contains("refers to another part"));
        let deep = |depth| parse(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        assert!(deep(64).is_ok());
        assert!(deep(65).unwrap_err().contains("within each other"));
        assert!(parse("").is_err());
    }
}
