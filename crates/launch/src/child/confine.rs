//! Giving up what the container must not have, in the order in which each step still allows the next.

use std::os::fd::AsFd as _;

use rustix::fs::{CWD, Gid, Mode, OFlags, ResolveFlags, Uid, openat};
use rustix::io::Errno;
use rustix::process::Signal;
use rustix::thread::CapabilitySets;
use sys::landlock::{Ruleset, right};

use super::At as _;
use super::mounts::open_in_root;
use crate::channel::{Channel, Fault, Message};
use crate::plan::{CapabilityPlan, FilterTime, Keeper, Keyring, LandlockPlan, Moved, Plan, ProcessPlan};
use crate::step::Step;

/// Bounding set, ids, working directory, capabilities, in that order: the bounding set needs
/// CAP_SETPCAP, the ids need CAP_SETUID, and the directory is entered with the user's own rights.
pub(super) fn identity(plan: &Plan) -> Result<(), Fault> {
    let process = &plan.process;
    if plan.manner.keyring == Keyring::Own {
        leave_keys()?;
    }
    rustix::process::umask(Mode::from_raw_mode(process.umask));
    sys::capability::drop_bounding(process.capabilities.bounding).at(Step::Capabilities, 0)?;
    rustix::thread::set_keep_capabilities(true).at(Step::Capabilities, 1)?;
    become_user(process, plan.has_user_namespace())?;
    rustix::thread::set_keep_capabilities(false).at(Step::Capabilities, 2)?;
    enter_working_directory(process)?;
    set_capabilities(&plan.waiting_capabilities()).at(Step::Capabilities, 3)?;
    // The container does not outlive its engine unnoticed; a change of ids would clear this.
    let signal = (plan.manner.keeper == Keeper::Starter).then_some(Signal::KILL);
    rustix::process::set_parent_process_death_signal(signal).at(Step::Session, 2)
}

fn leave_keys() -> Result<(), Fault> {
    match sys::keyring::join_new_session() {
        // A kernel without key management has no keys to leak.
        Ok(()) | Err(Errno::NOSYS) => Ok(()),
        Err(errno) => Err(errno).at(Step::Session, 1),
    }
}

fn become_user(process: &ProcessPlan, mapped: bool) -> Result<(), Fault> {
    let (uid, gid) = (Uid::from_raw(process.uid), Gid::from_raw(process.gid));
    match rustix::thread::set_thread_groups(&process.groups) {
        // A map of one user denies setgroups; then there is nothing to set.
        Err(Errno::PERM) if mapped && process.groups.is_empty() => {}
        other => other.at(Step::Identity, 0)?,
    }
    rustix::thread::set_thread_res_gid(gid, gid, gid).at(Step::Identity, 1)?;
    rustix::thread::set_thread_res_uid(uid, uid, uid).at(Step::Identity, 2)
}

fn drop_to(plan: &CapabilityPlan) -> Result<(), Errno> {
    let sets = CapabilitySets {
        effective: plan.effective,
        permitted: plan.permitted,
        inheritable: plan.inheritable,
    };
    rustix::thread::set_capabilities(None, sets)
}

fn set_capabilities(plan: &CapabilityPlan) -> Result<(), Errno> {
    drop_to(plan)?;
    rustix::thread::clear_ambient_capability_set()?;
    plan.ambient
        .iter()
        .try_for_each(|capability| rustix::thread::configure_capability_in_ambient_set(capability, true))
}

/// No magic link: a working directory of /proc/self/fd/N is how CVE-2024-21626 left the container.
fn enter_working_directory(process: &ProcessPlan) -> Result<(), Fault> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = openat(CWD, c"/", flags, Mode::empty()).at(Step::WorkingDirectory, 0)?;
    let directory = open_in_root(&root, process.cwd.relative(), flags, ResolveFlags::empty())
        .at(Step::WorkingDirectory, 0)?;
    rustix::process::fchdir(&directory).at(Step::WorkingDirectory, 0)
}

/// no_new_privs, Landlock, seccomp: each needs the one before, and the filter would forbid the others.
pub(super) fn restrict(plan: &Plan, channel: &Channel) -> Result<(), Fault> {
    if plan.process.no_new_privileges {
        rustix::thread::set_no_new_privs(true).at(Step::NoNewPrivileges, 0)?;
    }
    if let Some(landlock) = &plan.landlock {
        landlocked(landlock).at(Step::Landlock, 0)?;
    }
    match plan.manner.filter {
        FilterTime::BeforeTheWait => install_filter(plan, channel),
        FilterTime::BeforeExec => Ok(()),
    }
}

/// Right before exec: a foreign filter, and the right to install it.
pub(super) fn finish(plan: &Plan, channel: &Channel) -> Result<(), Fault> {
    if plan.manner.filter == FilterTime::BeforeExec {
        install_filter(plan, channel)?;
    }
    if plan.waiting_capabilities() == plan.process.capabilities {
        return Ok(());
    }
    drop_to(&plan.process.capabilities).at(Step::Capabilities, 4)
}

/// Without no_new_privs this needs CAP_SYS_ADMIN. From here on the filter judges what we do ourselves: where it
/// has a listener, that is sent to the parent, and this process keeps no copy, so that a call which nobody is
/// left to answer fails.
fn install_filter(plan: &Plan, channel: &Channel) -> Result<(), Fault> {
    let Some(filter) = &plan.seccomp else { return Ok(()) };
    match sys::seccomp::install(&filter.program, filter.flags).at(Step::Seccomp, 0)? {
        None => Ok(()),
        Some(listener) => channel.send(Message::Listener, &[listener.as_fd()]).at(Step::Seccomp, 1),
    }
}

/// Everything outside the root is closed, whatever descriptor or link leads there; EXECUTE is allowed
/// on the islands only.
fn landlocked(plan: &LandlockPlan) -> Result<(), Errno> {
    let ruleset = Ruleset::new(plan.rights, plan.scopes)?;
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let root = openat(CWD, c"/", flags, Mode::empty())?;
    if plan.executable.is_empty() {
        ruleset.allow(root.as_fd(), plan.rights)?;
        return ruleset.restrict_self();
    }
    ruleset.allow(root.as_fd(), plan.rights & !right::EXECUTE)?;
    for path in &plan.executable {
        match open_in_root(&root, path, flags, ResolveFlags::NO_SYMLINKS) {
            Ok(place) => ruleset.allow(place.as_fd(), right::EXECUTE)?,
            // A container that runs has moved it away: from there nothing is executed.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) if plan.moved == Moved::Skipped => {}
            Err(errno) => return Err(errno),
        }
    }
    ruleset.restrict_self()
}
