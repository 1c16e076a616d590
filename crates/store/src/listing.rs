//! What one layer holds, by name: recorded while unpacking, so that shared layers are never walked again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What an entry is, and what about it matters to confinement: one byte, because there are many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Node(u8);

impl Node {
    pub(crate) const FILE: Self = Self(0);
    pub(crate) const DIRECTORY: Self = Self(1);
    pub(crate) const SYMLINK: Self = Self(2);
    pub(crate) const FIFO: Self = Self(3);
    /// Hides the entry of this name in the layers below.
    pub(crate) const WHITEOUT: Self = Self(4);
    const KIND: u8 = 7;
    /// A file with an execute bit, or an ELF object.
    pub(crate) const EXECUTABLE: u8 = 8;
    /// A file with the set-user-id or set-group-id bit.
    pub(crate) const SETID: u8 = 16;
    /// A file with `security.capability`.
    pub(crate) const CAPABLE: u8 = 32;
    /// A directory that hides everything below it in the layers below.
    pub(crate) const OPAQUE: u8 = 64;

    pub(crate) fn with(self, flags: u8) -> Self {
        Self(self.0 | flags)
    }

    pub(crate) fn has(self, flag: u8) -> bool {
        self.0 & flag != 0
    }

    pub(crate) fn is(self, kind: Self) -> bool {
        self.0 & Self::KIND == kind.0
    }
}

/// The entries of one directory, by name.
pub(crate) type Names = BTreeMap<String, Node>;

/// One layer's entries and sums. Names that are not UTF-8 are listed with replacement characters:
/// they still count, and an executable of such a name is simply never made executable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Listing {
    /// Layout of this file.
    pub(crate) version: u32,
    /// Size of all files.
    pub(crate) bytes: u64,
    /// Length of the uncompressed tar stream.
    pub(crate) tar_bytes: u64,
    /// Some owner could not be given.
    pub(crate) flattened: bool,
    /// Targets of the top-level symbolic links.
    pub(crate) root_links: BTreeMap<String, String>,
    /// Absolute path of each directory that holds something.
    pub(crate) directories: BTreeMap<String, Names>,
}

impl Listing {
    pub(crate) const VERSION: u32 = 1;

    pub(crate) fn get(&self, directory: &str, name: &str) -> Option<Node> {
        self.directories.get(directory)?.get(name).copied()
    }

    pub(crate) fn insert(&mut self, directory: &str, name: &str, node: Node) {
        match self.directories.get_mut(directory) {
            Some(names) => drop(names.insert(name.to_owned(), node)),
            None => {
                drop(self.directories.insert(directory.to_owned(), Names::from([(name.to_owned(), node)])))
            }
        }
    }

    /// Forgets an entry and everything under it.
    pub(crate) fn forget(&mut self, directory: &str, name: &str) {
        let Some(names) = self.directories.get_mut(directory) else { return };
        let was = names.remove(name);
        if directory == "/" {
            self.root_links.remove(name);
        }
        if was.is_some_and(|node| node.is(Node::DIRECTORY)) {
            self.forget_below(&join(directory, name));
        }
    }

    /// Forgets everything under a directory, but not the directory.
    pub(crate) fn forget_below(&mut self, directory: &str) {
        if directory == "/" {
            self.directories.clear();
            self.root_links.clear();
            return;
        }
        self.directories.remove(directory);
        // `0` follows `/`: the range is every path that starts with `directory/`.
        let range = format!("{directory}/")..format!("{directory}0");
        let below: Vec<String> = self.directories.range(range).map(|(path, _)| path.clone()).collect();
        for path in below {
            self.directories.remove(&path);
        }
    }
}

/// An absolute path one level down.
pub(crate) fn join(directory: &str, name: &str) -> String {
    if directory == "/" { format!("/{name}") } else { format!("{directory}/{name}") }
}
