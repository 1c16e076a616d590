//! What files hold, as digests that are remembered: one index for each tree, by path and by what changes when a file
//! changes.
//!
//! A file that was changed while it was looked at, or just before, could change again within the same tick of the
//! clock; of such a file nothing is remembered.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use model::digest::{Digest, Hasher};

use super::error::FilesError;
use super::listing::{Listed, State};
use super::tree::join;
use crate::foreground::Interruptions;
use crate::state::{open_dir, replace_file};

/// A digest of what a file holds, its attributes included.
pub(super) type Print = [u8; 32];

/// Seconds for which a change may hide behind another one: the coarsest clock of a file system in use.
const TICK: i64 = 2;
/// Files that one index remembers.
const MAX_FILES: usize = 600_000;
/// Bytes of one index that are read.
const MAX_INDEX: u64 = 512 << 20;
/// Bytes of all indexes together.
const MAX_ALL: u64 = 1 << 30;
/// Seconds after which nobody is expected to come back to a tree.
const OLD: i64 = 60 * DAY;
/// How exactly it is noted when a tree was looked at: noting costs a write.
const DAY: i64 = 24 * 3600;
/// Bytes of a file that are read at once.
const PIECE: usize = 128 << 10;
/// Threads that hash; more would only wait for the disk.
const MAX_THREADS: usize = 4;
/// Bytes of everything about a file but its path.
const ENTRY: usize = 2 + 8 * 4 + 12 * 2 + 32;

/// Where files lie that are listed.
pub(super) struct Files<'a> {
    pub(super) layers: &'a [OwnedFd],
    /// What their paths begin at.
    pub(super) top: &'a [u8],
    pub(super) interruptions: Option<&'a Interruptions>,
}

/// The index of one tree.
#[derive(Debug)]
pub(super) struct Prints {
    /// Nowhere, where nothing is to be remembered.
    path: Option<PathBuf>,
    known: HashMap<Vec<u8>, (State, Print)>,
    /// Seconds since the epoch, from before anything was looked at.
    now: i64,
    changed: bool,
}

impl Prints {
    /// What is remembered of the tree that `label` names, in a directory of ours. An index that is damaged remembers
    /// nothing.
    pub(super) fn open(directory: &Path, label: Option<&[u8]>, now: i64) -> Self {
        let path = label.map(|label| directory.join(Digest::of(label).hex()));
        let known = path.as_deref().and_then(|path| read(path, now)).unwrap_or_default();
        Self { path, known, now, changed: false }
    }

    /// The prints of files, in their order.
    ///
    /// # Errors
    /// A file that cannot be read, or is another one by now.
    pub(super) fn of(&mut self, place: &Files<'_>, files: &[&Listed]) -> Result<Vec<Print>, FilesError> {
        let whole: Vec<Vec<u8>> = files.iter().map(|file| join(place.top, &file.path)).collect();
        let known = |(path, file): (&Vec<u8>, &&Listed)| {
            self.known.get(path).filter(|(state, _)| *state == file.state).map(|(_, print)| *print)
        };
        let mut prints: Vec<Option<Print>> = whole.iter().zip(files).map(known).collect();
        let unknown: Vec<usize> =
            prints.iter().enumerate().filter(|(_, print)| print.is_none()).map(|(index, _)| index).collect();
        let todo: Vec<&Listed> = unknown.iter().filter_map(|index| files.get(*index).copied()).collect();
        for (index, print) in unknown.into_iter().zip(hashed(place, &todo)?) {
            let (Some(place), Some(file), Some(path)) =
                (prints.get_mut(index), files.get(index), whole.get(index))
            else {
                continue;
            };
            *place = Some(print);
            let latest = file.state.changed.0.max(file.state.modified.0);
            if latest < self.now - TICK {
                self.known.insert(path.clone(), (file.state, print));
                self.changed = true;
            }
        }
        Ok(prints.into_iter().flatten().collect())
    }

    /// Remembers what was learned. That it cannot be is no error: it will be learned again.
    pub(super) fn close(mut self) {
        if !self.changed {
            return;
        }
        if self.known.len() > MAX_FILES {
            self.known.clear();
        }
        let Some(path) = self.path else { return };
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return };
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(parent);
        let Ok(directory) = made.and_then(|()| Ok(open_dir(parent)?)) else { return };
        let _learned_again = replace_file(&directory, &name.to_string_lossy(), &encode(&self.known));
        bound(parent, self.now);
    }
}

