//! Clearing up after an engine that was killed.

use rustix::process::Signal;

use super::Group;
use crate::error::LaunchError;

/// Kills whatever lives in the group at `path` and removes it: recovery after a killed engine.
///
/// # Errors
/// [`LaunchError::Host`] if processes outlive it or a directory stays.
pub fn sweep(path: &str) -> Result<(), LaunchError> {
    let Some(group) = Group::at(path) else { return Ok(()) };
    group.kill_all(Signal::KILL.as_raw())?;
    group.remove()
}
