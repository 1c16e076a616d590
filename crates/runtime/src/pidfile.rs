//! The file in which an engine finds the number of a process.

use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, openat};

use crate::error::Failure;

/// Who sees it sees a number. Where it is new, whoever kills us leaves nothing behind: it has no name before it
/// is whole. One that is there is replaced.
pub(crate) fn write(path: Option<&str>, pid: i32) -> Result<(), Failure> {
    let Some(path) = path else { return Ok(()) };
    let place = Path::new(path);
    if link(place, pid).is_ok() {
        return Ok(());
    }
    // It is there already, or its file system has no files without a name.
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let draft = place.with_file_name(format!(".{name}"));
    let fault = |error| Failure::io("write the pid file", path)(error);
    std::fs::write(&draft, pid.to_string()).map_err(fault)?;
    std::fs::rename(&draft, place).map_err(fault)
}

/// Writes a file without a name, and gives it one that nobody has.
fn link(place: &Path, pid: i32) -> std::io::Result<()> {
    let directory = place.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let mut file = std::fs::File::from(openat(CWD, directory, flags, Mode::from_raw_mode(0o666))?);
    file.write_all(pid.to_string().as_bytes())?;
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, open, CWD, place, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_the_number_and_nothing_lies_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("pid");
        for pid in [7, 123_456] {
            write(place.to_str(), pid).unwrap();
            assert_eq!(std::fs::read_to_string(&place).unwrap(), pid.to_string());
            assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn a_file_that_is_there_is_replaced_and_not_written_through() {
        let directory = tempfile::tempdir().unwrap();
        let (place, other) = (directory.path().join("pid"), directory.path().join("other"));
        std::fs::write(&other, "mine").unwrap();
        std::os::unix::fs::symlink(&other, &place).unwrap();
        write(place.to_str(), 7).unwrap();
        assert_eq!(std::fs::read_to_string(&other).unwrap(), "mine");
        assert_eq!(std::fs::read_to_string(&place).unwrap(), "7");
    }

    #[test]
    fn a_directory_that_is_not_there_is_an_error() {
        assert!(write(Some("/proc/nowhere/pid"), 7).is_err());
        assert!(write(None, 7).is_ok());
    }
}
