//! Entry paths, judged before anything is opened.

use crate::error::{Result, StoreError};
use crate::limits::Limits;

/// A path relative to the layer's root: no empty, `.` or `..` component, no NUL. Empty is the root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EntryPath(Vec<u8>);

impl EntryPath {
    /// Judges a path as written in an archive. A leading slash means the layer's root, as some builders write it.
    ///
    /// # Errors
    /// [`StoreError::Path`] and [`StoreError::Limit`], naming the entry.
    pub(crate) fn parse(written: &[u8], limits: &Limits) -> Result<Self> {
        let refuse = |why| StoreError::Path { entry: printable(written), why };
        let limit = |limit, allowed| StoreError::Limit { what: printable(written), limit, allowed };
        if written.is_empty() {
            return Err(refuse("has an empty path"));
        }
        if written.contains(&0) {
            return Err(refuse("has a NUL in its path"));
        }
        if written.len() > limits.path {
            return Err(limit("bytes in a path", limits.path as u64));
        }
        let mut path = Vec::with_capacity(written.len());
        let mut depth = 0;
        for component in written.split(|byte| *byte == b'/') {
            match component {
                b"" | b"." => continue,
                b".." => return Err(refuse("leads upwards")),
                _ if component.len() > limits.component => {
                    return Err(limit("bytes in a file name", limits.component as u64));
                }
                _ => depth += 1,
            }
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(component);
        }
        if depth > limits.depth {
            return Err(limit("directories deep", limits.depth as u64));
        }
        Ok(Self(path))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Parent and name; `None` for the root.
    pub(crate) fn split(&self) -> Option<(&[u8], &[u8])> {
        split(&self.0)
    }
}

/// Parent and name of a relative path; `None` for the empty one.
pub(crate) fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    if path.is_empty() {
        return None;
    }
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => Some((path.get(..slash)?, path.get(slash + 1..)?)),
        None => Some((b"", path)),
    }
}

/// The listing's form of a relative path: absolute and UTF-8.
pub(crate) fn absolute(path: &[u8]) -> String {
    format!("/{}", String::from_utf8_lossy(path))
}

/// A path as an error shows it: nothing that a terminal would act on, and not too long.
pub(crate) fn printable(path: &[u8]) -> String {
    let mut text: String =
        path.iter().take(200).copied().flat_map(std::ascii::escape_default).map(char::from).collect();
    if path.len() > 200 {
        text.push_str("...");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<EntryPath> {
        EntryPath::parse(text.as_bytes(), &Limits::default())
    }

    #[test]
    fn paths_are_relative_to_the_root_however_they_are_written() {
        for written in ["usr/bin/ls", "./usr/bin/ls", "/usr//bin/./ls", "usr/bin/ls/"] {
            assert_eq!(parse(written).unwrap().as_bytes(), b"usr/bin/ls", "{written}");
        }
        for root in [".", "./", "/"] {
            assert_eq!(parse(root).unwrap().split(), None, "{root}");
        }
    }

    #[test]
    fn paths_that_lead_upwards_are_refused_wherever_they_do() {
        for written in ["..", "../etc", "a/../../etc", "a/..", "/..", "a/b/../c"] {
            assert_eq!(parse(written).unwrap_err().code(), "E-store-path", "{written}");
        }
        assert_eq!(parse("").unwrap_err().to_string(), "`` has an empty path");
        assert_eq!(parse("a\0b").unwrap_err().code(), "E-store-path");
    }

    #[test]
    fn long_and_deep_paths_pass_their_limits() {
        for written in ["a/".repeat(2049), "a".repeat(256), "a/".repeat(257)] {
            assert_eq!(parse(&written).unwrap_err().code(), "E-store-limit", "{}", written.len());
        }
        assert!(parse(&format!("{}x", "a/".repeat(255))).is_ok());
    }
}
