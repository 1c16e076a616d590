//! What to sync: one repository, or a file that lists several.
//!
//! ```toml
//! [[repository]]
//! from = "docker.io/library/nginx"
//! to = "registry.example/mirror/nginx"
//! tags = ["1.*", "stable"]
//! ```

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use serde::Deserialize;

use super::{Result, ShipError};

/// Bytes of a file; a line for each of ten thousand repositories.
const MAX_FILE: u64 = 1 << 20;

/// One repository, and where its tags go.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// The repository.
    pub from: String,
    /// A repository, or `oci:DIR`.
    pub to: String,
    /// Patterns of tags; all of them where there are none.
    #[serde(default)]
    pub tags: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default)]
    repository: Vec<Job>,
}

impl Job {
    /// Every repository that a file lists.
    ///
    /// # Errors
    /// A file that cannot be read or understood.
    pub fn list(path: &Path) -> Result<Vec<Self>> {
        let unread = |cause: io::Error| ShipError::ListRead { path: path.to_owned(), cause };
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(MAX_FILE + 1).read_to_string(&mut text))
            .map_err(unread)?;
        let unclear = |why: String| ShipError::List { path: path.to_owned(), why };
        if text.len() as u64 > MAX_FILE {
            return Err(unclear(format!("it has more than {MAX_FILE} bytes")).into());
        }
        let jobs = parse(&text).map_err(unclear)?;
        if jobs.is_empty() {
            return Err(unclear("it lists no [[repository]]".to_owned()).into());
        }
        Ok(jobs)
    }

    /// Whether a tag is meant.
    pub(super) fn means(&self, tag: &str) -> bool {
        self.tags.is_empty() || self.tags.iter().any(|pattern| super::glob::fits(pattern, tag))
    }
}

fn parse(text: &str) -> std::result::Result<Vec<Job>, String> {
    toml::from_str::<List>(text).map(|list| list.repository).map_err(|error| {
        let line = error.span().map(|span| text.bytes().take(span.start).filter(|b| *b == b'\n').count() + 1);
        let line = line.map_or_else(String::new, |line| format!("line {line}: "));
        format!("{line}{}", error.message())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_list_names_repositories_and_patterns() {
        let text = "[[repository]]\nfrom = \"nginx\"\nto = \"oci:mirror\"\ntags = [\"1.*\"]\n";
        let jobs = parse(text).unwrap();
        assert_eq!(jobs.len(), 1);
        assert!(jobs[0].means("1.27") && !jobs[0].means("latest"));
        let error = parse("[[repository]]\nfrom = \"a\"\nto = \"b\"\ntag = []\n").unwrap_err();
        assert!(error.starts_with("line 4: ") && error.contains("tag"), "{error}");
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in any::<String>()) {
            let _any = parse(&text);
        }
    }
}
