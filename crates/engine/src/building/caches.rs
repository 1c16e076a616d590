//! Directories that outlive builds: package managers and compilers keep in them what they would fetch or
//! make again.
//!
//! `<state>/caches/<hash of the id>/` holds `card.json`, and for each directory of that id `<n>` and `<n>.lock`.
//! Steps hold the lock while they run, which lies outside of what they see. Ids on disk are the step's own; the
//! mount shifts them. A name is never a path, and nothing in a cache is ever looked up by us.

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use build::plan::{Mount, Run, Sharing};
use model::digest::Digest;
use model::image::Layer;
use rustix::fs::{AtFlags, FlockOperation, Gid, Mode, OFlags, RenameFlags, Timespec, Timestamps, Uid};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::error::BuildError;
use super::run::Surroundings;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::state::{StateError, open_dir, read_file, remove_tree, replace_file};
use crate::usage;
use crate::user::MergedRoot;

/// What is known of the directories of one id.
const CARD: &str = "card.json";
/// How names begin that are on their way out.
const REMOVED: &str = ".removed-";
/// Directories of one id: more steps at once than anybody runs.
const MOST: u32 = 64;

/// One directory that outlives builds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cache {
    /// What steps call it.
    pub(super) id: String,
    /// Which of the directories of that name.
    pub(super) number: u32,
    /// When the first of that name was made, seconds since the epoch.
    pub(super) created: i64,
    /// When a step had it last, seconds since the epoch.
    pub(super) used: i64,
    /// Bytes on disk.
    pub(super) bytes: u64,
    /// Whether a step has it now.
    pub(super) busy: bool,
}

/// What is written down of an id.
#[derive(Debug, Serialize, Deserialize)]
struct Card {
    id: String,
    created: i64,
}

/// A cache that a step has, until this is dropped.
#[derive(Debug)]
pub(super) struct Holding {
    pub(super) id: String,
    pub(super) number: u32,
    sharing: Sharing,
    lock: OwnedFd,
}

impl Holding {
    /// Whether no other step has it.
    pub(super) fn is_alone(&self) -> bool {
        let alone = || rustix::fs::flock(&self.lock, FlockOperation::NonBlockingLockExclusive);
        self.sharing != Sharing::Shared || alone().is_ok()
    }
}

/// All directories of one id.
pub(crate) struct Caches {
    path: PathBuf,
    id: String,
}

/// What a cache holds at first.
struct Beginning<'a> {
    layers: Option<&'a [Layer]>,
    source: &'a str,
    mode: u32,
    owner: (u32, u32),
}

/// The time that the kernel gives.
fn now() -> Timestamps {
    let now = Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW };
    Timestamps { last_access: now, last_modification: now }
}

/// What came of asking for a lock.
enum Asked {
    Had(OwnedFd),
    Busy,
}

impl Caches {
    /// Where such a directory lies.
    pub(crate) fn data(&self, number: u32) -> PathBuf {
        self.path.join(number.to_string())
    }

    /// Waits for a directory that may be had in that way.
    fn hold(&self, sharing: Sharing) -> io::Result<(u32, OwnedFd)> {
        let alone = FlockOperation::NonBlockingLockExclusive;
        if sharing == Sharing::Private {
            for number in 0..MOST {
                if let Asked::Had(lock) = self.lock(number, alone)? {
                    return Ok((number, lock));
                }
            }
        }
        let how = if sharing == Sharing::Shared {
            FlockOperation::LockShared
        } else {
            FlockOperation::LockExclusive
        };
        match self.lock(0, how)? {
            Asked::Had(lock) => Ok((0, lock)),
            Asked::Busy => Err(Errno::AGAIN.into()),
        }
    }

    /// Whoever removes a cache holds its lock and takes it away; who waited for that asks for the next one.
    fn lock(&self, number: u32, how: FlockOperation) -> io::Result<Asked> {
        let path = self.path.join(format!("{number}.lock"));
        loop {
            let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
            let lock = rustix::fs::open(&path, flags, Mode::RUSR | Mode::WUSR)?;
            match rustix::io::retry_on_intr(|| rustix::fs::flock(&lock, how)) {
                Err(Errno::WOULDBLOCK) => return Ok(Asked::Busy),
                locked => locked?,
            }
            if rustix::fs::fstat(&lock)?.st_nlink > 0 {
                return Ok(Asked::Had(lock));
            }
        }
    }

