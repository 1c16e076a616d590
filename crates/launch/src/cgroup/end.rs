//! The end of a group: of all that lives in it, and of its directories.

use std::collections::BTreeSet;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};

use super::group::{processes_below, with_nested};
use super::layout::UNIFIED;
use super::{Group, Joins, Version, fault};
use crate::error::LaunchError;

/// How often, and how long after another, processes are looked for that were started while others were
/// killed, and a directory is tried that is busy until the last of its processes is reaped: one second.
const ROUNDS: u32 = 200;
const BETWEEN_ROUNDS: Duration = Duration::from_millis(5);

impl Group {
    /// Sends a signal to every process in the group and in groups below. SIGKILL reaches also those that are
    /// frozen, or started meanwhile; another signal, those that are there now.
    ///
    /// # Errors
    /// [`LaunchError::Host`] for a number that is no signal, where the signal may not be sent, and for
    /// processes that outlive it.
    pub fn kill_all(&self, signal: i32) -> Result<(), LaunchError> {
        if signal != Signal::KILL.as_raw() {
            return self.signal_all(signal).map(drop);
        }
        if self.kill_at_once() {
            return Ok(());
        }
        for _ in 0..ROUNDS {
            if self.signal_all(signal)? == Found::Nobody {
                return Ok(());
            }
            // Version 1: what is frozen starts nobody else, and dies when it is thawed.
            self.thaw()?;
            std::thread::sleep(BETWEEN_ROUNDS);
        }
        let path = self.anchor().unwrap_or_default();
        Err(fault("kill all processes in the control group", &path)(Errno::BUSY))
    }

    /// An id may be somebody else's by the time that it is opened: then it is not in the group any more.
    fn signal_all(&self, signal: i32) -> Result<Found, LaunchError> {
        let opened: Vec<(i32, OwnedFd)> = self.everybody().into_iter().filter_map(opened).collect();
        let still = self.everybody();
        for (_, process) in opened.iter().filter(|(pid, _)| still.contains(pid)) {
            match sys::signal::send(process.as_fd(), signal) {
                Ok(()) | Err(Errno::SRCH) => {}
                Err(errno) => return Err(LaunchError::host("send the signal", signal.to_string())(errno)),
            }
        }
        Ok(if still.is_empty() { Found::Nobody } else { Found::Somebody })
    }

    /// Who lives in any of its directories: a start that was killed may have joined only some.
    fn everybody(&self) -> BTreeSet<i32> {
        self.directories().into_iter().flat_map(|(_, directory)| processes_below(directory)).collect()
    }

    /// Version 2 has a file for it (Linux 5.14), also beside version 1. A group that is not there has nobody
    /// in it.
    fn kill_at_once(&self) -> bool {
        let controller = match (self.version(), self.location().joins()) {
            (Version::V2, _) => "",
            (_, Joins::All) => UNIFIED,
            (_, Joins::Needed) => return false,
        };
        let Some(directory) = self.directory(controller) else { return false };
        let killed = std::fs::write(directory.join("cgroup.kill"), "1").is_ok();
        // Version 1's freezer holds them back until they run.
        killed && (self.version() == Version::V2 || self.thaw().is_ok())
    }

    /// Removes the group if nobody lives in it and nothing lies below it, which is what the kernel lets
    /// anybody remove; whether it is gone.
    pub fn remove_empty(&self) -> bool {
        let gone = |directory: PathBuf| matches!(rustix::fs::rmdir(&directory), Ok(()) | Err(Errno::NOENT));
        self.location().unit().is_none()
            && self.directories().into_iter().fold(true, |all, (_, directory)| gone(directory) && all)
    }

    /// Removes the group with those below it, and has systemd forget its unit. Nothing may live in it any
    /// more; what is about to end is waited for.
    ///
    /// # Errors
    /// [`LaunchError::Host`] if a directory stays; [`LaunchError::Systemd`].
    pub fn remove(&self) -> Result<(), LaunchError> {
        let stopped = self.location().unit().map_or(Ok(()), |unit| unit.stop());
        for (_, directory) in self.directories() {
            remove_patiently(directory)?;
        }
        stopped
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Somebody,
    Nobody,
}

fn opened(pid: i32) -> Option<(i32, OwnedFd)> {
    let process = pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()?;
    Some((pid, process))
}

/// The innermost groups first.
fn remove_patiently(directory: PathBuf) -> Result<(), LaunchError> {
    match rustix::fs::rmdir(&directory) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(_) => {}
    }
    with_nested(directory).iter().rev().try_for_each(|directory| remove_one(directory))
}

fn remove_one(directory: &Path) -> Result<(), LaunchError> {
    for _ in 0..ROUNDS {
        match rustix::fs::rmdir(directory) {
            Ok(()) | Err(Errno::NOENT) => return Ok(()),
            Err(Errno::BUSY) => std::thread::sleep(BETWEEN_ROUNDS),
            Err(errno) => return Err(fault("remove the control group", directory)(errno)),
        }
    }
    Err(fault("remove the control group", directory)(Errno::BUSY))
}
