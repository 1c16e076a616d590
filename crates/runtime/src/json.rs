//! JSON of other people: read with a limit, and with the habits of the programs that write it.

use std::io::Read as _;
use std::os::fd::OwnedFd;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::Failure;

/// Largest file that is read, in bytes; a specification with the largest profiles has a tenth of it.
const LARGEST: u64 = 4 << 20;

/// Reads `file` whole.
pub(crate) fn read(what: &'static str, path: &str, file: OwnedFd) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let refuse = |why: String| Failure::File { what, path: path.to_owned(), why };
    std::fs::File::from(file)
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| refuse(format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > LARGEST {
        return Err(refuse("is larger than 4 MiB".to_owned()));
    }
    Ok(bytes)
}

/// Parses it. Go writes `null` for what is empty, and reads it so.
pub(crate) fn parse<T: DeserializeOwned>(what: &'static str, path: &str, bytes: &[u8]) -> Result<T, Failure> {
    let first = match serde_json::from_slice(bytes) {
        Ok(parsed) => return Ok(parsed),
        Err(error) => error,
    };
    // Through text once more: a second kind of reader for every type would double the program.
    let without_nulls = || serde_json::to_vec(&without_nulls(serde_json::from_slice(bytes).ok()?)).ok();
    let again = without_nulls().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    again.ok_or_else(|| Failure::File {
        what,
        path: path.to_owned(),
        why: format!("makes no sense: {first}"),
    })
}

/// One line, for programs.
pub(crate) fn line(value: &impl Serialize) -> String {
    // Text, numbers and lists of them: there is nothing in our answers that has no JSON.
    format!("{}\n", serde_json::to_string(value).unwrap_or_default())
}

/// For people.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    format!("{}\n", serde_json::to_string_pretty(value).unwrap_or_default())
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key, without_nulls(value)))
                .collect(),
        ),
        Value::Array(values) => Value::Array(values.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::spec::Spec;

    #[test]
    fn null_is_nothing() {
        let text =
            br#"{"ociVersion":"1.0.2","process":{"args":["sh"],"env":null,"rlimits":null},"mounts":null}"#;
        let spec: Spec = parse("config", "x", text).unwrap();
        assert!(spec.process.env.is_empty() && spec.mounts.is_empty());
        assert!(parse::<Spec>("config", "x", b"[1,").is_err());
    }
}
