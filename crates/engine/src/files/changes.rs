//! What a container has changed, from its own layer: added, changed, deleted.
//!
//! The layer is the container's to arrange: it is walked by owned descriptors that nothing leads out of, and
//! with limits. What the engine itself puts there, places for mounts, is no change of the container's.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::fd::OwnedFd;

use model::image::Image;
use model::request::RunRequest;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, Stat, openat2, statat};
use rustix::io::Errno;
use serde::Serialize;
use store::copy::CopyError;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::idspace::IdSpace;
use crate::place::UPPER;
use crate::state::{Record, StateError, open_dir};
use crate::user::{MergedDir, MergedRoot, is_opaque, is_whiteout, names, visible};

/// Entries of one layer that are walked through.
const MAX_ENTRIES: usize = 2_000_000;
/// Longest path (`PATH_MAX`).
const MAX_PATH: usize = 4095;
/// Covered by the kernel's filesystems and the engine's files in every container.
const COVERED: [&str; 6] = ["/dev", "/proc", "/sys", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf"];

/// One path that is not as in the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Absolute; bytes, as names need not be text.
    pub path: Vec<u8>,
    /// What became of it.
    pub kind: ChangeKind,
    /// How the layer says so.
    pub(crate) mark: Mark,
}

/// What became of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// It is not in the image.
    Added,
    /// It is not as in the image, or something below it is not.
    Changed,
    /// It is only in the image.
    Deleted,
}

/// How a layer says what became of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// By an entry of its own.
    Plain,
    /// By a directory that hides what the image has in it.
    Opaque,
    /// By such a directory above.
    Implied,
}

impl Engine {
    /// What a container has changed, by path. It need not run.
    ///
    /// # Errors
    /// As [`Engine::container`]; [`CopyError`] where the layer cannot be read.
    pub fn diff(&self, container: &str) -> Result<Vec<Change>, EngineError> {
        let record = self.container(container)?;
        let image = self.image_of(&record)?;
        Ok(self.changes(&record, &image)?.0)
    }

    /// The changes, and the layer that they are in; none where the container has never been put together.
    pub(super) fn changes(
        &self,
        record: &Record,
        image: &Image,
    ) -> Result<(Vec<Change>, Option<OwnedFd>), EngineError> {
        let path = self.containers.path(&record.id);
        let container = open_dir(&path).map_err(StateError::errno("open", &path))?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let upper = match rustix::fs::openat(&container, UPPER, flags, Mode::empty()) {
            Ok(upper) => upper,
            Err(Errno::NOENT) => return Ok((Vec::new(), None)),
            Err(errno) => return Err(StateError::errno("open", &path.join(UPPER))(errno).into()),
        };
        let lower = self.lower(image);
        let lower = MergedRoot::open(&lower).map_err(EngineError::io("open the image's layers"))?;
        let space = IdSpace::new(&record.request, record.range)?;
        let changes = changes(&upper, lower, &space, self.covered(image, &record.request)?)?;
        Ok((changes, Some(upper)))
    }

    /// Where mounts and files of the engine lie, as they are called and where links lead.
    pub(crate) fn covered(
        &self,
        image: &Image,
        request: &RunRequest,
    ) -> Result<BTreeSet<Vec<u8>>, EngineError> {
        let failed = || EngineError::io("look up where mounts lie");
        let root = MergedRoot::open(self.lower(image)).map_err(failed())?;
        let mounts = request.mounts.iter().map(|mount| mount.target.as_str());
        let volumes = image.config.volumes.iter().map(String::as_str);
        let step = request.step.iter();
        let scripts = step.clone().flat_map(|step| &step.scripts).map(|script| script.path.as_str());
        let secrets = step.flat_map(|step| &step.secrets).filter_map(|secret| secret.target.as_deref());
        let mut covered = covered(mounts.chain(volumes).chain(scripts).chain(secrets));
        for path in covered.clone() {
            covered.insert(root.landing(&String::from_utf8_lossy(&path)).map_err(failed())?);
        }
        covered.remove(b"".as_slice());
        Ok(covered)
    }
}

