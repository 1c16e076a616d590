//! mmap(2) of files that stay as they are, and malloc_trim(3).

use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::ptr::NonNull;

use rustix::fs::FileType;
use rustix::mm::{MapFlags, ProtFlags};

/// Gives the C library's free memory back to the kernel. Takes the allocator's locks, so it is not for
/// the time between clone and exec.
pub fn trim() {
    // SAFETY: touches only memory that the allocator holds free; 0 keeps none of it at the top.
    #[cfg(target_env = "gnu")]
    let _whether_any_was = unsafe { libc::malloc_trim(0) };
}

/// A whole file as bytes in memory, of which only what is looked at is read.
#[derive(Debug)]
pub struct Mapped {
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: the bytes are only ever read, and the mapping belongs to the process and to none of its threads.
unsafe impl Send for Mapped {}
// SAFETY: as above.
unsafe impl Sync for Mapped {}

impl Mapped {
    /// Maps a file that holds something, that nobody may write, and that belongs to this process's user or to root.
    ///
    /// Whoever makes such a file writes it under another name, takes the right to write it away, and renames it; a
    /// new one takes its place by renaming too, and who has the old one mapped keeps it.
    ///
    /// # Errors
    /// [`io::ErrorKind::PermissionDenied`] for a file that somebody may write or that belongs to somebody else, and
    /// [`io::ErrorKind::InvalidInput`] for an empty one and for what is no file; otherwise what the system said.
    pub fn whole(file: &File) -> io::Result<Self> {
        let status = rustix::fs::fstat(file.as_fd())?;
        if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile || status.st_size == 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file, or empty"));
        }
        let ours = [0, rustix::process::geteuid().as_raw()].contains(&status.st_uid);
        if !ours || status.st_mode & 0o222 != 0 {
            let reason = "it could change while it is read: it may be written, or it is somebody else's";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
        }
        let length = usize::try_from(status.st_size).map_err(io::Error::other)?;
        let (protection, flags) = (ProtFlags::READ, MapFlags::PRIVATE);
        // SAFETY: the kernel chooses the place, so no memory of ours is replaced. That the bytes stay as they are
        // while they are borrowed, and are not cut off, nobody but the file's owner and root can prevent, who first
        // would have to allow themselves to write it; both may write this process's memory as well.
        let start =
            unsafe { rustix::mm::mmap(std::ptr::null_mut(), length, protection, flags, file.as_fd(), 0) }?;
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { start, length })
    }

    /// The file's bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: `whole` mapped so many bytes there for reading, and they stay until `self` is dropped.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: exactly what `whole` mapped, and nobody borrows it any more.
        let _cannot_fail = unsafe { rustix::mm::munmap(self.start.as_ptr().cast::<c_void>(), self.length) };
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn file(bytes: &[u8], mode: u32) -> (tempfile::TempDir, File) {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, bytes).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let file = File::open(path).unwrap();
        (directory, file)
    }

    #[test]
    fn a_file_that_is_replaced_stays_as_it_was_mapped() {
        let (directory, opened) = file(b"the old one", 0o444);
        let mapped = Mapped::whole(&opened).unwrap();
        let (other, _) = file(b"new", 0o444);
        std::fs::rename(other.path().join("file"), directory.path().join("file")).unwrap();
        drop(opened);
        assert_eq!(std::thread::spawn(move || mapped.bytes().to_vec()).join().unwrap(), b"the old one");
    }

    #[test]
    fn what_somebody_may_write_is_not_mapped() {
        for mode in [0o644, 0o464, 0o446] {
            let (_directory, opened) = file(b"x", mode);
            assert_eq!(Mapped::whole(&opened).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        }
    }

    #[test]
    fn nothing_and_a_directory_are_no_files() {
        let (directory, empty) = file(b"", 0o444);
        assert_eq!(Mapped::whole(&empty).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        let opened = File::open(directory.path()).unwrap();
        assert_eq!(Mapped::whole(&opened).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
