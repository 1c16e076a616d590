//! What files hold, as digests that are remembered: one index for each tree, by path and by what changes when a file
//! changes.
//!
//! A file that was changed while it was looked at, or just before, could change again within the same tick of the
//! clock; of such a file nothing is remembered.

use std::collections::HashMap;
use std::fs;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use model::digest::{Digest, Hasher};

use super::error::FilesError;
use super::listing::{Listed, State};
use super::tree::join;
use crate::state::{open_dir, replace_file};

/// A digest of what a file holds, its attributes included.
pub(super) type Print = [u8; 32];

/// Seconds for which a change may hide behind another one: the coarsest clock of a file system in use.
const TICK: i64 = 2;
/// Files that one index remembers.
const MAX_FILES: usize = 600_000;
/// Bytes of one index that are read.
const MAX_INDEX: u64 = 512 << 20;
/// Bytes of a file that are read at once.
const PIECE: usize = 128 << 10;
/// Threads that hash; more would only wait for the disk.
const MAX_THREADS: usize = 4;
/// Bytes of everything about a file but its path.
const ENTRY: usize = 2 + 8 * 4 + 12 * 2 + 32;

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
        let known = path.as_deref().and_then(read).unwrap_or_default();
        Self { path, known, now, changed: false }
    }

    /// The prints of files that are listed below `top`, in their order.
    ///
    /// # Errors
    /// A file that cannot be read, or is another one by now.
    pub(super) fn of(
        &mut self,
        layers: &[OwnedFd],
        top: &[u8],
        files: &[&Listed],
    ) -> Result<Vec<Print>, FilesError> {
        let whole: Vec<Vec<u8>> = files.iter().map(|file| join(top, &file.path)).collect();
        let known = |(path, file): (&Vec<u8>, &&Listed)| {
            self.known.get(path).filter(|(state, _)| *state == file.state).map(|(_, print)| *print)
        };
        let mut prints: Vec<Option<Print>> = whole.iter().zip(files).map(known).collect();
        let unknown: Vec<usize> =
            prints.iter().enumerate().filter(|(_, print)| print.is_none()).map(|(index, _)| index).collect();
        let todo: Vec<&Listed> = unknown.iter().filter_map(|index| files.get(*index).copied()).collect();
        for (index, print) in unknown.into_iter().zip(hashed(layers, top, &todo)?) {
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
        let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else { return };
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(directory);
        let Ok(directory) = made.and_then(|()| Ok(open_dir(directory)?)) else { return };
        let _learned_again = replace_file(&directory, &name.to_string_lossy(), &encode(&self.known));
    }
}

/// Hashes files, several at a time.
fn hashed(layers: &[OwnedFd], top: &[u8], files: &[&Listed]) -> Result<Vec<Print>, FilesError> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Print)>> = Mutex::new(Vec::with_capacity(files.len()));
    let work = || -> Result<(), FilesError> {
        let mut buffer = vec![0; PIECE];
        let mut mine = Vec::new();
        while let Some((index, file)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            files.get(index).map(|file| (index, file))
        } {
            mine.push((index, print(layers, top, file, &mut buffer)?));
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

fn print(layers: &[OwnedFd], top: &[u8], file: &Listed, buffer: &mut [u8]) -> Result<Print, FilesError> {
    let path = join(top, &file.path);
    let failed = |error| FilesError::read(&path)(error);
    let mut open = fs::File::from(file.open(layers, top)?);
    let mut hasher = Hasher::new();
    loop {
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

/// Forgets every tree that was not looked at since `before`, in seconds since the epoch.
pub(super) fn forget(directory: &Path, before: i64) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let is_old =
            entry.metadata().is_ok_and(|metadata| std::os::unix::fs::MetadataExt::mtime(&metadata) < before);
        if is_old && !entry.file_name().as_bytes().starts_with(b".") {
            let _gone_already = fs::remove_file(entry.path());
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

fn read(path: &Path) -> Option<HashMap<Vec<u8>, (State, Print)>> {
    let mut bytes = Vec::new();
    fs::File::open(path).ok()?.take(MAX_INDEX).read_to_end(&mut bytes).ok()?;
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
}
