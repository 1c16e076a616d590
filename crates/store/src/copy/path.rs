//! Paths as people type them for a copy, where a slash at the end means something.

/// A path, and what its end says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedPath {
    bytes: Vec<u8>,
}

impl TypedPath {
    /// Takes it as it is; nothing can be wrong with it before somebody looks.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_owned() }
    }

    /// As typed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The last component; `None` where only the content is meant: `dir/.`, `/`, `..`.
    #[must_use]
    pub fn name(&self) -> Option<&[u8]> {
        let name = self.trimmed().rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        (!matches!(name, b"" | b"." | b"..")).then_some(name)
    }

    /// Whether it can only be a directory: it ends in `/` or `/.`.
    #[must_use]
    pub fn is_directory(&self) -> bool {
        self.name().is_none() || self.bytes.ends_with(b"/")
    }

    /// Without slashes at the end, unless it is nothing else.
    pub(super) fn trimmed(&self) -> &[u8] {
        trim(&self.bytes)
    }
}

/// Without slashes at the end, unless it is nothing else.
fn trim(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|byte| *byte != b'/').map_or(1, |last| last + 1);
    path.get(..end).unwrap_or(path)
}

/// The directory that a path lies in, and its name there.
pub(super) fn parent(path: &[u8]) -> (&[u8], &[u8]) {
    let path = trim(path);
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(0) => (b"/", path.get(1..).unwrap_or_default()),
        Some(slash) => (path.get(..slash).unwrap_or_default(), path.get(slash + 1..).unwrap_or_default()),
        None => (b".", path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_path_says_what_is_meant() {
        let of = |text: &str| {
            let path = TypedPath::new(text.as_bytes());
            (path.name().map(|name| String::from_utf8_lossy(name).into_owned()), path.is_directory())
        };
        assert_eq!(of("/a/b"), (Some("b".into()), false));
        assert_eq!(of("a"), (Some("a".into()), false));
        assert_eq!(of("/a/b/"), (Some("b".into()), true));
        for content in ["/a/.", ".", "/", "//", "..", "a/..", ""] {
            assert_eq!(of(content), (None, true), "{content}");
        }
    }

    #[test]
    fn a_parent_is_a_path_of_its_own() {
        assert_eq!(parent(b"/a"), (b"/".as_slice(), b"a".as_slice()));
        assert_eq!(parent(b"a/b//"), (b"a".as_slice(), b"b".as_slice()));
        assert_eq!(parent(b"a"), (b".".as_slice(), b"a".as_slice()));
        assert_eq!(parent(b"/"), (b"/".as_slice(), b"".as_slice()));
    }
}
