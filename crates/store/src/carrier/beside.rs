//! Work beside its destination, moved there in one step or gone.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use model::digest::Hasher;
use model::oci::Descriptor;

use crate::compress::BUFFER;
use crate::disk::{remove_tree, unique};
use crate::error::{Result, StoreError};

/// A file or directory that nobody else knows yet.
pub(super) struct Beside {
    path: PathBuf,
    to: PathBuf,
}

impl Beside {
    /// Beside `to`, on the same file system.
    pub(super) fn new(to: &Path) -> Self {
        let name = to.file_name().unwrap_or_default().to_string_lossy();
        Self { path: to.with_file_name(format!(".{name}.{}", unique())), to: to.to_owned() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn make_directory(&self) -> Result<()> {
        fs::create_dir(&self.path).map_err(StoreError::write_path(&self.path))
    }

    pub(super) fn make_file(&self) -> Result<File> {
        File::create_new(&self.path).map_err(StoreError::write_path(&self.path))
    }

    /// Replaces a file, or an empty directory.
    pub(super) fn place(&self) -> Result<()> {
        fs::rename(&self.path, &self.to).map_err(StoreError::write_path(&self.to))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let _was_placed = remove_tree(&self.path);
    }
}

/// Writes a file beside its place, and then into it.
pub(super) fn write_file(to: &Path, write: impl FnOnce(&mut File) -> Result<()>) -> Result<()> {
    let beside = Beside::new(to);
    write(&mut beside.make_file()?)?;
    beside.place()
}

/// Copies a blob, no more than a byte beyond its size, and says whether that is what it should be.
pub(super) fn copy(blob: &Descriptor, bytes: &mut dyn Read, out: &mut dyn Write, to: &Path) -> Result<()> {
    let unfetched = |cause| StoreError::Fetch { blob: blob.digest.to_string(), cause };
    let mut bytes = bytes.take(blob.size.saturating_add(1));
    let mut buffer = vec![0; BUFFER];
    let (mut hasher, mut total) = (Hasher::new(), 0);
    loop {
        let length = bytes.read(&mut buffer).map_err(unfetched)?;
        let Some(piece) = buffer.get(..length).filter(|piece| !piece.is_empty()) else { break };
        total += length as u64;
        // What is too long is not written: where something else follows, there is no room.
        if total <= blob.size {
            hasher.update(piece);
            out.write_all(piece).map_err(StoreError::write_path(to))?;
        }
    }
    check(blob, hasher, total)
}

/// What was hashed is the blob.
pub(super) fn check(blob: &Descriptor, hasher: Hasher, length: u64) -> Result<()> {
    let label = blob.digest.to_string();
    if length != blob.size {
        return Err(StoreError::size(label, blob.size, length));
    }
    blob.digest.confirm(hasher.finish()).map(drop).map_err(|mismatch| StoreError::mismatch(label, mismatch))
}
