//! Paths in the container, held so that the child can open them without joining strings.

use std::ffi::{CStr, CString};

use crate::error::LaunchError;

/// Longest path taken (PATH_MAX).
const MAX_PATH: usize = 4096;

/// An absolute path in the container, as the components below its root.
#[derive(Debug)]
pub(crate) struct InRoot {
    /// Relative to the root, without a leading slash; `.` for the root itself.
    whole: CString,
    /// Each ancestor and the path itself, shortest first: `a`, `a/b`, `a/b/c`.
    prefixes: Vec<CString>,
}

impl InRoot {
    /// Parses an absolute path; `.` components and doubled slashes are dropped, `..` is refused.
    pub(crate) fn parse(path: &str) -> Result<Self, LaunchError> {
        let refuse = |why| LaunchError::Spec { what: "path", value: path.chars().take(200).collect(), why };
        let Some(relative) = path.strip_prefix('/') else { return Err(refuse("it must be absolute")) };
        if path.len() > MAX_PATH {
            return Err(refuse("it is longer than 4096 bytes"));
        }
        let components: Vec<&str> = relative.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        if components.contains(&"..") {
            return Err(refuse("it must not contain `..`"));
        }
        let mut prefixes = Vec::with_capacity(components.len());
        let mut prefix = String::with_capacity(path.len());
        for component in &components {
            if !prefix.is_empty() {
                prefix.push('/');
            }
            prefix.push_str(component);
            prefixes.push(cstring("path", &prefix)?);
        }
        let whole = prefixes.last().cloned().unwrap_or_else(|| c".".to_owned());
        Ok(Self { whole, prefixes })
    }

    /// Parses a path as runtimes read those of a bundle: relative ones start at the root, and `..` takes a
    /// component back and never leaves the root.
    pub(crate) fn cleaned(path: &str) -> Result<Self, LaunchError> {
        let mut kept = Vec::new();
        for component in path.split('/') {
            match component {
                ".." => drop(kept.pop()),
                other => kept.push(other),
            }
        }
        Self::parse(&format!("/{}", kept.join("/")))
    }

    /// Relative to the root.
    pub(crate) fn relative(&self) -> &CStr {
        &self.whole
    }

    /// Whether it is the root itself.
    pub(crate) fn is_root(&self) -> bool {
        self.prefixes.is_empty()
    }

    /// Each directory on the way and the path itself, shortest first.
    pub(crate) fn prefixes(&self) -> &[CString] {
        &self.prefixes
    }

    /// The path below `directory` (`proc`, `sys`), if it lies there.
    pub(crate) fn below<'a>(&'a self, directory: &str) -> Option<&'a CStr> {
        let bytes = self.whole.to_bytes_with_nul();
        let rest = bytes.strip_prefix(directory.as_bytes())?.strip_prefix(b"/")?;
        CStr::from_bytes_with_nul(rest).ok()
    }

    /// Whether it is, or lies below, a place that only we may arrange.
    pub(crate) fn is_system(&self) -> bool {
        let first = self.whole.to_bytes().split(|byte| *byte == b'/').next().unwrap_or_default();
        matches!(first, b"proc" | b"sys" | b"dev")
    }

    /// As people write it.
    pub(crate) fn display(&self) -> String {
        match self.whole.to_str() {
            Ok(".") => "/".to_owned(),
            Ok(path) => format!("/{path}"),
            Err(_) => format!("/{}", self.whole.to_string_lossy()),
        }
    }
}

/// The last component of a relative path.
pub(crate) fn last_component(path: &CStr) -> &CStr {
    let bytes = path.to_bytes_with_nul();
    let start = bytes.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    bytes.get(start..).and_then(|rest| CStr::from_bytes_with_nul(rest).ok()).unwrap_or(path)
}

pub(crate) fn cstring(what: &'static str, text: &str) -> Result<CString, LaunchError> {
    CString::new(text).map_err(|_| LaunchError::Spec {
        what,
        value: text.replace('\0', "\\0"),
        why: "it contains a zero byte",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(path: &str) -> InRoot {
        InRoot::parse(path).unwrap()
    }

    #[test]
    fn paths_are_normalised_and_may_not_climb() {
        assert_eq!(parse("//a/./b//c").display(), "/a/b/c");
        assert_eq!(parse("/").relative(), c".");
        assert_eq!(parse("/a/b").prefixes(), [c"a".to_owned(), c"a/b".to_owned()]);
        for path in ["a", "", "/a/../b", "/a\0b", &format!("/{}", "x".repeat(5000))] {
            assert!(InRoot::parse(path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_bundle_s_paths_start_at_the_root_and_end_in_it() {
        let cleaned = |path| InRoot::cleaned(path).unwrap().display();
        assert_eq!(cleaned("tmp/x"), "/tmp/x");
        assert_eq!(cleaned("/a/../../b/./c/.."), "/b");
        assert_eq!(cleaned(""), "/");
    }

    #[test]
    fn a_path_knows_what_it_lies_below() {
        assert_eq!(parse("/proc/kcore").below("proc"), Some(c"kcore"));
        assert_eq!(parse("/process/x").below("proc"), None);
        assert_eq!(parse("/proc").below("proc"), None);
        assert_eq!(last_component(c"a/b/c"), c"c");
        assert_eq!(last_component(c"a"), c"a");
    }

    proptest! {
        #[test]
        fn no_text_makes_a_path_that_leaves_the_root(text in ".{0,80}") {
            for path in [InRoot::parse(&text), InRoot::cleaned(&text)].into_iter().flatten() {
                let whole = path.relative().to_str().unwrap();
                prop_assert!(!whole.starts_with('/') && whole.split('/').all(|part| part != ".."));
            }
        }
    }
}