/// What is in a container's own layer that is not so in those below; nothing of what is `covered` by mounts.
pub(crate) fn changes(
    upper: &OwnedFd,
    lower: MergedRoot,
    space: &IdSpace,
    covered: BTreeSet<Vec<u8>>,
) -> Result<Vec<Change>, EngineError> {
    let (found, silent) = (BTreeMap::new(), BTreeMap::new());
    let mut walk = Walk { upper, lower, space, covered, found, silent };
    walk.all()?;
    Ok(walk.changes())
}

/// Where mounts lie, those of every container among them, as normalised paths without the first slash.
fn covered<'a>(targets: impl Iterator<Item = &'a str>) -> BTreeSet<Vec<u8>> {
    targets.chain(COVERED).map(below_root).collect()
}

/// A path without its first slash, and without what means nothing in it.
fn below_root(path: &str) -> Vec<u8> {
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    parts.join("/").into_bytes()
}

type Found = (ChangeKind, Mark);

struct Walk<'a> {
    upper: &'a OwnedFd,
    lower: MergedRoot,
    space: &'a IdSpace,
    covered: BTreeSet<Vec<u8>>,
    found: BTreeMap<Vec<u8>, Found>,
    /// Directories that are listed only if something below them is.
    silent: BTreeMap<Vec<u8>, Found>,
}

/// A directory of the layer that is still to be walked.
struct Waiting {
    path: Vec<u8>,
    below: Below,
}

/// What the image has below a directory of the layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Below {
    Shown,
    Hidden,
}

