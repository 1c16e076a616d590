//! Every command that a message, a comment or a paper names in backquotes exists.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Commands of two words.
const GROUPS: [&str; 4] = ["image", "ledger", "system", "volume"];

#[test]
fn every_command_that_is_named_exists() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    sources(crates, &mut files);
    let named: BTreeSet<String> =
        files.iter().flat_map(|file| commands(&std::fs::read_to_string(file).unwrap())).collect();
    assert!(named.contains("image ls") && named.contains("rm"), "the sources were not found: {named:?}");
    let unknown: Vec<&String> = named.iter().filter(|name| !exists(name)).collect();
    assert!(unknown.is_empty(), "named, but there is no such command: {unknown:?}");
}

fn exists(name: &str) -> bool {
    let mut help = Command::new(env!("CARGO_BIN_EXE_coffer"));
    help.arg("help").args(name.split(' ')).output().unwrap().status.success()
}

/// What follows "`coffer ": one word, or two where the first is a group.
fn commands(source: &str) -> Vec<String> {
    let after = source.split("`coffer ").skip(1);
    let words = after.map(|rest| {
        let line = rest.split(['`', '\n', '"']).next().unwrap_or_default();
        let plain = |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
        line.split(' ').take_while(plain).collect::<Vec<_>>()
    });
    words.filter_map(|words| command(&words)).collect()
}

fn command(words: &[&str]) -> Option<String> {
    match words {
        [group, name, ..] if GROUPS.contains(group) => Some(format!("{group} {name}")),
        [name, ..] => Some((*name).to_owned()),
        [] => None,
    }
}

fn sources(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !path.ends_with("remedies.rs")
        {
            files.push(path);
        }
    }
}
