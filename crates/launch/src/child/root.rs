//! The root filesystem: receiving it, attaching it, and leaving the host's tree behind.

use std::os::fd::{AsFd as _, OwnedFd};

use rustix::fs::CWD;
use rustix::io::Errno;
use rustix::mount::{MoveMountFlags, UnmountFlags, move_mount, unmount};
use sys::mount::{Change, Depth, attr, set_attributes};

use super::{At as _, Trees};
use crate::channel::{Channel, Fault, MAX_DESCRIPTORS, Message};
use crate::plan::{Plan, RootChange};
use crate::step::Step;

/// Takes the parent's trees, in as many packets as they need.
pub(super) fn receive(channel: &Channel) -> Result<Trees, Fault> {
    let mut trees = Trees { slots: [const { None }; MAX_DESCRIPTORS] };
    let mut arrived = 0;
    let message = channel
        .receive(|descriptor| {
            if let Some(slot) = trees.slots.get_mut(arrived) {
                *slot = Some(descriptor);
            }
            arrived += 1;
        })
        .at(Step::Handshake, 0)?;
    match message {
        Some(Message::Trees(count)) if usize::from(count) == arrived => Ok(trees),
        Some(_) => Err(Errno::BADMSG).at(Step::Handshake, 0),
        None => Err(Errno::PIPE).at(Step::Handshake, 0),
    }
}

/// Attaches the root on top of the host's `/`, where [`pivot`] can find it.
pub(super) fn attach(trees: &mut Trees) -> Result<OwnedFd, Fault> {
    let root = trees.take(0).at(Step::Root, 0)?;
    quiet_host_tree().at(Step::Root, 0)?;
    move_mount(&root, c"", CWD, c"/", MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH).at(Step::Root, 0)?;
    Ok(root)
}

/// In a namespace of another user the copied mounts are slaves already; elsewhere, and against a shared
/// root that pivot_root refuses, they are made private.
fn quiet_host_tree() -> Result<(), Errno> {
    rustix::mount::mount_change(
        c"/",
        rustix::mount::MountPropagationFlags::PRIVATE | rustix::mount::MountPropagationFlags::REC,
    )
}

/// Makes the root read-only if it is to be; the mounts on it keep their own mode.
pub(super) fn protect(plan: &Plan, root: &OwnedFd) -> Result<(), Fault> {
    if !plan.root.read_only {
        return Ok(());
    }
    let change = Change { set: attr::RDONLY, ..Change::default() };
    set_attributes(root.as_fd(), Depth::Single, change).at(Step::Root, 0)
}

/// As elsewhere, a working directory that does not exist is made.
pub(super) fn make_working_directory(plan: &Plan, root: &OwnedFd) -> Result<(), Fault> {
    match super::mounts::ensure(root, &plan.process.cwd, super::mounts::Kind::Directory) {
        // What cannot be made may still be there, or be refused when it is entered.
        Ok(()) | Err(Errno::ROFS | Errno::ACCESS | Errno::NOTDIR | Errno::LOOP | Errno::XDEV) => Ok(()),
        Err(errno) => Err(errno).at(Step::WorkingDirectory, 0),
    }
}

/// Swaps the roots and drops the host's tree: no path leads back.
pub(super) fn pivot(plan: &Plan, root: &OwnedFd) -> Result<(), Fault> {
    rustix::process::fchdir(root).at(Step::Pivot, 0)?;
    if plan.manner.root == RootChange::Chroot {
        return rustix::process::chroot(c".").at(Step::Pivot, 0);
    }
    rustix::process::pivot_root(c".", c".").at(Step::Pivot, 0)?;
    unmount(c".", UnmountFlags::DETACH).at(Step::Pivot, 0)?;
    rustix::process::chdir(c"/").at(Step::Pivot, 0)
}