/// Hashes files, several at a time.
fn hashed(place: &Files<'_>, files: &[&Listed]) -> Result<Vec<Print>, FilesError> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Print)>> = Mutex::new(Vec::with_capacity(files.len()));
    let work = || -> Result<(), FilesError> {
        let mut buffer = vec![0; PIECE];
        let mut mine = Vec::new();
        while let Some((index, file)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            files.get(index).map(|file| (index, file))
        } {
            mine.push((index, print(place, file, &mut buffer)?));
        }
        if let Ok(mut done) = done.lock() {
            done.append(&mut mine);
        }
        Ok(())
    };
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    // A thread costs as much as a few dozen small files.
    let threads = processors.min(MAX_THREADS).min(files.len() / 64);
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut outcome = work();
        for other in others {
            outcome = outcome.and(other.join().unwrap_or(Ok(())));
        }
        outcome
    })?;
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_unstable_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, print)| print).collect())
}

fn print(place: &Files<'_>, file: &Listed, buffer: &mut [u8]) -> Result<Print, FilesError> {
    let path = join(place.top, &file.path);
    let failed = |error| FilesError::read(&path)(error);
    let mut open = fs::File::from(file.open(place.layers, place.top)?);
    let mut hasher = Hasher::new();
    loop {
        if let Some(signal) = place.interruptions.and_then(Interruptions::asked) {
            return Err(FilesError::Interrupted(signal));
        }
        match open.read(buffer) {
            Ok(0) => break,
            Ok(length) => hasher.update(buffer.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
    let xattrs = store::copy::attributes(&open);
    file.unchanged(open.into(), &path)?;
    if xattrs.is_empty() {
        return Ok(*hasher.finish().as_bytes());
    }
    let mut both = Hasher::new();
    both.update(b"with attributes");
    both.update(hasher.finish().as_bytes());
    for (name, value) in xattrs {
        framed(&mut both, &name);
        framed(&mut both, &value);
    }
    Ok(*both.finish().as_bytes())
}

/// Bytes after their length, so that what follows each other cannot be taken for something else.
pub(super) fn framed(hasher: &mut Hasher, bytes: &[u8]) {
    hasher.update(&(bytes.len() as u64).to_le_bytes());
    hasher.update(bytes);
}

/// One index, as it lies there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Index {
    pub(super) name: OsString,
    /// When a build looked at its tree last, to within a day, in seconds since the epoch.
    pub(super) used: i64,
    pub(super) bytes: u64,
}

/// Every index.
pub(super) fn list(directory: &Path) -> Vec<Index> {
    let index = |entry: fs::DirEntry| {
        let (name, metadata) = (entry.file_name(), entry.metadata().ok()?);
        let is_index = !name.as_bytes().starts_with(b".");
        is_index.then(|| Index { name, used: metadata.mtime(), bytes: metadata.len() })
    };
    fs::read_dir(directory).into_iter().flatten().flatten().filter_map(index).collect()
}

/// Forgets a tree. Whether it was known.
pub(super) fn remove(directory: &Path, name: &OsStr) -> bool {
    fs::remove_file(directory.join(name)).is_ok()
}

/// Forgets trees that nobody looks at any more, and the oldest where all together are too large.
fn bound(directory: &Path, now: i64) {
    let mut indexes = list(directory);
    indexes.sort_unstable_by_key(|index| Reverse(index.used));
    let mut all = 0_u64;
    for index in indexes {
        all = all.saturating_add(index.bytes);
        if index.used < now - OLD || all > MAX_ALL {
            remove(directory, &index.name);
        }
    }
}

fn encode(known: &HashMap<Vec<u8>, (State, Print)>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(known.len() * (ENTRY + 64));
    for (path, (state, print)) in known {
        let Ok(length) = u16::try_from(path.len()) else { continue };
        bytes.extend(length.to_le_bytes());
        for number in [state.device, state.inode, state.size, state.names] {
            bytes.extend(number.to_le_bytes());
        }
        for (seconds, nanoseconds) in [state.modified, state.changed] {
            bytes.extend(seconds.to_le_bytes());
            bytes.extend(nanoseconds.to_le_bytes());
        }
        bytes.extend_from_slice(print);
        bytes.extend_from_slice(path);
    }
    let checksum = Digest::of(&bytes);
    bytes.extend_from_slice(checksum.as_bytes());
    bytes
}

fn read(path: &Path, now: i64) -> Option<HashMap<Vec<u8>, (State, Print)>> {
    let file = fs::File::open(path).ok()?;
    if file.metadata().ok()?.mtime() < now - DAY {
        // An index that seems older than it is goes earlier, and is learned again.
        let _seems_older = file.set_modified(UNIX_EPOCH + Duration::from_secs(now.unsigned_abs()));
    }
    let mut bytes = Vec::new();
    file.take(MAX_INDEX).read_to_end(&mut bytes).ok()?;
    decode(&bytes)
}

fn decode(bytes: &[u8]) -> Option<HashMap<Vec<u8>, (State, Print)>> {
    let (mut rest, checksum) = bytes.split_last_chunk::<32>()?;
    if Digest::of(rest).as_bytes() != checksum {
        return None;
    }
    let mut known = HashMap::with_capacity(rest.len() / (ENTRY + 32));
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let mut numbers = Numbers(after);
        let (device, inode, size, names) =
            (numbers.long()?, numbers.long()?, numbers.long()?, numbers.long()?);
        let (modified, changed) = (numbers.time()?, numbers.time()?);
        let (print, after) = numbers.0.split_first_chunk::<32>()?;
        let (path, after) = after.split_at_checked(u16::from_le_bytes(*length).into())?;
        known.insert(path.to_owned(), (State { device, inode, size, names, modified, changed }, *print));
        rest = after;
    }
    Some(known)
}

/// Numbers, one after the other.
struct Numbers<'a>(&'a [u8]);

