//! A publisher's files in a directory: each under its name.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};

use super::error::TrustError;
use super::files::{Files, MOST_BYTES, MOST_FILES, check_name, root_version};
use crate::state::{open_dir, write_aside};

/// The one document whose name has no version: it says which the others are, and so is written last.
pub(super) const TIMESTAMP: &str = "timestamp.json";

/// Reads all files of a directory that have a name of one.
pub(super) fn read(path: &Path) -> Result<Files, TrustError> {
    let dir = open(path)?;
    let entries = fs::read_dir(path).map_err(TrustError::io("list", path))?;
    let mut files = Files::default();
    for (number, entry) in entries.enumerate() {
        // What is passed over is counted as well: a directory may hold anything.
        if number >= 2 * MOST_FILES {
            return Err(TrustError::Limit { what: "files", allowed: MOST_FILES as u64 });
        }
        let entry = entry.map_err(TrustError::io("list", path))?;
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
        if check_name(&name).is_err() {
            continue;
        }
        let failed = |error| TrustError::io("read", &path.join(&name))(error);
        if let Some(bytes) = read_one(&dir, &name).map_err(failed)? {
            files.add(&name, bytes)?;
        }
    }
    Ok(files)
}

/// A regular file's bytes, at most one more than there may be; nothing if it is not there.
pub(super) fn read_one(dir: &OwnedFd, name: &str) -> io::Result<Option<Vec<u8>>> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = match rustix::fs::openat(dir, name, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT) => return Ok(None),
        Err(errno) => return Err(errno.into()),
    };
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    // With room for all of it, it is read at once.
    let size = usize::try_from(about.len().min(MOST_BYTES)).unwrap_or(0);
    let mut bytes = Vec::with_capacity(size.saturating_add(1));
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Makes a directory have these files and no other of such names. Whoever reads it at any moment, or after a crash,
/// finds all that its timestamp speaks of.
pub(super) fn write(path: &Path, files: &Files) -> Result<(), TrustError> {
    let failed = |doing| TrustError::io(doing, path);
    fs::create_dir_all(path).map_err(failed("make the directory"))?;
    let dir = open(path)?;
    let had = read(path)?;
    let is_new = |(name, bytes): &(&str, &[u8])| had.get(name) != Some(bytes);
    let (last, first): (Vec<_>, Vec<_>) =
        files.iter().filter(is_new).partition(|(name, _)| *name == TIMESTAMP);
    for part in [first, last] {
        for (name, bytes) in &part {
            replace_flushed(&dir, name, bytes).map_err(failed("write to"))?;
        }
        if !part.is_empty() {
            rustix::fs::fsync(&dir).map_err(|errno| failed("flush")(errno.into()))?;
        }
    }
    for (name, _) in had.iter().filter(|(name, _)| files.get(name).is_none()) {
        // Roots are a chain: whoever is far behind needs each.
        if root_version(name).is_none() {
            rustix::fs::unlinkat(&dir, name, AtFlags::empty())
                .map_err(|errno| failed("clear")(errno.into()))?;
        }
    }
    Ok(())
}

fn open(path: &Path) -> Result<OwnedFd, TrustError> {
    open_dir(path).map_err(|errno| TrustError::io("open", path)(errno.into()))
}

/// Replaces a file so that a power cut leaves the old one or the new one. The directory is flushed by the caller.
pub(super) fn replace_flushed(dir: impl AsFd, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH;
    write_aside(dir, name, mode, RenameFlags::empty(), |file| {
        file.write_all(bytes).and_then(|()| file.sync_all())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(contents: &[(&str, &str)]) -> Files {
        let mut files = Files::default();
        contents.iter().for_each(|(name, text)| files.add(name, text.as_bytes().to_vec()).unwrap());
        files
    }

    #[test]
    fn a_directory_has_what_was_written_and_keeps_its_roots() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b");
        let first = files(&[("1.root.json", "r"), ("1.snapshot.json", "s"), (TIMESTAMP, "t")]);
        write(&path, &first).unwrap();
        assert_eq!(read(&path).unwrap(), first);
        let second = files(&[("2.root.json", "r2"), ("2.snapshot.json", "s2"), (TIMESTAMP, "t2")]);
        write(&path, &second).unwrap();
        let mut expected = second.clone();
        expected.add("1.root.json", b"r".to_vec()).unwrap();
        assert_eq!(read(&path).unwrap(), expected);
    }

    #[test]
    fn what_is_no_file_of_a_publisher_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("README"), "hello").unwrap();
        fs::write(root.path().join(".hidden.json"), "hello").unwrap();
        write(root.path(), &files(&[(TIMESTAMP, "t")])).unwrap();
        assert_eq!(read(root.path()).unwrap(), files(&[(TIMESTAMP, "t")]));
        assert_eq!(fs::read(root.path().join("README")).unwrap(), b"hello");
    }

    #[test]
    fn links_pipes_and_endless_files_are_refused() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join(TIMESTAMP);
        std::os::unix::fs::symlink("/etc/passwd", &path).unwrap();
        assert!(matches!(read(root.path()), Err(TrustError::Io { .. })));
        fs::remove_file(&path).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, Mode::RUSR).unwrap();
        assert!(matches!(read(root.path()), Err(TrustError::Io { .. })));
        fs::remove_file(&path).unwrap();
        File::create(&path).unwrap().set_len(MOST_BYTES + 1).unwrap();
        assert!(matches!(read(root.path()), Err(TrustError::TooLong { .. })));
    }
}
