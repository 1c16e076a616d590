//! Directories that go away again.

use std::path::{Path, PathBuf};

use crate::shell::Outcome;

/// A new directory; removed when dropped.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// Beside the build's output, so that it lies on a disk and not in memory.
    pub(crate) fn new(name: &str) -> Outcome<Self> {
        Self::within(&target_directory(), name)
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
        Ok(Self(directory))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// A directory within; made if need be.
    pub(crate) fn directory(&self, name: &str) -> Outcome<PathBuf> {
        let directory = self.0.join(name);
        std::fs::create_dir_all(&directory)
            .map_err(|error| format!("cannot make {}: {error}", directory.display()))?;
        Ok(directory)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        match std::fs::remove_dir_all(&self.0) {
            // podman removes its own.
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                eprintln!("left behind: {} ({error})", self.0.display());
            }
            _ => {}
        }
    }
}

/// Where cargo builds: we are `TARGET/TRIPLE/PROFILE/xtask`.
fn target_directory() -> PathBuf {
    let own = std::env::current_exe().ok();
    own.as_deref().and_then(|file| file.ancestors().nth(3)).map_or_else(std::env::temp_dir, Path::to_path_buf)
}