impl Numbers<'_> {
    fn long(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }

    fn time(&mut self) -> Option<(i64, u32)> {
        let seconds = self.long()?.cast_signed();
        let (number, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some((seconds, u32::from_le_bytes(*number)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_what_is_damaged_is_not() {
        let state = State { device: 1, inode: 2, size: 3, names: 1, modified: (-4, 5), changed: (6, 7) };
        let known: HashMap<_, _> =
            [(b"a/b".to_vec(), (state, [8; 32])), (b"c".to_vec(), (state, [9; 32]))].into();
        let bytes = encode(&known);
        assert_eq!(decode(&bytes), Some(known));
        for end in 0..bytes.len() {
            assert_eq!(decode(&bytes[..end]), None, "{end}");
        }
    }

    /// Indexes of these sizes that were looked at so many days ago.
    fn indexes(of: &[(&str, u64, i64)]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (name, bytes, days) in of {
            let file = fs::File::create(directory.path().join(name)).unwrap();
            file.set_len(*bytes).unwrap();
            file.set_modified(UNIX_EPOCH + Duration::from_secs((NOW - days * DAY).unsigned_abs())).unwrap();
        }
        directory
    }

    fn names(directory: &Path) -> Vec<OsString> {
        let mut names: Vec<_> = list(directory).into_iter().map(|index| index.name).collect();
        names.sort();
        names
    }

    const NOW: i64 = 2_000_000_000;

    #[test]
    fn trees_that_nobody_looks_at_are_forgotten() {
        let directory = indexes(&[("new", 1, 0), ("old", 1, 59), ("older", 1, 61), (".half", 1, 100)]);
        bound(directory.path(), NOW);
        assert_eq!(names(directory.path()), ["new", "old"]);
        assert!(directory.path().join(".half").exists(), "somebody writes it just now");
    }

    #[test]
    fn of_too_much_the_oldest_goes() {
        let half = MAX_ALL / 2;
        let directory = indexes(&[("a", half, 3), ("b", half, 2), ("c", half, 1)]);
        bound(directory.path(), NOW);
        assert_eq!(names(directory.path()), ["b", "c"]);
    }

    #[test]
    fn whoever_looks_at_a_tree_says_so_once_a_day() {
        let directory = indexes(&[("tree", 1, 30)]);
        let path = directory.path().join("tree");
        read(&path, NOW);
        assert_eq!(list(directory.path())[0].used, NOW);
        read(&path, NOW + DAY - 1);
        assert_eq!(list(directory.path())[0].used, NOW, "that would be a write for each build");
    }
}
