//! Records: small files that are replaced as a whole.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, IoSliceMut, Read as _};
use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, fstat, openat, unlinkat};
use rustix::io::{Errno, ReadWriteFlags, preadv2};

use super::Disk;
use super::temporary::{Published, Temporary, Turn};
use super::together::together;
use super::tree::{Changed, Lookup, Tree};
use crate::server::shelf::error::{Result, ShelfError};
use crate::server::shelf::{Key, Known, Put, RECORD_LIMIT, Small, Version, When};

/// How many files are open at a time.
const TOGETHER: usize = 128;

const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);

impl Disk {
    pub(in crate::server::shelf) async fn get(&self, key: &Key) -> Result<Option<Small>> {
        let path = path(key);
        let read = match read(&self.tree, &path, Lookup::Memory) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.wait(&path.clone(), move |tree| {
                    read(tree, &path, Lookup::Disk).map_err(|error| ShelfError::place("read", path, error))
                })
                .await?
            }
            read => read.map_err(|error| ShelfError::place("read", path, error))?,
        };
        Ok(read.map(|bytes| Small { version: Version(Known::Bytes(bytes.clone())), bytes }))
    }

    pub(in crate::server::shelf) async fn put(&self, key: &Key, bytes: Bytes, when: When) -> Result<Put> {
        limit(&bytes)?;
        let path = path(key);
        self.wait(&path.clone(), move |tree| {
            write(tree, &path, bytes, &when).map_err(|error| ShelfError::place("write", path, error))
        })
        .await
    }

    pub(in crate::server::shelf) async fn put_all(&self, records: Vec<(Key, Bytes)>) -> Result<()> {
        records.iter().try_for_each(|(_, bytes)| limit(bytes))?;
        let records: Vec<_> = records.into_iter().map(|(key, bytes)| (path(&key), bytes)).collect();
        self.wait("records", move |tree| records.chunks(TOGETHER).try_for_each(|some| write_all(tree, some)))
            .await
    }

    pub(in crate::server::shelf) async fn delete(&self, key: &Key) -> Result<bool> {
        let path = path(key);
        self.wait(&path.clone(), move |tree| {
            remove_last(tree, &path).map_err(|error| ShelfError::place("remove", path, error))
        })
        .await
    }

    pub(in crate::server::shelf) async fn delete_all(&self, keys: Vec<Key>) -> Result<()> {
        self.wait("records", move |tree| {
            let paths: Vec<String> = keys.iter().map(path).collect();
            remove_all(tree, &paths).map_err(|error| ShelfError::place("remove", "records", error))
        })
        .await
    }
}

pub(super) fn path(key: &Key) -> String {
    format!("records/{key}")
}

fn limit(bytes: &Bytes) -> Result<()> {
    if bytes.len() as u64 > RECORD_LIMIT {
        return Err(ShelfError::Limit { allowed: RECORD_LIMIT });
    }
    Ok(())
}

fn read(tree: &Tree, path: &str, lookup: Lookup) -> io::Result<Option<Bytes>> {
    let file = match tree.find(path, OFlags::RDONLY, lookup) {
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
        file => file?,
    };
    let about = fstat(&file)?;
    if FileType::from_raw_mode(about.st_mode) != FileType::RegularFile {
        return Ok(None);
    }
    match lookup {
        Lookup::Memory => read_from_memory(&file, about.st_size as u64).map(Some),
        Lookup::Disk => read_file(file).map(Some),
    }
}

/// Reads a file that never changes, if all of it is in memory and the file system can tell.
fn read_from_memory(file: &OwnedFd, size: u64) -> io::Result<Bytes> {
    let mut bytes = vec![0; size.min(RECORD_LIMIT) as usize];
    match preadv2(file, &mut [IoSliceMut::new(&mut bytes)], 0, ReadWriteFlags::NOWAIT) {
        Ok(read) if read as u64 == size => Ok(bytes.into()),
        Ok(_) | Err(Errno::OPNOTSUPP) => Err(io::ErrorKind::WouldBlock.into()),
        Err(error) => Err(error.into()),
    }
}

