//! `CONTAINER:PATH`, a path of this host, or `-`: either end of a copy.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use clap::builder::{OsStringValueParser, TypedValueParser};
use engine::files::copy::TypedPath;

use super::ValueError;

/// One end of a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// A path in a container.
    Container(String, TypedPath),
    /// A path of this host.
    Host(TypedPath),
    /// A tar archive on a standard stream.
    Stream,
}

/// Paths need not be text.
pub(crate) fn parser() -> impl TypedValueParser<Value = End> {
    OsStringValueParser::new().try_map(|text: OsString| parse(&text))
}

/// As Docker reads it: what begins with `/` or `.` is always a path of this host.
fn parse(text: &OsStr) -> Result<End, ValueError> {
    let bytes = text.as_bytes();
    let host = || Ok(End::Host(TypedPath::new(bytes)));
    if bytes == b"-" {
        return Ok(End::Stream);
    }
    let Some(colon) = bytes.iter().position(|byte| *byte == b':') else {
        return if bytes.is_empty() { Err(empty("the path is empty")) } else { host() };
    };
    let (container, path) =
        (bytes.get(..colon).unwrap_or_default(), bytes.get(colon + 1..).unwrap_or_default());
    match std::str::from_utf8(container) {
        _ if container.is_empty() || matches!(bytes.first(), Some(b'/' | b'.')) => host(),
        Ok(_) if path.is_empty() => Err(empty("it names nothing in the container")),
        Ok(container) => Ok(End::Container(container.to_owned(), TypedPath::new(path))),
        Err(_) => host(),
    }
}

fn empty(wrong: &str) -> ValueError {
    ValueError::new(wrong, "CONTAINER:PATH such as web:/etc, or a path of this host")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Result<End, ValueError> {
        parse(OsStr::new(text))
    }

    #[test]
    fn what_begins_like_a_path_is_one() {
        let host = |text: &str| Ok(End::Host(TypedPath::new(text.as_bytes())));
        let inside =
            |name: &str, path: &str| Ok(End::Container(name.into(), TypedPath::new(path.as_bytes())));
        assert_eq!(of("web:/etc"), inside("web", "/etc"));
        assert_eq!(of("web:a:b"), inside("web", "a:b"));
        assert_eq!(of("-"), Ok(End::Stream));
        for path in ["./web:/etc", "/a:b", "../a:b", "notes", ":x"] {
            assert_eq!(of(path), host(path), "{path}");
        }
        assert!(of("web:").is_err() && of("").is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_end_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..20)) {
            let _either = parse(OsStr::from_bytes(&bytes));
        }
    }
}
