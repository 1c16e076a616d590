//! Visiting a container: a process of ours among its files, with no more rights than its root has over
//! them.

use std::os::fd::BorrowedFd;

use rustix::fs::{CWD, Mode};
use rustix::mount::{OpenTreeFlags, open_tree};
use rustix::process::{DumpableBehavior, Signal};
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::At as _;
use super::enter::join;
use crate::channel::Fault;
use crate::step::Step;
use crate::visit::Sight;

/// What root may do to files; nothing else that a capability allows is any visitor's business.
const OVER_FILES: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::DAC_READ_SEARCH)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::FSETID)
    .union(CapabilitySet::SETFCAP);

/// Goes in and gives up everything else.
pub(crate) fn go_in(
    target: BorrowedFd<'_>,
    kinds: u64,
    sight: Sight,
    kept: &[BorrowedFd<'_>],
) -> Result<(), Fault> {
    join(target, kinds, 3, kept)?;
    settle(sight)
}

/// The same among the files of a container that does not run, once they are put together.
pub(crate) fn stay(sight: Sight, kept: &[BorrowedFd<'_>]) -> Result<(), Fault> {
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable).at(Step::Join, 0)?;
    sys::fds::keep_only(3, kept).at(Step::Join, 1)?;
    settle(sight)
}

fn settle(sight: Sight) -> Result<(), Fault> {
    rustix::process::chdir(c"/").at(Step::Root, 0)?;
    if sight == Sight::Bare {
        // The clone loses its mount with its descriptor, and lives on as the working directory.
        let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
        let root = open_tree(CWD, c"/", flags).at(Step::Root, 0)?;
        rustix::process::fchdir(root).at(Step::Root, 0)?;
    }
    rustix::process::umask(Mode::empty());
    let held = rustix::thread::capabilities(None).at(Step::Capabilities, 0)?;
    let rights = held.permitted & OVER_FILES;
    sys::capability::drop_bounding(rights).at(Step::Capabilities, 0)?;
    let sets = CapabilitySets { effective: rights, permitted: rights, inheritable: CapabilitySet::empty() };
    rustix::thread::set_capabilities(None, sets).at(Step::Capabilities, 3)?;
    rustix::thread::clear_ambient_capability_set().at(Step::Capabilities, 3)?;
    rustix::thread::set_no_new_privs(true).at(Step::NoNewPrivileges, 0)?;
    // A change of rights clears this one, so it comes last.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).at(Step::Session, 2)
}
