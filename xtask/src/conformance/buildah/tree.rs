//! Two trees, compared entry by entry. Times are nobody's promise: only what a file is counts.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{lgetxattr, llistxattr};
use rustix::io::Errno;

use crate::shell::Outcome;

/// Most bytes of an extended attribute, by the kernel's own limit.
const ATTRIBUTE: usize = 1 << 16;

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
    /// Of a device.
    device: Option<u64>,
    /// Extended attributes, which also hold a program's capabilities.
    attributes: BTreeMap<OsString, Vec<u8>>,
}

/// A tree by its paths.
type Nodes = BTreeMap<PathBuf, Node>;

/// Every difference, a line each.
pub(super) fn compare(
    ours: &Path,
    theirs: &Path,
    is_excused: impl Fn(&Path) -> bool,
) -> Outcome<Vec<String>> {
    let (left, right) = (nodes(ours)?, nodes(theirs)?);
    let mut differences = Vec::new();
    let paths: BTreeSet<&PathBuf> = left.keys().chain(right.keys()).collect();
    for path in paths.into_iter().filter(|path| !is_excused(path)) {
        let is_file = left.get(path).is_some_and(|node| node.kind == "file");
        if let Some(difference) = unlike(&left, &right, path) {
            differences.push(difference);
        } else if is_file && !same(&ours.join(path), &theirs.join(path))? {
            differences.push(format!("{}: other bytes", path.display()));
        }
    }
    Ok(differences)
}

/// How `path` differs, but for the bytes of a file.
fn unlike(left: &Nodes, right: &Nodes, path: &Path) -> Option<String> {
    let said = match (left.get(path), right.get(path)) {
        (Some(left), Some(right)) if left == right => return None,
        (Some(left), Some(right)) => format!("ours {left:?}, theirs {right:?}"),
        (Some(_), None) => "only ours has it".to_owned(),
        (None, _) => "only theirs has it".to_owned(),
    };
    Some(format!("{}: {said}", path.display()))
}

fn nodes(root: &Path) -> Outcome<Nodes> {
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
        kind if kind.is_fifo() => "pipe",
        kind if kind.is_socket() => "socket",
        kind if kind.is_block_device() => "block device",
        _ => "character device",
    };
    let target = (kind == "link").then(|| fs::read_link(path).map_err(failed)).transpose()?;
    Ok(Node {
        kind,
        mode: meta.mode() & 0o7777,
        owner: (meta.uid(), meta.gid()),
        target,
        size: (kind == "file").then_some(meta.size()),
        device: kind.ends_with("device").then_some(meta.rdev()),
        attributes: attributes(path)?,
    })
}

fn attributes(path: &Path) -> Outcome<BTreeMap<OsString, Vec<u8>>> {
    let failed = |error: Errno| format!("{}: {error}", path.display());
    let (mut names, mut value) = (vec![0; ATTRIBUTE], vec![0; ATTRIBUTE]);
    let length = match llistxattr(path, &mut names) {
        Err(Errno::OPNOTSUPP) => 0,
        length => length.map_err(failed)?,
    };
    names.truncate(length);
    let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty()).map(OsStr::from_bytes);
    names
        .map(|name| {
            let length = lgetxattr(path, name, &mut value).map_err(failed)?;
            Ok((name.to_owned(), value.iter().take(length).copied().collect()))
        })
        .collect()
}

fn same(left: &Path, right: &Path) -> Outcome<bool> {
    let read = |path: &Path| fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    Ok(read(left)? == read(right)?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    /// What is found if `left` and `right` are done to the same tree.
    fn found(left: impl Fn(&Path), right: impl Fn(&Path)) -> Vec<String> {
        let scratch = tempfile::tempdir().unwrap();
        let roots = ["left", "right"].map(|name| scratch.path().join(name));
        for root in &roots {
            fs::create_dir_all(root.join("a")).unwrap();
            fs::write(root.join("a/file"), "1").unwrap();
        }
        let [ours, theirs] = &roots;
        left(ours);
        right(theirs);
        compare(ours, theirs, |path| path.starts_with("excused")).unwrap()
    }

    fn nothing(_: &Path) {}

    /// One difference, at `path`.
    fn one(path: &str, found: &[String]) -> bool {
        matches!(found, [line] if line.starts_with(&format!("{path}: ")))
    }

    #[test]
    fn the_same_is_the_same() {
        assert_eq!(found(nothing, nothing), Vec::<String>::new());
    }

    #[test]
    fn bytes_count() {
        let other = |root: &Path| fs::write(root.join("a/file"), "2").unwrap();
        assert_eq!(found(nothing, other), ["a/file: other bytes"]);
        let longer = |root: &Path| fs::write(root.join("a/file"), "11").unwrap();
        assert!(one("a/file", &found(longer, nothing)));
    }

    #[test]
    fn modes_count() {
        let mode = |name, mode| {
            move |root: &Path| fs::set_permissions(root.join(name), fs::Permissions::from_mode(mode)).unwrap()
        };
        assert!(one("a/file", &found(mode("a/file", 0o4755), mode("a/file", 0o755))));
        assert!(one("a", &found(mode("a", 0o1777), mode("a", 0o777))));
    }

    #[test]
    fn owners_count() {
        let owner = |owner: (u32, u32)| {
            let node = Node {
                kind: "file",
                mode: 0o644,
                owner,
                target: None,
                size: Some(0),
                device: None,
                attributes: BTreeMap::new(),
            };
            BTreeMap::from([(PathBuf::from("file"), node)])
        };
        assert!(unlike(&owner((0, 0)), &owner((0, 0)), Path::new("file")).is_none());
        assert!(unlike(&owner((0, 0)), &owner((0, 1)), Path::new("file")).is_some());
        assert!(unlike(&owner((1, 0)), &owner((0, 0)), Path::new("file")).is_some());
    }

    #[test]
    fn targets_of_links_count() {
        let link = |target| move |root: &Path| symlink(target, root.join("link")).unwrap();
        assert!(one("link", &found(link("a"), link("b"))));
        assert_eq!(found(link("a"), link("a")), Vec::<String>::new());
    }

    #[test]
    fn what_one_alone_has_counts_unless_it_is_excused() {
        let more = |root: &Path| fs::write(root.join("more"), "").unwrap();
        assert_eq!(found(more, nothing), ["more: only ours has it"]);
        assert_eq!(found(nothing, more), ["more: only theirs has it"]);
        let excused = |root: &Path| fs::write(root.join("excused"), "").unwrap();
        assert_eq!(found(excused, nothing), Vec::<String>::new());
    }

    #[test]
    fn kinds_count() {
        let directory = |root: &Path| fs::create_dir(root.join("x")).unwrap();
        let file = |root: &Path| fs::write(root.join("x"), "").unwrap();
        assert!(one("x", &found(directory, file)));
    }

    #[test]
    fn attributes_count() {
        let attribute = |value: &'static [u8]| {
            move |root: &Path| {
                let flags = rustix::fs::XattrFlags::empty();
                rustix::fs::setxattr(root.join("a/file"), "user.word", value, flags).unwrap();
            }
        };
        assert!(one("a/file", &found(attribute(b"1"), attribute(b"2"))));
        assert!(one("a/file", &found(attribute(b"1"), nothing)));
        assert_eq!(found(attribute(b"1"), attribute(b"1")), Vec::<String>::new());
    }
}
