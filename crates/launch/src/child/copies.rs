//! Copying what the image has in a directory into the filesystem that covers it (`tmpcopyup`).
//!
//! Both sides are walked by descriptors, and no link is followed.

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;

use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, RawDir, Stat, Timespec, Timestamps, Uid, chmodat, chownat, fstat,
    mkdirat, mknodat, openat, readlinkat_raw, sendfile, statat, symlinkat, utimensat,
};
use rustix::io::Errno;

/// How deep directories may lie: each level takes stack and descriptors.
const DEEPEST: usize = 100;
/// Room for the entries of a directory; the longest takes less than 300 bytes.
const ENTRIES: usize = 2048;
/// PATH_MAX.
const LONGEST_LINK: usize = 4096;
/// Most that one call copies.
const PIECE: usize = 1 << 24;

/// Copies everything in `from` into `to`, with owners, modes and times.
pub(super) fn copy_directory(from: &OwnedFd, to: &OwnedFd) -> Result<(), Errno> {
    copy_entries(from, to, 0)
}

fn open_directory(parent: &OwnedFd, name: &std::ffi::CStr) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(parent, name, flags, Mode::empty())
}

fn copy_entries(from: &OwnedFd, to: &OwnedFd, depth: usize) -> Result<(), Errno> {
    if depth == DEEPEST {
        return Err(Errno::NAMETOOLONG);
    }
    let listed = open_directory(from, c".")?;
    let mut buffer = [MaybeUninit::uninit(); ENTRIES];
    let mut entries = RawDir::new(&listed, &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = entry.file_name();
        if name != c"." && name != c".." {
            copy_entry(from, to, name, depth)?;
        }
    }
    Ok(())
}

fn copy_entry(from: &OwnedFd, to: &OwnedFd, name: &std::ffi::CStr, depth: usize) -> Result<(), Errno> {
    let stat = statat(from, name, AtFlags::SYMLINK_NOFOLLOW)?;
    let kind = FileType::from_raw_mode(stat.st_mode);
    match kind {
        FileType::Directory => {
            mkdirat(to, name, Mode::RWXU)?;
            copy_entries(&open_directory(from, name)?, &open_directory(to, name)?, depth + 1)?;
        }
        FileType::RegularFile => copy_file(from, to, name)?,
        FileType::Symlink => {
            let mut buffer = [MaybeUninit::uninit(); LONGEST_LINK];
            let (target, _) = readlinkat_raw(from, name, &mut buffer)?;
            symlinkat(&*target, to, name)?;
        }
        kind => mknodat(to, name, kind, Mode::empty(), stat.st_rdev)?,
    }
    take_over(&stat, to, name)
}

fn copy_file(from: &OwnedFd, to: &OwnedFd, name: &std::ffi::CStr) -> Result<(), Errno> {
    let reading = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let source = openat(from, name, reading, Mode::empty())?;
    if FileType::from_raw_mode(fstat(&source)?.st_mode) != FileType::RegularFile {
        return Err(Errno::INVAL);
    }
    let writing = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let target = openat(to, name, writing, Mode::RUSR | Mode::WUSR)?;
    while sendfile(&target, &source, None, PIECE)? > 0 {}
    Ok(())
}

/// The mode comes after the owner, which would clear set-user-id bits; the times come last.
fn take_over(stat: &Stat, to: &OwnedFd, name: &std::ffi::CStr) -> Result<(), Errno> {
    let (uid, gid) = (Uid::from_raw(stat.st_uid), Gid::from_raw(stat.st_gid));
    chownat(to, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::Symlink {
        chmodat(to, name, Mode::from_raw_mode(stat.st_mode & 0o7777), AtFlags::empty())?;
    }
    let time = |seconds, nanoseconds: u64| Timespec { tv_sec: seconds, tv_nsec: nanoseconds as i64 };
    let times = Timestamps {
        last_access: time(stat.st_atime, stat.st_atime_nsec),
        last_modification: time(stat.st_mtime, stat.st_mtime_nsec),
    };
    utimensat(to, name, &times, AtFlags::SYMLINK_NOFOLLOW)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn files_links_and_directories_arrive_as_they_were() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::create_dir_all(from.path().join("a/b")).unwrap();
        std::fs::write(from.path().join("a/b/file"), "content").unwrap();
        std::fs::set_permissions(from.path().join("a/b/file"), std::fs::Permissions::from_mode(0o640))
            .unwrap();
        symlink("/etc/passwd", from.path().join("a/link")).unwrap();
        for number in 0..100 {
            std::fs::write(from.path().join(format!("entry-with-a-long-name-{number}")), "").unwrap();
        }
        let open =
            |directory: &tempfile::TempDir| OwnedFd::from(std::fs::File::open(directory.path()).unwrap());
        copy_directory(&open(&from), &open(&to)).unwrap();
        let copy = to.path().join("a/b/file");
        assert_eq!(std::fs::read_to_string(&copy).unwrap(), "content");
        let (old, new) = (from.path().join("a/b/file").metadata().unwrap(), copy.metadata().unwrap());
        assert_eq!((new.mode(), new.mtime(), new.mtime_nsec()), (old.mode(), old.mtime(), old.mtime_nsec()));
        assert_eq!(std::fs::read_link(to.path().join("a/link")).unwrap().to_str(), Some("/etc/passwd"));
        assert_eq!(std::fs::read_dir(to.path()).unwrap().count(), 101);
    }

    #[test]
    fn directories_without_end_are_refused() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::create_dir_all(from.path().join("d/".repeat(DEEPEST + 1))).unwrap();
        let open =
            |directory: &tempfile::TempDir| OwnedFd::from(std::fs::File::open(directory.path()).unwrap());
        assert_eq!(copy_directory(&open(&from), &open(&to)), Err(Errno::NAMETOOLONG));
    }
}
