//! What is kept of a publisher: their files, the versions below which nothing is believed, and the catalogue that
//! every start reads. Whoever is killed in between leaves what was, or what is to be, and never less than was known.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use model::digest::ClaimedDigest;
use rustix::fs::FlockOperation;
use rustix::io::Errno;

use super::directory::{self, replace_flushed};
use super::error::TrustError;
use super::files::Files;
use crate::state::{open_dir, replace_file};

/// What this module returns.
type Result<T> = std::result::Result<T, TrustError>;

const FILES: &str = "files";
const FLOORS: &str = "floors";
const CATALOGUE: &str = "catalogue";
/// Says when news was asked for last, whatever came of it.
const ASKED: &str = "asked";

/// Whether something has to outlive a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flush {
    /// It says something new.
    Now,
    /// It only says that there is nothing new; torn, it is made anew.
    Later,
}

/// The place for one publisher.
#[derive(Debug, Clone)]
pub(super) struct Shelf(PathBuf);

/// The same, while nobody else changes it.
#[derive(Debug)]
pub(super) struct OwnShelf {
    path: PathBuf,
    dir: OwnedFd,
}

impl Shelf {
    /// The place of the publisher with a fingerprint, below the directory of all.
    pub(super) fn of(root: &Path, fingerprint: &ClaimedDigest) -> Self {
        Self(root.join(fingerprint.hex()))
    }

    /// The catalogue's bytes; none before anything was verified.
    pub(super) fn catalogue(&self) -> Result<Option<Vec<u8>>> {
        self.one(CATALOGUE)
    }

    /// When news was asked for last.
    pub(super) fn asked(&self) -> Option<i64> {
        let bytes = self.one(ASKED).ok()??;
        std::str::from_utf8(&bytes).ok()?.parse().ok()
    }

    fn one(&self, name: &str) -> Result<Option<Vec<u8>>> {
        match open_dir(&self.0) {
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(TrustError::io("open", &self.0)(errno.into())),
            Ok(dir) => directory::read_one(&dir, name).map_err(TrustError::io("read", &self.0.join(name))),
        }
    }

    /// Waits until nobody else changes it; it is made at first use.
    pub(super) fn own(&self) -> Result<OwnShelf> {
        let dir = self.made()?;
        let locked = rustix::io::retry_on_intr(|| rustix::fs::flock(&dir, FlockOperation::LockExclusive));
        locked.map_err(|errno| TrustError::io("lock", &self.0)(errno.into()))?;
        Ok(OwnShelf { path: self.0.clone(), dir })
    }

    fn made(&self) -> Result<OwnedFd> {
        fs::create_dir_all(&self.0).map_err(TrustError::io("make the directory", &self.0))?;
        open_dir(&self.0).map_err(|errno| TrustError::io("open", &self.0)(errno.into()))
    }
}

impl OwnShelf {
    /// The files that are kept; none at first.
    pub(super) fn files(&self) -> Result<Files> {
        let path = self.path.join(FILES);
        if path.exists() { directory::read(&path) } else { Ok(Files::default()) }
    }

    /// The versions below which nothing is believed, as they were written.
    pub(super) fn floors(&self) -> Result<Option<Vec<u8>>> {
        directory::read_one(&self.dir, FLOORS).map_err(TrustError::io("read", &self.path.join(FLOORS)))
    }

    /// Keeps what was verified. The floors come first: whoever is killed in between has files that are merely too old,
    /// and are not believed until newer ones come.
    pub(super) fn keep(&self, files: &Files, floors: &[u8]) -> Result<()> {
        self.replace(FLOORS, floors)?;
        directory::write(&self.path.join(FILES), files)
    }

    /// Keeps what starts ask. It comes after what it is made of.
    pub(super) fn keep_catalogue(&self, catalogue: &[u8], flush: Flush) -> Result<()> {
        match flush {
            Flush::Now => self.replace(CATALOGUE, catalogue),
            Flush::Later => self.replace_lazily(CATALOGUE, catalogue),
        }
    }

    /// What was written here and cannot be read any more.
    pub(super) fn damaged(&self, why: String) -> TrustError {
        TrustError::Damaged { path: self.path.clone(), why }
    }

    /// Remembers that news was asked for.
    pub(super) fn ask(&self, now: i64) -> Result<()> {
        self.replace_lazily(ASKED, now.to_string().as_bytes())
    }

    fn replace_lazily(&self, name: &str, bytes: &[u8]) -> Result<()> {
        replace_file(&self.dir, name, bytes).map_err(TrustError::io("write to", &self.path))
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let failed = |error: io::Error| TrustError::io("write to", &self.path)(error);
        if directory::read_one(&self.dir, name).is_ok_and(|had| had.as_deref() == Some(bytes)) {
            return Ok(());
        }
        replace_flushed(&self.dir, name, bytes).map_err(failed)?;
        rustix::fs::fsync(&self.dir).map_err(|errno| failed(errno.into()))
    }
}

#[cfg(test)]
mod tests;
