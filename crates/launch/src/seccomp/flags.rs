//! How a filter is installed, and whether somebody listens to it.

use model::spec::{Seccomp, SeccompAction};
use sys::seccomp::Flags;

use super::machine::NATIVE;
use super::tree::Decision;
use super::{RET_ALLOW, RET_LOG, SeccompError};

/// The flags of `profile`, whose decisions about this machine's own calls are `native`.
///
/// # Errors
/// [`SeccompError`] for a flag that nobody knows, and for a listener who could not be told.
pub(super) fn read(profile: &Seccomp, native: &[(u32, Decision<'_>)]) -> Result<Flags, SeccompError> {
    if profile.listener_path.is_empty() && !profile.listener_metadata.is_empty() {
        return Err(SeccompError::Metadata);
    }
    let flags = profile.flags.iter().try_fold(Flags::NONE, |flags, name| Ok(flags.with(flag(name)?)))?;
    if !notifies(profile)? {
        // Without a listener there is nobody to wait for, and the kernel would refuse it.
        return Ok(flags.without(Flags::WAIT_KILLABLE_RECV));
    }
    if profile.listener_path.is_empty() {
        return Err(SeccompError::NoListener);
    }
    if !allows_sendmsg(native) {
        return Err(SeccompError::Sendmsg);
    }
    Ok(flags.with(Flags::NEW_LISTENER))
}

/// The specification's names.
pub(super) const FLAGS: [(&str, Flags); 4] = [
    ("SECCOMP_FILTER_FLAG_LOG", Flags::LOG),
    ("SECCOMP_FILTER_FLAG_SPEC_ALLOW", Flags::SPEC_ALLOW),
    // Threads are to agree on a filter: there is one.
    ("SECCOMP_FILTER_FLAG_TSYNC", Flags::NONE),
    ("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", Flags::WAIT_KILLABLE_RECV),
];

fn flag(name: &str) -> Result<Flags, SeccompError> {
    let found = FLAGS.iter().find(|(known, _)| *known == name).map(|(_, flag)| *flag);
    found.ok_or_else(|| SeccompError::Flag(name.to_owned()))
}

/// Whoever is asked about every call is asked about those with which they are introduced.
fn notifies(profile: &Seccomp) -> Result<bool, SeccompError> {
    if profile.default_action == SeccompAction::Notify {
        return Err(SeccompError::NotifyAlways);
    }
    Ok(profile.syscalls.iter().any(|rule| rule.action == SeccompAction::Notify))
}

/// The filter is in force when its listener is sent out.
fn allows_sendmsg(native: &[(u32, Decision<'_>)]) -> bool {
    let mut calls = NATIVE.calls.iter();
    let sendmsg = calls.find(|(name, _)| *name == "sendmsg").map(|(_, number)| *number);
    native.iter().filter(|(number, _)| Some(*number) == sendmsg).all(|(_, decision)| {
        decision.conditional.is_empty() && matches!(decision.otherwise, RET_ALLOW | RET_LOG)
    })
}
