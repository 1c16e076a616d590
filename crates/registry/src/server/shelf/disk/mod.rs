//! A shelf on a directory of this host.
//!
//! ```text
//! shelf                      "coffer shelf 1"
//! records/KEY                small records
//! blobs/sha256/ab/abcdef...  blobs, read-only
//! trash/sha256/HEX@WHEN@N    blobs that were taken off the shelf
//! uploads/ID                 uploads, as far as they have come
//! temporary/N                files that are being written
//! ```
//!
//! A file is written under a temporary name, flushed, renamed and its directory flushed, so that other servers
//! see it whole or not at all. Whoever replaces or removes records of a directory holds flock(2) on it; whoever
//! changes an upload holds it on the upload. Killed servers leave temporary files and nothing else.
//!
//! What the kernel has in memory is read at once, everything else by threads that may wait for a disk.

mod blobs;
mod buffers;
mod listing;
mod reading;
mod records;
mod temporary;
mod together;
mod trash;
mod tree;
mod uploads;
mod writing;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

pub(super) use reading::Reading;

use super::error::{Result, ShelfError};
use super::running::Running;
use buffers::Buffers;
use tree::Tree;

/// A directory as a shelf.
#[derive(Debug, Clone)]
pub struct Disk {
    tree: Arc<Tree>,
    buffers: Buffers,
    running: Running,
}

impl Disk {
    /// Opens the directory, or makes it, for this user alone.
    pub(super) fn open(root: &Path) -> Result<Self> {
        let tree = Arc::new(Tree::open(root)?);
        Ok(Self { tree, buffers: Buffers::default(), running: Running::default() })
    }

    /// Does something that may wait for the disk where waiting holds up nobody.
    async fn wait<T, F>(&self, what: &str, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Tree) -> Result<T> + Send + 'static,
    {
        let tree = Arc::clone(&self.tree);
        let done = tokio::task::spawn_blocking(move || work(&tree)).await;
        done.map_err(|error| ShelfError::place("work on", what, io::Error::other(error)))?
    }
}

impl fmt::Display for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tree.path().display().fmt(f)
    }
}
