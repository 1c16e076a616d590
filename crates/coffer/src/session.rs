//! The two processes of a command: a user's session with their subordinate ids, and the one that waits
//! while a terminal may be left.

use std::os::fd::{IntoRawFd as _, OwnedFd};

use engine::session::{enter, stay_behind};
use engine::site::Invoker;
use engine::{Detach, DetachKeys, EngineError, session_map};

use crate::errors::Failure;

/// A user's process goes on inside a user namespace of theirs, so that root over their own ids is all
/// that the rest has to know. The process outside waits and passes on how this one ends; a byte through
/// what is returned lets it go before. For root there is nothing to enter, and nobody outside.
pub(crate) fn begin(invoker: Invoker) -> Result<Option<OwnedFd>, Failure> {
    match invoker {
        Invoker::Root => Ok(None),
        Invoker::Rootless { uid, gid } => Ok(Some(enter(&session_map(uid, gid)).map_err(EngineError::from)?)),
    }
}

/// How the container's terminal can be left: by `keys`, after which only this process goes on. For root
/// the process that waits is made here.
pub(crate) fn detachable(keys: DetachKeys, outside: Option<OwnedFd>) -> Result<Detach, Failure> {
    let release = match outside {
        Some(release) => release,
        None => stay_behind().map_err(EngineError::from)?,
    };
    Ok(Detach::Through { keys, release })
}

/// For commands that nobody leaves: the pipe stays open until this process ends, since the one outside
/// listens to it.
pub(crate) fn hold(outside: Option<OwnedFd>) {
    let _until_we_end = outside.map(OwnedFd::into_raw_fd);
}
