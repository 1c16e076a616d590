//! What is beneath a key, page by page.

use std::collections::BinaryHeap;
use std::io;

use rustix::fs::{Dir, FileType, OFlags};
use rustix::io::Errno;

use super::Disk;
use super::records::path;
use super::tree::{Lookup, Tree};
use crate::server::shelf::Key;
use crate::server::shelf::error::{Result, ShelfError};

impl Disk {
    pub(in crate::server::shelf) async fn list(
        &self,
        prefix: &Key,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>> {
        let path = path(prefix);
        let after = after.unwrap_or_default().to_owned();
        self.wait(&path.clone(), move |tree| {
            smallest(tree, &path, &after, limit).map_err(|error| ShelfError::place("list", path, error))
        })
        .await
    }
}

/// A directory has no order, so all of it is read, but no more of it is kept than is asked for.
pub(super) fn smallest(tree: &Tree, path: &str, after: &str, limit: usize) -> io::Result<Vec<String>> {
    let directory = match tree.find(path, OFlags::RDONLY | OFlags::DIRECTORY, Lookup::Disk) {
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(Vec::new()),
        directory => directory?,
    };
    let mut kept = BinaryHeap::new();
    for entry in Dir::new(directory)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().to_str() else { continue };
        let is_directory = entry.file_type() == FileType::Directory;
        if name.starts_with('.') || !is_wanted(name, is_directory, after, kept.peek(), kept.len() < limit) {
            continue;
        }
        kept.push(if is_directory { format!("{name}/") } else { name.to_owned() });
        if kept.len() > limit {
            kept.pop();
        }
    }
    Ok(kept.into_sorted_vec())
}

/// Looks at the name before it is copied: of a large directory most are not wanted.
fn is_wanted(name: &str, is_directory: bool, after: &str, largest: Option<&String>, has_room: bool) -> bool {
    let slash = is_directory.then_some(b'/');
    let bytes = || name.bytes().chain(slash);
    bytes().gt(after.bytes()) && (has_room || largest.is_some_and(|largest| bytes().lt(largest.bytes())))
}
