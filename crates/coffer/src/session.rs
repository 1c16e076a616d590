//! The two processes of a command: one in the user's session with their subordinate ids, and one that waits
//! while a terminal may be left.

use std::os::fd::{IntoRawFd as _, OwnedFd};

use engine::session::{Purpose, stay, stay_behind};
use engine::site::Site;
use engine::{Detach, DetachKeys, EngineError};

use crate::errors::Failure;

/// A user's process goes on inside their session, so that root over their own ids is all that the rest
/// has to know. If the session had to be made, a process outside waits and passes on how this one ends; a
/// byte through what is returned lets it go before. Otherwise, and for root, there is nobody outside.
pub(crate) fn begin(site: &Site, purpose: Purpose) -> Result<Option<OwnedFd>, Failure> {
    Ok(engine::session::begin(site, purpose)?)
}

/// How the container's terminal can be left: by `keys`, after which only this process goes on. Where
/// nobody waits outside, the process that waits is made here.
pub(crate) fn detachable(site: &Site, keys: DetachKeys, outside: Option<OwnedFd>) -> Result<Detach, Failure> {
    Ok(Detach::Through { keys, release: behind(site, outside)? })
}

/// From here on this is the process that stays, while another waits in its place until a byte through
/// what is returned lets it go.
pub(crate) fn behind(site: &Site, outside: Option<OwnedFd>) -> Result<OwnedFd, Failure> {
    if let Some(release) = outside {
        return Ok(release);
    }
    let release = stay_behind().map_err(EngineError::from)?;
    stay(site)?;
    Ok(release)
}

/// Enlists a process that was split off.
pub(crate) fn enlist(site: &Site) -> Result<(), Failure> {
    Ok(stay(site)?)
}

/// For commands that nobody leaves: the pipe stays open until this process ends, since the one outside
/// listens to it.
pub(crate) fn hold(outside: Option<OwnedFd>) {
    let _until_we_end = outside.map(OwnedFd::into_raw_fd);
}
