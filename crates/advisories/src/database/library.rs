//! The directory of a database. Everybody may read it at any time; whoever replaces it takes turns.
//!
//! ```text
//! index.json      the index in its envelope; replacing it replaces the database
//! shards/HEX      one source each, by digest; written once and never again
//! lock            held by whoever replaces something
//! ```

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use model::digest::{Digest, Hasher};
use sys::memory::Mapped;

use super::envelope::{Trust, unseal};
use super::error::DatabaseError;
use super::index::{Entry, Index, MAX_INDEX};
use super::set::Database;
use super::shard::Shard;

/// How often a database is opened again because it was replaced meanwhile.
const ATTEMPTS: usize = 5;

/// Where a database is.
#[derive(Debug, Clone)]
pub struct Library {
    path: PathBuf,
}

impl Library {
    /// The one in a directory, whether there is one yet or not.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn index_path(&self) -> PathBuf {
        self.path.join("index.json")
    }

    pub(super) fn shards(&self) -> PathBuf {
        self.path.join("shards")
    }

    pub(super) fn shard_path(&self, entry: &Entry) -> PathBuf {
        self.shards().join(entry.sha256.hex())
    }

    /// The index, its envelope with it.
    ///
    /// # Errors
    /// [`DatabaseError::Missing`]; an index that is damaged, or not signed by whom it should be.
    pub(super) fn envelope(&self, trust: &Trust) -> Result<(Vec<u8>, Index), DatabaseError> {
        let path = self.index_path();
        let name = path.display().to_string();
        let file = File::open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => DatabaseError::Missing(self.path.display().to_string()),
            _ => DatabaseError::io("open", name.as_str())(error),
        })?;
        let mut envelope = Vec::new();
        file.take(MAX_INDEX).read_to_end(&mut envelope).map_err(DatabaseError::io("read", name.as_str()))?;
        let index = Index::read(&unseal(&envelope, trust, &name)?, &name)?;
        Ok((envelope, index))
    }

    /// The index.
    ///
    /// # Errors
    /// [`DatabaseError::Missing`]; an index that is damaged, or not signed by whom it should be.
    pub fn index(&self, trust: &Trust) -> Result<Index, DatabaseError> {
        self.envelope(trust).map(|(_, index)| index)
    }

    /// All of it, to look things up in. What is opened stays as it is, whatever replaces it.
    ///
    /// # Errors
    /// As [`index`](Self::index); a shard that is missing or not what its header says.
    pub fn open(&self, trust: &Trust) -> Result<(Index, Database), DatabaseError> {
        let mut attempts = 0;
        loop {
            let index = self.index(trust)?;
            let shards: Result<Vec<_>, _> = index.shards.iter().map(|entry| self.shard(entry)).collect();
            match shards {
                Ok(shards) => return Ok((index, Database::of_shards(shards))),
                // Whoever replaced the index has removed what it does not name.
                Err(_) if attempts < ATTEMPTS && self.index(trust)? != index => attempts += 1,
                Err(error) => return Err(error),
            }
        }
    }

    fn shard(&self, entry: &Entry) -> Result<Shard, DatabaseError> {
        let path = self.shard_path(entry);
        let name = path.display().to_string();
        let file = File::open(&path).map_err(DatabaseError::io("open", name.as_str()))?;
        let mapped = Mapped::whole(&file).map_err(DatabaseError::io("map", name.as_str()))?;
        if mapped.bytes().len() as u64 != entry.size {
            return Err(DatabaseError::damaged(name, "it has another size than the index says"));
        }
        Shard::of_file(mapped, &name)
    }

    /// Reads every byte of it: the digests of all shards, and each record.
    ///
    /// # Errors
    /// The first thing that is not what was written.
    pub fn verify(&self, trust: &Trust) -> Result<Index, DatabaseError> {
        let (index, database) = self.open(trust)?;
        for (entry, shard) in index.shards.iter().zip(database.shards()) {
            let name = self.shard_path(entry).display().to_string();
            let checked = entry.sha256.confirm(Digest::of(shard.bytes()));
            checked.map_err(|mismatch| DatabaseError::damaged(name.as_str(), mismatch))?;
            shard.verify().map_err(|damage| DatabaseError::damaged(name, damage))?;
        }
        Ok(index)
    }

    /// Whether a shard is there and whole.
    pub(super) fn has(&self, entry: &Entry) -> bool {
        let mut hasher = Hasher::new();
        let mut hashed = Hashing(&mut hasher, io::sink());
        let copied = File::open(self.shard_path(entry)).and_then(|mut file| io::copy(&mut file, &mut hashed));
        copied.is_ok_and(|size| size == entry.size) && entry.sha256.confirm(hasher.finish()).is_ok()
    }

    /// Removes the shards that no index names, and what killed writers left.
    pub(super) fn prune(&self, index: &Index) -> Result<(), DatabaseError> {
        let shards = self.shards();
        let name = || shards.display().to_string();
        let kept: Vec<_> = index.shards.iter().map(|entry| entry.sha256.hex()).collect();
        for file in fs::read_dir(&shards).map_err(DatabaseError::io("list", name()))? {
            let file = file.map_err(DatabaseError::io("list", name()))?;
            if !kept.iter().any(|kept| file.file_name() == kept.as_str()) {
                let path = file.path();
                fs::remove_file(&path).map_err(DatabaseError::io("remove", path.display().to_string()))?;
            }
        }
        Ok(())
    }
}

/// Hashes what passes on its way to another writer.
pub(super) struct Hashing<'h, W>(pub(super) &'h mut Hasher, pub(super) W);

impl<W: io::Write> io::Write for Hashing<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.1.write(bytes)?;
        self.0.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.1.flush()
    }
}