impl Walk<'_> {
    fn all(&mut self) -> Result<(), EngineError> {
        let mut waiting = vec![Waiting { path: Vec::new(), below: Below::Shown }];
        while let Some(next) = waiting.pop() {
            self.directory(&next, &mut waiting)
                .map_err(|error| EngineError::from(failed(&next.path, &error)))?;
            if self.found.len() + self.silent.len() > MAX_ENTRIES {
                return Err(limit(&next.path, "changes", MAX_ENTRIES).into());
            }
            if next.path.len() > MAX_PATH {
                return Err(limit(&next.path, "bytes in a path", MAX_PATH).into());
            }
        }
        Ok(())
    }

    fn directory(&mut self, at: &Waiting, waiting: &mut Vec<Waiting>) -> io::Result<()> {
        let Some(directory) = open(self.upper, &at.path)? else { return Ok(()) };
        let lower = match at.below {
            Below::Shown => self.lower.strictly(&at.path)?,
            Below::Hidden => MergedDir::new(),
        };
        for listed in Dir::read_from(&directory)? {
            let listed = listed?;
            let name = listed.file_name().to_bytes();
            if matches!(name, b"." | b"..") {
                continue;
            }
            let path =
                if at.path.is_empty() { name.to_owned() } else { [&at.path, b"/".as_slice(), name].concat() };
            match statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) if !self.covered.contains(&path) => {
                    self.entry(path, &stat, visible(&lower, name)?, waiting)?;
                }
                Ok(_) | Err(Errno::NOENT) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    fn entry(
        &mut self,
        path: Vec<u8>,
        stat: &Stat,
        lower: Option<Stat>,
        waiting: &mut Vec<Waiting>,
    ) -> io::Result<()> {
        if is_whiteout(stat) {
            if lower.is_some() {
                self.found.insert(path, (ChangeKind::Deleted, Mark::Plain));
            }
            return Ok(());
        }
        let kind = if lower.is_some() { ChangeKind::Changed } else { ChangeKind::Added };
        if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
            self.found.insert(path, (kind, Mark::Plain));
            return Ok(());
        }
        let Some(directory) = open(self.upper, &path)? else { return Ok(()) };
        let was_directory =
            lower.is_some_and(|lower| FileType::from_raw_mode(lower.st_mode) == FileType::Directory);
        let hides = is_opaque(&directory) && lower.is_some();
        if hides && was_directory {
            self.hidden(&path, &directory)?;
        }
        let mark = if hides { Mark::Opaque } else { Mark::Plain };
        if mark == Mark::Plain && self.is_silent(&path, stat, lower.as_ref()) {
            self.silent.insert(path.clone(), (kind, mark));
        } else {
            self.found.insert(path.clone(), (kind, mark));
        }
        let below = if was_directory && !hides { Below::Shown } else { Below::Hidden };
        waiting.push(Waiting { path, below });
        Ok(())
    }

    /// What the image has in a directory that the container has made anew.
    fn hidden(&mut self, path: &[u8], directory: &OwnedFd) -> io::Result<()> {
        for name in names(&self.lower.strictly(path)?)? {
            if statat(directory, name.as_slice(), AtFlags::SYMLINK_NOFOLLOW).is_err() {
                let path = [path, b"/", &name].concat();
                self.found.insert(path, (ChangeKind::Deleted, Mark::Implied));
            }
        }
        Ok(())
    }

    /// Whether a directory says nothing by itself: it is the image's, or was made on the way to a mount.
    fn is_silent(&self, path: &[u8], stat: &Stat, lower: Option<&Stat>) -> bool {
        let prefix = [path, b"/"].concat();
        let on_the_way =
            self.covered.range(prefix.clone()..).next().is_some_and(|mount| mount.starts_with(&prefix));
        let Some(lower) = lower else { return on_the_way };
        let ids = (self.space.inside(stat.st_uid), self.space.inside(stat.st_gid));
        let same = ids == (Some(lower.st_uid), Some(lower.st_gid)) && stat.st_mode == lower.st_mode;
        let untouched = (stat.st_mtime, stat.st_mtime_nsec) == (lower.st_mtime, lower.st_mtime_nsec);
        same && (on_the_way || untouched)
    }

    /// In the order of paths, with every directory above a change.
    fn changes(mut self) -> Vec<Change> {
        let above: BTreeSet<Vec<u8>> = self.found.keys().flat_map(|path| parents(path)).collect();
        for path in above {
            let said = self.silent.get(&path).copied().unwrap_or((ChangeKind::Changed, Mark::Plain));
            self.found.entry(path).or_insert(said);
        }
        let absolute = |path: Vec<u8>| [b"/".as_slice(), &path].concat();
        let mut changes: Vec<Change> = self
            .found
            .into_iter()
            .map(|(path, (kind, mark))| Change { path: absolute(path), kind, mark })
            .collect();
        changes.sort_by(|a, b| a.path.split(is_slash).cmp(b.path.split(is_slash)));
        changes
    }
}

fn is_slash(byte: &u8) -> bool {
    *byte == b'/'
}

/// Every directory on the way to a path.
fn parents(path: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let ends = path.iter().enumerate().filter(|(_, byte)| is_slash(byte)).map(|(at, _)| at);
    ends.filter_map(|end| path.get(..end).map(<[u8]>::to_owned))
}

/// `None` where it is gone, or something else by now.
fn open(upper: &OwnedFd, path: &[u8]) -> io::Result<Option<OwnedFd>> {
    let path = if path.is_empty() { b"." } else { path };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
    match openat2(upper, path, flags, Mode::empty(), resolve) {
        Ok(directory) => Ok(Some(directory)),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

fn failed(path: &[u8], error: &io::Error) -> CopyError {
    let errno = error.raw_os_error().unwrap_or(Errno::IO.raw_os_error());
    CopyError::Kernel { doing: "read".to_owned(), path: String::from_utf8_lossy(path).into_owned(), errno }
}

fn limit(path: &[u8], limit: &str, allowed: usize) -> CopyError {
    let what = String::from_utf8_lossy(path).into_owned();
    CopyError::Limit { what, limit: limit.to_owned(), allowed: allowed as u64 }
}
