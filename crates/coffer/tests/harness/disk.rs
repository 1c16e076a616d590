//! A disk that is there for one test: a file behind a loop device, with a filesystem on it.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::done;

/// The device and where it is mounted, for as long as the value lives.
pub(crate) struct Disk {
    directory: TempDir,
    pub(crate) device: String,
}

impl Disk {
    pub(crate) fn new(megabytes: u64) -> Self {
        let directory = tempfile::Builder::new().prefix("coffer-disk-").tempdir().unwrap();
        let file = directory.path().join("file");
        std::fs::File::create(&file).unwrap().set_len(megabytes << 20).unwrap();
        done(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&file));
        let device = done(Command::new("losetup").args(["--find", "--show"]).arg(&file)).trim().to_owned();
        let disk = Self { directory, device };
        std::fs::create_dir(disk.path()).unwrap();
        done(Command::new("mount").arg(&disk.device).arg(disk.path()));
        disk
    }

    /// Where its files are.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("mounted")
    }

    /// `7:0`
    pub(crate) fn numbers(&self) -> String {
        let name = Path::new(&self.device).file_name().unwrap().to_str().unwrap();
        std::fs::read_to_string(format!("/sys/block/{name}/dev")).unwrap().trim().to_owned()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _gone_with_the_machine = Command::new("umount").arg("--lazy").arg(self.path()).status();
        let _likewise = Command::new("losetup").arg("--detach").arg(&self.device).status();
    }
}
