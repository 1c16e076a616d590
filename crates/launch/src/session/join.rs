//! Going into a session that is there already: no fork, no helper, and the right to mount at once.

use std::ffi::CString;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::fs::{CWD, Mode, OFlags, fstat};
use rustix::process::{chdir, fchdir, getcwd};
use sys::clone::flag;
use sys::namespace::{setns, unshare};

use super::become_root;
use crate::error::LaunchError;

/// Where the caller is afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// In the session, as its root.
    Inside,
    /// Where it was: that process has ended, or is none of the caller's.
    Outside,
}

/// Joins the user and mount namespace of the process behind a pidfd. The caller must have one thread.
///
/// # Errors
/// [`LaunchError::Host`], when it is too late to stay outside.
pub fn join(keeper: BorrowedFd<'_>) -> Result<Joined, LaunchError> {
    let here = WorkingDirectory::now();
    let kinds = if here.is_some() { flag::NEWUSER | flag::NEWNS } else { flag::NEWUSER };
    if setns(keeper, kinds).is_err() {
        return Ok(Joined::Outside);
    }
    become_root()?;
    match here {
        Some(here) => here.go_back()?,
        // A copy of the mounts that are here leaves the directory alone.
        None => unshare(flag::NEWNS).map_err(LaunchError::host("copy the mounts", ""))?,
    }
    Ok(Joined::Inside)
}

/// setns(2) leaves its caller at the root of the mount namespace.
struct WorkingDirectory {
    path: Option<CString>,
    directory: OwnedFd,
}

impl WorkingDirectory {
    /// Nothing where the caller may not be: root's directory, after `sudo -u`.
    fn now() -> Option<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::openat(CWD, ".", flags, Mode::empty()).ok()?;
        Some(Self { path: getcwd(Vec::new()).ok(), directory })
    }

    /// By its path, so that it can be named; by its descriptor where the path leads elsewhere.
    fn go_back(&self) -> Result<(), LaunchError> {
        let by_path = self.path.as_ref().is_some_and(|path| chdir(path.as_c_str()).is_ok()) && self.is_here();
        if by_path {
            return Ok(());
        }
        fchdir(&self.directory).map_err(LaunchError::host("go back to the working directory", ""))
    }

    fn is_here(&self) -> bool {
        let here = rustix::fs::stat(".").map(|stat| (stat.st_dev, stat.st_ino));
        let meant = fstat(self.directory.as_fd()).map(|stat| (stat.st_dev, stat.st_ino));
        here.is_ok() && here == meant
    }
}