fn read_file(file: OwnedFd) -> io::Result<Bytes> {
    let mut bytes = Vec::new();
    File::from(file).take(RECORD_LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > RECORD_LIMIT {
        return Err(io::Error::other("it is larger than a record can be"));
    }
    Ok(bytes.into())
}

fn write(tree: &Tree, path: &str, bytes: Bytes, when: &When) -> io::Result<Put> {
    let temporary = Temporary::write(tree, &bytes, PRIVATE)?;
    temporary.flush()?;
    let mut changed = Changed::default();
    let published = match when {
        When::Always => temporary.publish_over(path, &mut changed, |_, _| Ok(true))?,
        When::Absent => temporary.publish_new(path, &mut changed)?,
        When::Unchanged(version) => temporary.publish_over(path, &mut changed, |directory, name| {
            Ok(current(directory, name)?.is_some_and(|bytes| *version == Version(Known::Bytes(bytes))))
        })?,
    };
    // Also when it was refused: what is there instead may have been written this very moment.
    tree.flush(&changed)?;
    Ok(match published {
        Published::Done => Put::Done(Version(Known::Bytes(bytes))),
        Published::Refused => Put::Refused,
    })
}

fn current(directory: &OwnedFd, name: &str) -> rustix::io::Result<Option<Bytes>> {
    match openat(directory, name, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
        Err(Errno::NOENT) => Ok(None),
        file => read_file(file?).map(Some).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO)),
    }
}

/// All files are written, then all are flushed, then all get their names, then all directories are flushed.
fn write_all(tree: &Tree, records: &[(String, Bytes)]) -> Result<()> {
    let mut written = Vec::with_capacity(records.len());
    for (path, bytes) in records {
        let failed = |error| ShelfError::place("write", path, error);
        written.push((path, Temporary::write(tree, bytes, PRIVATE).map_err(failed)?));
    }
    together(&written, |(path, temporary)| {
        temporary.flush().map_err(|error| ShelfError::place("write", *path, error))
    })?;
    let mut changed = Changed::default();
    for (path, temporary) in written {
        let published = temporary.publish_over(path, &mut changed, |_, _| Ok(true));
        published.map_err(|error| ShelfError::place("write", path, error))?;
    }
    tree.flush(&changed).map_err(|error| ShelfError::place("write", "records", error))
}

/// Removes a record, and the directories that have nothing else.
fn remove_last(tree: &Tree, path: &str) -> io::Result<bool> {
    let mut changed = Changed::default();
    let was_there = remove(tree, path)?;
    if was_there {
        tree.prune(path, &mut changed)?;
    }
    tree.flush(&changed)?;
    Ok(was_there)
}

/// Several at a time, because a file system that discards blocks waits for the disk at each. Of one directory they
/// need one turn between them.
fn remove_all(tree: &Tree, paths: &[String]) -> io::Result<()> {
    let directories = by_directory(paths);
    let (alone, many): (Vec<_>, Vec<_>) = directories.iter().partition(|(_, paths)| paths.len() == 1);
    together(&alone, |(_, paths)| paths.iter().try_for_each(|path| remove(tree, path).map(drop)))?;
    for (_, paths) in many {
        remove_beside(tree, paths)?;
    }
    let all_changed = Mutex::new(Changed::default());
    let first: Vec<&str> = directories.values().filter_map(|paths| paths.first().copied()).collect();
    together(&first, |path| {
        let mut changed = Changed::default();
        tree.prune(path, &mut changed)?;
        all_changed.lock().unwrap_or_else(PoisonError::into_inner).add(changed);
        Ok::<(), Errno>(())
    })?;
    Ok(tree.flush(&all_changed.into_inner().unwrap_or_else(PoisonError::into_inner))?)
}

/// Removes records of one directory.
fn remove_beside(tree: &Tree, paths: &[&str]) -> io::Result<()> {
    let Some(first) = paths.first() else { return Ok(()) };
    let directory = match tree.parent(first) {
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(()),
        found => found?.0,
    };
    let _turn = Turn::take(&directory)?;
    together(paths, |path| unlink(&directory, path.rsplit('/').next().unwrap_or(path)).map(drop))
}

fn remove(tree: &Tree, path: &str) -> io::Result<bool> {
    let (directory, name) = match tree.parent(path) {
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(false),
        found => found?,
    };
    let _turn = Turn::take(&directory)?;
    unlink(&directory, name)
}

/// Whether there was such a record, which nobody replaces at this moment.
fn unlink(directory: &OwnedFd, name: &str) -> io::Result<bool> {
    match unlinkat(directory, name, AtFlags::empty()) {
        Ok(()) => Ok(true),
        Err(Errno::NOENT | Errno::ISDIR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The paths by the directory that they are in.
fn by_directory(paths: &[String]) -> BTreeMap<&str, Vec<&str>> {
    let mut directories: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for path in paths {
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        directories.entry(parent).or_default().push(path);
    }
    directories
}
