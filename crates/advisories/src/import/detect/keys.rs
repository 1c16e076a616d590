//! The names of fields at the beginning of a document, which may be cut off anywhere.

/// Most names that are collected.
const MAX_KEYS: usize = 256;

/// The names of fields in JSON, each with how many collections it is in, down to `deepest`. A field is known by
/// what follows its name.
pub(super) fn json_keys(text: &str, deepest: usize) -> Vec<(usize, String)> {
    let mut keys = Vec::new();
    let mut depth = 0_usize;
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}', '[', ']', '"']) {
        let Some((sign, after)) = rest.get(at..).and_then(|rest| rest.split_at_checked(1)) else { break };
        rest = after;
        match sign {
            "{" | "[" => depth += 1,
            "}" | "]" => depth = depth.saturating_sub(1),
            _ => {
                let Some((string, after)) = string(rest) else { break };
                rest = after;
                if depth <= deepest && rest.trim_start().starts_with(':') && keys.len() < MAX_KEYS {
                    keys.push((depth, string.to_owned()));
                }
            }
        }
    }
    keys
}

/// The rest of a string whose first quote is gone, and what follows it.
fn string(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '"' if !escaped => return Some((text.get(..at)?, text.get(at + 1..)?)),
            _ => escaped = letter == '\\' && !escaped,
        }
    }
    None
}

/// The names of fields of a mapping in YAML that is written in lines.
pub(super) fn yaml_keys(text: &str) -> Vec<&str> {
    let keys = text.lines().filter_map(|line| line.split_once(':')).map(|(key, _)| key);
    keys.filter(|key| !key.is_empty() && !key.contains([' ', '\t', '#', '-', '"', '{']))
        .take(MAX_KEYS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_and_their_values_are_not() {
        let text = r#"{"a": "b:", "c": {"d\"": [1, {"e": 2}]}, "f": "cut off"#;
        let found = json_keys(text, 2);
        assert_eq!(found, [(1, "a".into()), (1, "c".into()), (2, "d\\\"".into()), (1, "f".into())]);
    }
}
