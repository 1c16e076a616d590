//! What has come of a blob so far, and what came instead of one.
//!
//! `partial/HEX` is the beginning of a blob, by the digest that it should have: nobody has checked it. A transfer
//! that breaks off leaves it for the next one. `evidence/CLAIMED-FOUND` are bytes that were not what they should
//! have been, for whoever wants to know what was sent.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use model::digest::{ClaimedDigest, Digest};

use crate::disk::{Lock, Store};
use crate::error::{Result, StoreError};
use crate::save::Checked;

/// Beginnings that nobody came back for.
const STALE: Duration = Duration::from_secs(7 * 24 * 3600);
/// Files of evidence, and bytes of all of them together; the oldest go first.
const MAX_EVIDENCE: usize = 16;
const MAX_EVIDENCE_BYTES: u64 = 1 << 30;

/// The beginning of a blob, for whoever holds its lock.
pub(crate) struct Partial {
    path: PathBuf,
    claimed: ClaimedDigest,
    _lock: Lock,
}

impl Store {
    /// The beginning of the blob `digest`, nobody else's until it is dropped.
    pub(crate) fn partial(&self, digest: &ClaimedDigest) -> Result<Partial> {
        let lock = self.lock(&lock_name(&digest.hex()))?;
        let path = self.directory("partial")?.join(digest.hex());
        Ok(Partial { path, claimed: *digest, _lock: lock })
    }

    /// A directory that stores have only since images come from afar.
    pub(crate) fn directory(&self, name: &str) -> Result<PathBuf> {
        let path = self.root.join(name);
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&path);
        made.map_err(StoreError::write_path(&path))?;
        Ok(path)
    }

    /// Removes beginnings that are a week old. Failing to is no reason to fail anything else.
    pub(crate) fn clean_partials(&self, now: i64) {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(now).unwrap_or_default());
        let is_stale = |path: &Path| {
            let written = fs::metadata(path).and_then(|metadata| metadata.modified());
            written.is_ok_and(|written| now.duration_since(written).is_ok_and(|age| age > STALE))
        };
        for path in self.files_in("partial").unwrap_or_default() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if is_stale(&path) && matches!(self.try_lock(&lock_name(&name)), Ok(Some(_))) {
                let _next_time = fs::remove_file(&path);
            }
        }
    }

    /// Bytes of all beginnings, which [`Store::prune`] gives back.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub fn beginnings(&self) -> Result<u64> {
        if !self.root.join("partial").exists() {
            return Ok(0);
        }
        let length = |path: PathBuf| fs::metadata(path).map_or(0, |metadata| metadata.len());
        Ok(self.files_in("partial")?.into_iter().map(length).sum())
    }

    /// Removes every beginning; returns their bytes. The caller holds `sweep` alone, so no pull is under way.
    pub(crate) fn drop_partials(&self) -> Result<u64> {
        self.directory("partial")?;
        let bytes = self.beginnings()?;
        for path in self.files_in("partial")? {
            fs::remove_file(&path).map_err(StoreError::write_path(&path))?;
        }
        Ok(bytes)
    }

    /// Moves what came to the evidence, and returns where it is, unless it alone is too much.
    pub(crate) fn keep_evidence(&self, partial: &Partial, found: &Digest) -> Option<PathBuf> {
        let found: String = found.hex().chars().take(12).collect();
        let _alone = self.lock("evidence").ok()?;
        let path = self.directory("evidence").ok()?.join(format!("{}-{found}", partial.claimed.hex()));
        fs::rename(&partial.path, &path).ok()?;
        self.bound_evidence();
        path.exists().then_some(path)
    }

    fn bound_evidence(&self) {
        let described = |path: PathBuf| {
            let metadata = fs::metadata(&path).ok()?;
            Some(((metadata.mtime(), metadata.mtime_nsec()), metadata.len(), path))
        };
        let files = self.files_in("evidence").unwrap_or_default();
        let mut files: Vec<_> = files.into_iter().filter_map(described).collect();
        files.sort_unstable();
        let mut bytes = 0_u64;
        for (number, (_, length, path)) in files.into_iter().rev().enumerate() {
            bytes = bytes.saturating_add(length);
            if number >= MAX_EVIDENCE || bytes > MAX_EVIDENCE_BYTES {
                let _next_time = fs::remove_file(&path);
            }
        }
    }
}

fn lock_name(hex: &str) -> String {
    format!("{hex}.partial")
}

impl Partial {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes that have come.
    pub(crate) fn length(&self) -> Result<u64> {
        match fs::symlink_metadata(&self.path) {
            Ok(metadata) => Ok(metadata.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(StoreError::read_path(&self.path)(error)),
        }
    }

    /// Forgets what has come.
    pub(crate) fn clear(&self) -> Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::write_path(&self.path)(error))
            }
            _ => Ok(()),
        }
    }

    /// What has come.
    pub(crate) fn reader(&self) -> Result<File> {
        self.writer()?;
        File::open(&self.path).map_err(StoreError::read_path(&self.path))
    }

    /// For what is to come.
    pub(crate) fn writer(&self) -> Result<File> {
        let file = File::options().create(true).append(true).mode(0o600).open(&self.path);
        file.map_err(StoreError::write_path(&self.path))
    }

    /// What came hashes to this.
    pub(crate) fn digest(&self) -> Result<Digest> {
        let failed = StoreError::read_path(&self.path);
        let mut checked = Checked::new(self.reader()?);
        io::copy(&mut checked, &mut io::sink()).map_err(failed)?;
        Ok(checked.finish())
    }
}
