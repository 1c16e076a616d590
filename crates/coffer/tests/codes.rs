//! Every code that a message can end with has a page of help, and every page has a message.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Code literals in the sources of all crates, tests within them included: `"E-store-digest"`.
fn in_sources() -> BTreeSet<String> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for entry in std::fs::read_dir(crates).unwrap() {
        rust_files(&entry.unwrap().path().join("src"), &mut files);
    }
    files
        .iter()
        .filter(|file| !is_table(file))
        .flat_map(|file| codes(&std::fs::read_to_string(file).unwrap()))
        .collect()
}

fn is_table(file: &Path) -> bool {
    file.parent().is_some_and(|directory| directory.ends_with("help/codes"))
}

fn rust_files(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn codes(source: &str) -> Vec<String> {
    let literals = source.split("\"E-").skip(1).filter_map(|rest| rest.split('"').next());
    let name = |text: &&str| {
        !text.is_empty() && !text.ends_with('-') && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
    };
    literals.filter(name).map(|text| format!("E-{text}")).collect()
}

#[test]
fn codes_in_sources_and_pages_of_help_are_the_same() {
    let output = Command::new(env!("CARGO_BIN_EXE_coffer")).args(["help", "codes"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut pages = BTreeSet::new();
    for page in text.lines().filter_map(|line| line.split_whitespace().next()) {
        assert!(pages.insert(page.to_owned()), "{page} has two pages of help");
    }
    let sources = in_sources();
    assert!(sources.len() > 20, "the sources were not found: {sources:?}");
    let without_page: Vec<_> = sources.difference(&pages).collect();
    let without_message: Vec<_> = pages.difference(&sources).collect();
    assert!(without_page.is_empty(), "no page of help for {without_page:?}");
    assert!(without_message.is_empty(), "no message ends with {without_message:?}");
}
