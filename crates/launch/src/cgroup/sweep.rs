//! Clearing up after an engine that was killed.

use std::path::Path;

use rustix::io::Errno;
use rustix::process::{Pid, Signal};

use super::{ALWAYS, Group, ROOT, Version, WHEN_NEEDED, fault, version};
use crate::error::LaunchError;

/// Kills whatever lives in the group at `path` and removes it: recovery after a killed engine.
///
/// # Errors
/// [`LaunchError::Host`] if processes outlive it or a directory stays.
pub fn sweep(path: &str) -> Result<(), LaunchError> {
    let relative = path.trim_start_matches('/');
    let Some(group) = Group::at(relative) else { return Ok(()) };
    group.thaw()?;
    let candidates = match version() {
        Version::V2 => vec![Path::new(ROOT).join(relative)],
        _ => {
            let controllers = ALWAYS.iter().chain(&WHEN_NEEDED);
            controllers.map(|controller| Path::new(ROOT).join(controller).join(relative)).collect()
        }
    };
    let present: Vec<_> = candidates.into_iter().filter(|path| path.exists()).collect();
    for directory in &present {
        kill_all(directory);
    }
    present.iter().try_for_each(|directory| remove_patiently(directory))
}

/// Version 2 has `cgroup.kill` (Linux 5.14); elsewhere the ids are read and killed until none is left.
fn kill_all(directory: &Path) {
    if std::fs::write(directory.join("cgroup.kill"), "1").is_ok() {
        return;
    }
    for _ in 0..64 {
        let pids = std::fs::read_to_string(directory.join("cgroup.procs")).unwrap_or_default();
        let mut alive = pids.lines().filter_map(|line| Pid::from_raw(line.parse().ok()?)).peekable();
        if alive.peek().is_none() {
            return;
        }
        for pid in alive {
            let _gone_already = rustix::process::kill_process(pid, Signal::KILL);
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

/// A group stays busy until the last of its processes is reaped.
fn remove_patiently(directory: &Path) -> Result<(), LaunchError> {
    for _ in 0..200 {
        match rustix::fs::rmdir(directory) {
            Ok(()) | Err(Errno::NOENT) => return Ok(()),
            Err(Errno::BUSY) => std::thread::sleep(std::time::Duration::from_millis(5)),
            Err(errno) => return Err(fault("remove the control group", directory)(errno)),
        }
    }
    Err(fault("remove the control group", directory)(Errno::BUSY))
}
