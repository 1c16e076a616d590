//! The root filesystem: receiving it, attaching it, and leaving the host's tree behind.

use std::ffi::CStr;
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;
use rustix::mount::{MountPropagationFlags, MoveMountFlags, UnmountFlags, move_mount, unmount};
use sys::mount::{Change, Depth, Propagation, attr, set_attributes};

use super::mounts::clone_with_mounts;
use super::{At as _, Trees};
use crate::channel::{Channel, Fault, MAX_TREES, Message};
use crate::plan::{Author, Opener, Plan, RootChange, RootSource, View};
use crate::step::Step;

/// Takes the parent's trees, in as many packets as they need.
pub(super) fn receive(channel: &Channel) -> Result<Trees, Fault> {
    let mut trees = Trees { slots: [const { None }; MAX_TREES] };
    let mut arrived = 0;
    loop {
        let before = arrived;
        let message = channel
            .receive(|descriptor| {
                if let Some(slot) = trees.slots.get_mut(arrived) {
                    *slot = Some(descriptor);
                }
                arrived += 1;
            })
            .at(Step::Handshake, 0)?;
        match message {
            Some(Message::Trees(left)) if usize::from(left) == arrived - before => return Ok(trees),
            Some(Message::Trees(_)) if before < arrived && arrived < MAX_TREES => {}
            Some(_) => return Err(Errno::BADMSG).at(Step::Handshake, 0),
            None => return Err(Errno::PIPE).at(Step::Handshake, 0),
        }
    }
}

/// Attaches the root where [`leave`] finds it. Hooks of a bundle look for it where the bundle has it.
pub(super) fn attach(plan: &Plan, trees: &mut Trees) -> Result<OwnedFd, Fault> {
    match (plan.root.view, &plan.root.source) {
        (View::Own, RootSource::Directory(path)) => attach_own(plan, trees, path),
        (View::Own, RootSource::Overlay(_)) => attach_own(plan, trees, c"/"),
        (View::Others, RootSource::Directory(path)) => attach_among_others(path),
        (View::Others, RootSource::Overlay(_)) => Err(Errno::INVAL),
    }
    .at(Step::Root, 0)
}

/// On top of a directory of the host's tree, which is ours alone and gone soon. Where a user namespace may
/// not go there, any other will do.
fn attach_own(plan: &Plan, trees: &mut Trees, place: &CStr) -> Result<OwnedFd, Errno> {
    let root = match plan.root.opener {
        Opener::Parent => trees.take(0)?,
        Opener::Child => cut_loose(place)?,
    };
    quiet_host_tree(plan)?;
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_SYMLINKS;
    match move_mount(&root, c"", CWD, place, flags) {
        Err(Errno::ACCESS) => move_mount(&root, c"", CWD, c"/", flags)?,
        other => other?,
    }
    Ok(root)
}

/// A clone of the directory at `place`, for whoever makes a container in a user namespace of their own and
/// has no rights outside.
fn cut_loose(place: &CStr) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = clone_with_mounts(&openat(CWD, place, flags, Mode::empty())?)?;
    let loose = Change { propagation: Propagation::Slave, ..Change::default() };
    set_attributes(root.as_fd(), Depth::Recursive, loose)?;
    Ok(root)
}

/// The directory is that of this namespace, which need not be the one that the parent sees. Whatever is
/// mounted on its clone stays there; the clone itself stays after the container, as it does with runc.
fn attach_among_others(path: &CStr) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let place = openat(CWD, path, flags, Mode::empty())?;
    let root = clone_with_mounts(&place)?;
    let loose = Change { propagation: Propagation::Private, ..Change::default() };
    set_attributes(root.as_fd(), Depth::Recursive, loose)?;
    super::mounts::attach(&root, &place)?;
    Ok(root)
}

/// In a namespace of another user the copied mounts are slaves already; elsewhere, and against a shared
/// root that pivot_root refuses, they are made slaves, or private where nothing is cloned from them any more.
fn quiet_host_tree(plan: &Plan) -> Result<(), Errno> {
    let kind = match plan.author {
        Author::Policy => MountPropagationFlags::PRIVATE,
        Author::Bundle => MountPropagationFlags::DOWNSTREAM,
    };
    rustix::mount::mount_change(c"/", kind | MountPropagationFlags::REC)
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
    if plan.process.cwd.is_root() {
        return Ok(());
    }
    match super::mounts::ensure(root, &plan.process.cwd, super::mounts::Kind::Directory) {
        // What cannot be made may still be there, or be refused when it is entered.
        Ok(()) | Err(Errno::ROFS | Errno::ACCESS | Errno::NOTDIR | Errno::LOOP | Errno::XDEV) => Ok(()),
        Err(errno) => Err(errno).at(Step::WorkingDirectory, 0),
    }
}

/// Makes the root the root. Its propagation comes last: what was mounted up to here is nobody else's.
pub(super) fn leave(plan: &Plan, root: &OwnedFd) -> Result<(), Fault> {
    match (plan.root.view, plan.manner.root) {
        (View::Own, RootChange::Pivot) => pivot(root),
        (View::Others, _) | (_, RootChange::Chroot) => confine(root),
    }
    .at(Step::Pivot, 0)?;
    let Some((propagation, depth)) = plan.root.propagation else { return Ok(()) };
    set_attributes(root.as_fd(), depth, Change { propagation, ..Change::default() }).at(Step::Pivot, 0)
}

/// Swaps the roots and drops the host's tree: no path leads back.
fn pivot(root: &OwnedFd) -> Result<(), Errno> {
    rustix::process::fchdir(root)?;
    rustix::process::pivot_root(c".", c".")?;
    unmount(c".", UnmountFlags::DETACH)?;
    rustix::process::chdir(c"/")
}

/// Where the mounts are those of others, or the host's root cannot be swapped.
fn confine(root: &OwnedFd) -> Result<(), Errno> {
    rustix::process::fchdir(root)?;
    rustix::process::chroot(c".")?;
    rustix::process::chdir(c"/")
}
