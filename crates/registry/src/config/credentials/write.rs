//! Writing a file with credentials: whole or not at all, and for its owner alone.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::file::AuthFile;
use crate::config::error::{ConfigError, Result};

/// Changes a file while no other of us does.
pub(super) fn change<T>(path: &Path, change: impl FnOnce(&mut AuthFile) -> Result<T>) -> Result<T> {
    let wrong = |source| ConfigError::Write { path: path.to_owned(), source };
    // Who keeps it elsewhere and has a link here goes on doing so.
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let dir = prepared(&real).map_err(wrong)?;
    // Gone with the descriptor. A lock on the file itself would be on the old one after a rename.
    let turn = File::open(&dir).map_err(wrong)?;
    flock(&turn, FlockOperation::LockExclusive).map_err(|error| wrong(error.into()))?;
    let mut file = AuthFile::read(&real)?;
    let before = file.text()?;
    let result = change(&mut file)?;
    let after = file.text()?;
    if after != before {
        replace(&dir, &real, after.as_bytes()).map_err(wrong)?;
        turn.sync_all().map_err(wrong)?;
    }
    Ok(result)
}

/// The directory that the file is in; a new one is its owner's alone.
fn prepared(path: &Path) -> io::Result<PathBuf> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    Ok(dir.to_owned())
}

/// A new file takes the old one's name when all of it is on disk.
fn replace(dir: &Path, path: &Path, text: &[u8]) -> io::Result<()> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    let new = dir.join(name);
    let written = write(&new, text).and_then(|()| std::fs::rename(&new, path));
    if written.is_err() {
        // The first error is the one to tell.
        let _left = std::fs::remove_file(&new);
    }
    written
}

fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(text)?;
    file.sync_all()
}
