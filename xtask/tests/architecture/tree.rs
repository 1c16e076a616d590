//! The files of the checkout, as text.

use std::path::{Path, PathBuf};

/// Made by building or by git, or huge: not ours to judge.
const SKIPPED: [&str; 4] = ["target", ".git", "corpus", "artifacts"];

/// A text file of the checkout.
pub(crate) struct File {
    /// From the top of the checkout, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    /// What is compiled into the product: nothing of a `tests` directory or file, and nothing after
    /// the line that opens the unit tests, which stand last.
    pub(crate) fn product(&self) -> &str {
        let test = self.path.split('/').any(|part| {
            part == "tests" || part == "examples" || part == "tests.rs" || part.ends_with("_tests.rs")
        });
        if test {
            return "";
        }
        self.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Lines with their numbers, for messages.
    pub(crate) fn places<'a>(
        &'a self,
        what: impl Fn(&str) -> bool + 'a,
    ) -> impl Iterator<Item = String> + 'a {
        let lines = self.text.lines().zip(1..).filter(move |(line, _)| what(line));
        lines.map(|(line, number)| format!("{}:{number}: {}", self.path, line.trim()))
    }
}

/// The top of the checkout.
pub(crate) fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Every text file, in no order.
pub(crate) fn files() -> Vec<File> {
    let mut paths = Vec::new();
    walk(top(), &mut paths);
    paths.into_iter().filter_map(read).collect()
}

/// One file that must exist.
pub(crate) fn file(path: &str) -> File {
    read(top().join(path)).unwrap_or_else(|| panic!("{path} is missing"))
}

fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() && !SKIPPED.iter().any(|name| entry.file_name() == *name) {
            walk(&entry.path(), found);
        }
        if kind.is_file() {
            found.push(entry.path());
        }
    }
}

/// `None` for what is no text.
fn read(path: PathBuf) -> Option<File> {
    let text = std::fs::read_to_string(&path).ok()?;
    let path = path.strip_prefix(top()).unwrap().to_str()?.to_owned();
    Some(File { path, text })
}

/// Fails with every offender on a line.
pub(crate) fn none(offenders: impl IntoIterator<Item = String>, rule: &str) {
    let offenders: Vec<String> = offenders.into_iter().collect();
    assert!(offenders.is_empty(), "{rule}:\n  {}", offenders.join("\n  "));
}
