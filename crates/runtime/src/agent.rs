//! The seccomp agent of a profile: whoever answers for the calls that its filter passes on.

use std::os::fd::{AsFd as _, OwnedFd};

use launch::LaunchError;
use launch::seccomp::agent::{self, ProcessState};
use model::spec::Spec;

use crate::state::{OCI_VERSION, Record, Status};

/// Hands the listener of the filter of `pid` to the agent that the specification names.
pub(crate) fn of<'a>(
    spec: &'a Spec,
    record: &'a Record,
    (status, pid): (Status, i32),
) -> impl FnMut(OwnedFd) -> Result<(), LaunchError> + 'a {
    move |listener| {
        // A filter that asks nobody has no listener.
        let profile = spec.linux.seccomp.as_ref().ok_or(LaunchError::Died)?;
        let state = record.state(spec, status);
        let told = ProcessState::new(OCI_VERSION, pid, &profile.listener_metadata, &state);
        // Text and numbers: there is nothing in it that has no JSON.
        let told = serde_json::to_vec(&told).unwrap_or_default();
        agent::tell(&profile.listener_path, &told, listener.as_fd())
    }
}
