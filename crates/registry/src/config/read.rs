//! Files of settings, read whole and with a limit.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;

use super::error::{ConfigError, Result};

/// More than any of these files has; the largest list of short names that is shipped has 15 kB.
pub(super) const MAX_FILE: u64 = 1 << 20;

/// The bytes of a file; `None` where there is none.
pub(super) fn bytes(path: &Path) -> Result<Option<Vec<u8>>> {
    let wrong = |source| ConfigError::Read { path: path.to_owned(), source };
    let Some(file) = open(path).map_err(wrong)? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(wrong)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(ConfigError::TooLarge { path: path.to_owned() });
    }
    Ok(Some(bytes))
}

/// The text of a file; `None` where there is none.
pub(super) fn text(path: &Path) -> Result<Option<String>> {
    let Some(bytes) = bytes(path)? else { return Ok(None) };
    String::from_utf8(bytes).map(Some).map_err(|error| ConfigError::Syntax {
        path: path.to_owned(),
        line: None,
        what: format!("it is no text: {}", error.utf8_error()),
    })
}

/// Names in a directory that end so, sorted; none where there is no directory.
pub(super) fn names(dir: &Path, ending: &str) -> Result<Vec<String>> {
    let wrong = |source| ConfigError::Read { path: dir.to_owned(), source };
    let listed = match std::fs::read_dir(dir) {
        Err(error) if is_absence(&error) => return Ok(Vec::new()),
        listed => listed.map_err(wrong)?,
    };
    let mut names = Vec::new();
    for entry in listed {
        let name = entry.map_err(wrong)?.file_name().to_string_lossy().into_owned();
        if name.ends_with(ending) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// A pipe or a device in a file's place would be waited for, or never end.
fn open(path: &Path) -> io::Result<Option<File>> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) if file.metadata()?.is_file() => Ok(Some(file)),
        Ok(_) => Err(io::Error::other("it is not a file")),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absence_is_no_error_and_anything_else_is() {
        let dir = tempfile::tempdir().unwrap();
        assert!(text(&dir.path().join("none")).unwrap().is_none());
        assert!(matches!(text(dir.path()), Err(ConfigError::Read { .. })));
        assert!(names(&dir.path().join("none"), ".conf").unwrap().is_empty());
        let pipe = dir.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        assert!(matches!(text(&pipe), Err(ConfigError::Read { .. })));
    }

    #[test]
    fn a_file_without_end_is_not_read_to_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("large");
        File::create(&path).unwrap().set_len(MAX_FILE + 1).unwrap();
        assert!(matches!(text(&path), Err(ConfigError::TooLarge { .. })));
    }
}
