//! `-e NAME=value` and `--env-file`: Docker's format, with limits.

use std::io::Read as _;
use std::path::Path;

use super::ValueError;

/// A file larger than this is no list of variables; execve(2) would refuse it anyway.
const MOST_BYTES: u64 = 1 << 20;

/// One variable, as asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Variable {
    /// `NAME=value`, whole.
    Set(String),
    /// `NAME` alone: its value is ours, if we have one.
    Ours(String),
}

impl Variable {
    /// `NAME=value`, with `ours` asked for what is not given here; nothing where nobody knows it.
    pub(crate) fn resolve(self, ours: impl Fn(&str) -> Option<String>) -> Option<String> {
        match self {
            Self::Set(text) => Some(text),
            Self::Ours(name) => ours(&name).map(|value| format!("{name}={value}")),
        }
    }
}

/// `NAME=value` or `NAME`.
pub(crate) fn parse(text: &str) -> Result<Variable, ValueError> {
    let wrong = |wrong: &str| ValueError::new(wrong, "NAME=value, or NAME alone to pass ours on");
    let name = text.split_once('=').map_or(text, |(name, _)| name);
    if name.is_empty() {
        return Err(wrong("the variable has no name"));
    }
    if name.contains(char::is_whitespace) || text.contains('\0') {
        return Err(wrong("the name has a space in it"));
    }
    Ok(if name.len() == text.len() {
        Variable::Ours(text.to_owned())
    } else {
        Variable::Set(text.to_owned())
    })
}

/// Reads a file of variables.
pub(crate) fn read_file(path: &Path) -> Result<Vec<Variable>, ValueError> {
    let unreadable = |error: std::io::Error| {
        ValueError::new(format!("it cannot be read: {error}"), "a readable text file")
    };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    parse_file(&bytes)
}

/// One variable a line; blank lines and those that begin with `#` say nothing; quotes mean themselves.
pub(crate) fn parse_file(bytes: &[u8]) -> Result<Vec<Variable>, ValueError> {
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MOST_BYTES) {
        return Err(ValueError::new("it is larger than 1 MB", "one NAME=value a line"));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|_| ValueError::new("it is not text in UTF-8", "one NAME=value a line, in UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.lines().enumerate().filter_map(|(index, line)| parse_line(index + 1, line)).collect()
}

fn parse_line(number: usize, line: &str) -> Option<Result<Variable, ValueError>> {
    let line = line.trim_start();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let in_line = |error: ValueError| ValueError::new(format!("line {number}: {error}"), error.right);
    Some(parse(line).map_err(in_line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_alone_takes_our_value_or_vanishes() {
        let ours = |name: &str| (name == "HOME").then(|| "/root".to_owned());
        let resolve = |text: &str| parse(text).unwrap().resolve(ours);
        assert_eq!(resolve("A=b=c").as_deref(), Some("A=b=c"));
        assert_eq!(resolve("A=").as_deref(), Some("A="));
        assert_eq!(resolve("HOME").as_deref(), Some("HOME=/root"));
        assert_eq!(resolve("NOBODY"), None);
        for text in ["", "=b", "A B=c", "A=\0"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn files_are_read_as_docker_reads_them() {
        let file = "\u{feff}# remark\n\n  A=1\nB=\"quoted\" \nHOME\r\n";
        let expected = [
            Variable::Set("A=1".into()),
            Variable::Set("B=\"quoted\" ".into()),
            Variable::Ours("HOME".into()),
        ];
        assert_eq!(parse_file(file.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn a_bad_line_is_named() {
        assert_eq!(parse_file(b"A=1\nB C=2").unwrap_err().wrong, "line 2: the name has a space in it");
        assert!(parse_file(b"\xff").is_err());
        assert!(parse_file(&vec![b'#'; (1 << 20) + 1]).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_variables_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(variables) = parse_file(&bytes) {
                for variable in variables {
                    let text = variable.resolve(|_| Some(String::new())).unwrap();
                    prop_assert!(text.find('=').is_some_and(|at| at > 0));
                }
            }
        }
    }
}