    /// Makes the directory unless it is there; of several steps at once, one makes it. It has its name only once it
    /// is complete.
    fn make(&self, number: u32, beginning: &Beginning<'_>, engine: &Engine) -> io::Result<()> {
        let directory = open_dir(&self.path)?;
        rustix::io::retry_on_intr(|| rustix::fs::flock(&directory, FlockOperation::LockExclusive))?;
        if read_file(&directory, CARD)?.is_none() {
            let card = Card { id: self.id.clone(), created: engine.now() };
            replace_file(&directory, CARD, &serde_json::to_vec(&card)?)?;
        }
        let (name, unfinished) = (number.to_string(), format!(".{number}.new"));
        if rustix::fs::statat(&directory, &name, AtFlags::SYMLINK_NOFOLLOW).is_ok() {
            return Ok(());
        }
        remove_tree(&directory, &std::ffi::CString::new(unfinished.as_str())?)?;
        rustix::fs::mkdirat(&directory, &unfinished, Mode::RWXU)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let new = rustix::fs::openat(&directory, &unfinished, flags, Mode::empty())?;
        beginning.fill(&new, engine)?;
        Ok(rustix::fs::renameat_with(&directory, &unfinished, &directory, &name, RenameFlags::NOREPLACE)?)
    }

    fn card(&self) -> io::Result<Option<Card>> {
        let directory = match open_dir(&self.path) {
            // Removed meanwhile.
            Err(Errno::NOENT) => return Ok(None),
            directory => directory?,
        };
        let bytes = read_file(directory, CARD)?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }
}

impl Beginning<'_> {
    /// Content, owner and mode are those of the source where there is one.
    fn fill(&self, new: &OwnedFd, engine: &Engine) -> io::Result<()> {
        let (mut owner, mut mode) = (self.owner, self.mode);
        if let Some(layers) = self.layers {
            let root = MergedRoot::open(layers.iter().rev().map(|layer| engine.store.layer_dir(layer)))?;
            let source = if self.source.is_empty() { "/" } else { self.source };
            let stat = root.directory(source)?.ok_or(Errno::NOENT)?;
            root.copy(source, new)?;
            (owner, mode) = ((stat.st_uid, stat.st_gid), stat.st_mode);
        }
        rustix::fs::fchown(new, Some(Uid::from_raw(owner.0)), Some(Gid::from_raw(owner.1)))?;
        Ok(rustix::fs::fchmod(new, Mode::from_raw_mode(mode & 0o7777))?)
    }
}

impl Engine {
    /// The directories of an id: whatever it says, its name on disk is a hash.
    pub(crate) fn caches_of(&self, id: &str) -> Caches {
        Caches { path: self.site.caches().join(Digest::of(id.as_bytes()).hex()), id: id.to_owned() }
    }

