//! Places to write to, cleaned up again.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

/// Directories that programs write to, most usual first.
pub(super) const USUAL: [&str; 6] = ["/tmp", "/dev/shm", "/var/tmp", "/run", "/", "."];

/// A directory of our own, removed with everything in it when it is dropped.
pub(super) struct Scratch {
    path: PathBuf,
    /// The parent, if it did not exist before.
    made: Option<PathBuf>,
}

impl Scratch {
    /// In `parent`, which is made if it does not exist.
    ///
    /// # Errors
    /// What the kernel says of the last step.
    pub(super) fn in_dir(parent: &str) -> io::Result<Self> {
        let parent = Path::new(parent);
        let made = if parent.exists() {
            None
        } else {
            fs::create_dir(parent)?;
            Some(parent.to_owned())
        };
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!(".coffer-probe-{}-{number}", process::id()));
        // The guard first, so that a refusal removes the parent again.
        let scratch = Self { path, made };
        fs::create_dir(&scratch.path)?;
        Ok(scratch)
    }

    /// In the first place that lets us.
    ///
    /// # Errors
    /// What the kernel says of the last place.
    pub(super) fn anywhere() -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for parent in USUAL {
            match Self::in_dir(parent) {
                Ok(scratch) => return Ok(scratch),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Copies a program to here, for everybody to execute.
    ///
    /// # Errors
    /// What the kernel says of reading, writing or chmod.
    pub(super) fn drop_program(&self, source: &str, name: &str) -> io::Result<PathBuf> {
        let target = self.path.join(name);
        // Not fs::copy: its copy_file_range and reflinks are not what an attacker would need.
        fs::write(&target, fs::read(source)?)?;
        fs::set_permissions(&target, fs::Permissions::from_mode(0o755))?;
        Ok(target)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nothing to do about a failure: the container's root goes away with the container.
        let _gone = fs::remove_dir_all(&self.path);
        if let Some(parent) = &self.made {
            let _gone = fs::remove_dir(parent);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scratch_directory_leaves_nothing_behind() {
        let outer = Scratch::anywhere().unwrap();
        let parent = outer.path().join("new");
        let scratch = Scratch::in_dir(parent.to_str().unwrap()).unwrap();
        scratch.drop_program("/proc/self/cmdline", "copy").unwrap();
        assert!(parent.exists());
        drop(scratch);
        assert!(!parent.exists());
    }
}
