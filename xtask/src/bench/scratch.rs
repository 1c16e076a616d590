//! Directories that go away again.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shell::{self, Outcome};

/// Size of a disk of one's own; it takes as much as is written to it.
const DISK: u64 = 12 << 30;

/// A new directory; removed when dropped.
pub(crate) struct Scratch {
    directory: PathBuf,
    /// The file that holds its file system, if it has one of its own.
    disk: Option<PathBuf>,
}

impl Scratch {
    /// A new ext4 as Debian makes it, on a loop device: every contestant meets the same one, empty. The
    /// machine's own may be full of history; one without a journal, for instance, passes over every inode
    /// that was deleted in the last minutes, so that each round would slow the next.
    pub(crate) fn disk(name: &str) -> Outcome<Self> {
        Self::disk_for(name, "32768")
    }

    /// The same for files of so many bytes on average.
    pub(crate) fn disk_for(name: &str, bytes: &str) -> Outcome<Self> {
        let mut scratch = Self::new(name)?;
        let disk = scratch.directory.with_extension("ext4");
        let made = std::fs::File::create(&disk).and_then(|file| file.set_len(DISK));
        made.map_err(|error| format!("cannot make {}: {error}", disk.display()))?;
        scratch.disk = Some(disk.clone());
        let now = "lazy_itable_init=0,lazy_journal_init=0";
        shell::capture(Command::new("mkfs.ext4").args(["-q", "-i", bytes, "-E", now]).arg(&disk))?;
        shell::capture(Command::new("mount").args(["-o", "loop"]).arg(&disk).arg(&scratch.directory))?;
        Ok(scratch)
    }

    /// Beside the build's output, so that it lies on a disk and not in memory.
    pub(crate) fn new(name: &str) -> Outcome<Self> {
        Self::within(&shell::target_directory(), name)
    }

    /// Under /run, for what must have a short path: a socket's has at most 107 bytes, podman's run
    /// directory 50.
    pub(crate) fn short(name: &str) -> Outcome<Self> {
        Self::within(Path::new("/run"), name)
    }

    fn within(parent: &Path, name: &str) -> Outcome<Self> {
        let directory = parent.join(format!("bench-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory)
            .map_err(|error| format!("cannot make {}: {error}", directory.display()))?;
        Ok(Self { directory, disk: None })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.directory
    }

    /// A directory within; made if need be.
    pub(crate) fn directory(&self, name: &str) -> Outcome<PathBuf> {
        let directory = self.directory.join(name);
        std::fs::create_dir_all(&directory)
            .map_err(|error| format!("cannot make {}: {error}", directory.display()))?;
        Ok(directory)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(disk) = &self.disk {
            if let Err(error) = shell::capture(Command::new("umount").arg(&self.directory)) {
                eprintln!("left behind: {} ({error})", self.directory.display());
                return;
            }
            let _reported_with_the_directory = std::fs::remove_file(disk);
        }
        match std::fs::remove_dir_all(&self.directory) {
            // podman removes its own.
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                eprintln!("left behind: {} ({error})", self.directory.display());
            }
            _ => {}
        }
    }
}