    /// Waits for every cache that the step mounts. All steps wait in the same order, so that no two wait for each
    /// other.
    pub(super) fn hold_caches(
        &self,
        run: &Run,
        around: &Surroundings<'_>,
    ) -> Result<Vec<Holding>, BuildError> {
        let mut wanted: Vec<(&str, Sharing, Beginning<'_>)> = Vec::new();
        for mount in &run.mounts {
            let Mount::Cache { id, origin, source, sharing, mode, owner, .. } = mount else { continue };
            let layers = (around.roots)(origin).filter(|layers| !layers.is_empty());
            let beginning = Beginning { layers, source, mode: *mode, owner: *owner };
            match wanted.iter_mut().find(|(other, ..)| other == id) {
                // Mounted twice by one step: the stricter way is meant.
                Some((_, known, _)) if *known == Sharing::Shared => *known = *sharing,
                Some(_) => {}
                None => wanted.push((id.as_str(), *sharing, beginning)),
            }
        }
        wanted.sort_by_key(|(id, ..)| *id);
        let held = wanted.iter().map(|(id, sharing, beginning)| self.held(id, *sharing, beginning));
        Ok(held.collect::<Result<_, _>>()?)
    }

    fn held(&self, id: &str, sharing: Sharing, beginning: &Beginning<'_>) -> Result<Holding, StateError> {
        let caches = self.caches_of(id);
        let failed = || StateError::io("use the cache", &caches.path);
        let (number, lock) = loop {
            std::fs::create_dir_all(&caches.path).map_err(failed())?;
            match caches.hold(sharing) {
                // Somebody has removed the last cache of that id just now.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                held => break held.map_err(failed())?,
            }
        };
        caches.make(number, beginning, self).map_err(failed())?;
        // The lock's own time says when it was used last.
        rustix::fs::futimens(&lock, &now()).map_err(|errno| failed()(errno.into()))?;
        Ok(Holding { id: id.to_owned(), number, sharing, lock })
    }

    /// Every cache.
    ///
    /// # Errors
    /// The state cannot be read.
    pub(super) fn caches(&self) -> Result<Vec<Cache>, EngineError> {
        let path = self.site.caches();
        let entries = match std::fs::read_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(StateError::io("list", &path))?,
        };
        let mut found = Vec::new();
        for entry in entries.flatten() {
            let caches = Caches { path: entry.path(), id: String::new() };
            let Some(Card { id, created }) = caches.card().map_err(StateError::io("list", &caches.path))?
            else {
                continue;
            };
            for number in 0..MOST {
                found.extend(caches.cache((&id, created), number)?);
            }
        }
        Ok(found)
    }

    /// Removes a cache that no step has, and none has had since it was `used`. Whether it has gone.
    pub(super) fn remove_cache(&self, id: &str, number: u32, used: i64) -> Result<bool, EngineError> {
        let caches = self.caches_of(id);
        Ok(caches.remove(number, used).map_err(StateError::io("remove the cache", &caches.path))?)
    }
}

impl Caches {
    fn cache(&self, (id, created): (&str, i64), number: u32) -> Result<Option<Cache>, EngineError> {
        let failed = || StateError::io("look at the cache", &self.path);
        let Some(lock) = self.known(number).map_err(failed())? else { return Ok(None) };
        if !self.data(number).is_dir() {
            return Ok(None);
        }
        let used = rustix::fs::fstat(&lock).map_err(|errno| failed()(errno.into()))?.st_mtime;
        let busy = rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err();
        drop(lock);
        let bytes = usage::tree_bytes(&self.path, &number.to_string())?;
        Ok(Some(Cache { id: id.to_owned(), number, created, used, bytes, busy }))
    }

    /// The lock of a directory that somebody has used.
    fn known(&self, number: u32) -> io::Result<Option<OwnedFd>> {
        let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        match rustix::fs::open(self.path.join(format!("{number}.lock")), flags, Mode::empty()) {
            Err(Errno::NOENT) => Ok(None),
            lock => Ok(Some(lock?)),
        }
    }

    /// Takes its name away first; the lock goes last.
    fn remove(&self, number: u32, used: i64) -> io::Result<bool> {
        let Some(lock) = self.known(number)? else { return Ok(false) };
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => return Ok(false),
            locked => locked?,
        }
        let stat = rustix::fs::fstat(&lock)?;
        if stat.st_nlink == 0 || stat.st_mtime != used {
            return Ok(false);
        }
        let directory = open_dir(&self.path)?;
        let removed = format!("{REMOVED}{number}");
        let name = std::ffi::CString::new(removed.as_str())?;
        remove_tree(&directory, &name)?;
        match rustix::fs::renameat(&directory, number.to_string(), &directory, &removed) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(errno.into()),
        }
        remove_tree(&directory, &name)?;
        std::fs::remove_file(self.path.join(format!("{number}.lock")))?;
        self.close(&directory).map(|()| true)
    }

    /// Whoever goes last takes along what is known of the id.
    fn close(&self, directory: &OwnedFd) -> io::Result<()> {
        rustix::io::retry_on_intr(|| rustix::fs::flock(directory, FlockOperation::LockExclusive))?;
        if std::fs::read_dir(&self.path)?.flatten().any(|entry| entry.file_name() != CARD) {
            return Ok(());
        }
        rustix::fs::unlinkat(directory, CARD, AtFlags::empty())?;
        match std::fs::remove_dir(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => Err(error),
            // A step has come meanwhile, and describes it anew.
            _ => Ok(()),
        }
    }
}
