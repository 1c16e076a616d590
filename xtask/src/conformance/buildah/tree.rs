//! Two trees, compared entry by entry. Times are nobody's promise: only what a file is counts.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::shell::Outcome;

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Node {
    kind: &'static str,
    mode: u32,
    owner: (u32, u32),
    /// Of a link.
    target: Option<PathBuf>,
    /// Of a file.
    size: Option<u64>,
}

/// Every difference, a line each.
pub(super) fn compare(ours: &Path, theirs: &Path, may_differ: &[String]) -> Outcome<Vec<String>> {
    let (left, right) = (nodes(ours)?, nodes(theirs)?);
    let mut differences = Vec::new();
    let mut paths: Vec<&PathBuf> = left.keys().chain(right.keys()).collect();
    paths.sort();
    paths.dedup();
    for path in paths.into_iter().filter(|path| !is_excused(path, may_differ)) {
        match (left.get(path), right.get(path)) {
            (Some(left), Some(right)) if left != right => {
                differences.push(format!("{}: ours {left:?}, theirs {right:?}", path.display()));
            }
            (Some(node), Some(_)) if node.kind == "file" && !same(&ours.join(path), &theirs.join(path))? => {
                differences.push(format!("{}: other bytes", path.display()));
            }
            (Some(_), Some(_)) => {}
            (Some(_), None) => differences.push(format!("{}: only ours has it", path.display())),
            (None, _) => differences.push(format!("{}: only theirs has it", path.display())),
        }
    }
    Ok(differences)
}

fn is_excused(path: &Path, may_differ: &[String]) -> bool {
    let path = path.to_string_lossy();
    may_differ.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(beginning) => path.starts_with(beginning),
        None => path == pattern.as_str(),
    })
}

fn nodes(root: &Path) -> Outcome<BTreeMap<PathBuf, Node>> {
    let mut nodes = BTreeMap::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(directory) = waiting.pop() {
        let place = root.join(&directory);
        let failed = |error: std::io::Error| format!("{}: {error}", place.display());
        for entry in fs::read_dir(&place).map_err(failed)? {
            let name: OsString = entry.map_err(failed)?.file_name();
            let path = directory.join(name);
            let node = node(&root.join(&path))?;
            if node.kind == "directory" {
                waiting.push(path.clone());
            }
            nodes.insert(path, node);
        }
    }
    Ok(nodes)
}

fn node(path: &Path) -> Outcome<Node> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let meta = fs::symlink_metadata(path).map_err(failed)?;
    let kind = match meta.file_type() {
        kind if kind.is_dir() => "directory",
        kind if kind.is_file() => "file",
        kind if kind.is_symlink() => "link",
        _ => "other",
    };
    let target = (kind == "link").then(|| fs::read_link(path).map_err(failed)).transpose()?;
    let size = (kind == "file").then_some(meta.size());
    Ok(Node { kind, mode: meta.mode() & 0o7777, owner: (meta.uid(), meta.gid()), target, size })
}

fn same(left: &Path, right: &Path) -> Outcome<bool> {
    let read = |path: &Path| fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    Ok(read(left)? == read(right)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_named_and_what_may_differ_is_not() {
        let scratch = tempfile::tempdir().unwrap();
        let (left, right) = (scratch.path().join("left"), scratch.path().join("right"));
        for root in [&left, &right] {
            fs::create_dir_all(root.join("a/b")).unwrap();
            fs::write(root.join("a/same"), "1").unwrap();
        }
        fs::write(left.join("a/bytes"), "1").unwrap();
        fs::write(right.join("a/bytes"), "2").unwrap();
        fs::write(left.join("a/b/ours"), "").unwrap();
        fs::write(right.join("log"), "").unwrap();
        let found = compare(&left, &right, &["lo*".to_owned()]).unwrap();
        assert_eq!(found, ["a/b/ours: only ours has it", "a/bytes: other bytes"]);
    }
}
