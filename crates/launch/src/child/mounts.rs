//! Exec islands and mounts. Every path is opened below the root's own descriptor.

use std::os::fd::{AsFd as _, OwnedFd};

use rustix::fs::{AtFlags, FileType, Mode, ResolveFlags, chmodat, fstat};
use rustix::io::Errno;
use rustix::mount::{MoveMountFlags, OpenTreeFlags, move_mount, open_tree};
use sys::mount::{Change, Depth, Propagation, attr, set_attributes};

use super::filesystems::{self, Early, PROC_ATTRIBUTES};
use super::points::{make_in_place, provide};
use super::{At as _, Inheritance, Trees, cgroups, copies};
use crate::channel::Fault;
use crate::plan::{Filesystem, InRoot, Options, Plan, PlannedMount, ReadOnly, RootMode, Source};
use crate::step::Step;
use crate::trees::open_here;

pub(super) use super::filesystems::private_proc;
pub(super) use super::lookup::{open_below, open_in_root, open_point};
pub(super) use super::made::Made;
pub(super) use super::points::{Kind, ensure};

/// Makes the mount points that lie on the root itself, before the islands make parts of it read-only.
/// Without islands a mount point is made when it is needed.
pub(super) fn make_mount_points(plan: &Plan, root: &OwnedFd, trees: &Trees) -> Result<(), Fault> {
    if plan.islands.is_empty() && plan.files.is_empty() {
        return Ok(());
    }
    for (index, mount) in plan.mounts.iter().enumerate() {
        let covered =
            plan.mounts.iter().take(index).any(|earlier| lies_below(&mount.target, &earlier.target));
        if !covered {
            let kind = kind_of(plan, mount, trees).at(Step::MountPoint, index)?;
            provide(root, &mount.target, kind, plan.author).at(Step::MountPoint, index)?;
        }
    }
    for (index, file) in plan.files.iter().enumerate() {
        ensure(root, &file.target, Kind::File).at(Step::File, index)?;
    }
    Ok(())
}

fn lies_below(path: &InRoot, ancestor: &InRoot) -> bool {
    let rest = path.relative().to_bytes().strip_prefix(ancestor.relative().to_bytes());
    rest.is_some_and(|rest| rest.first() == Some(&b'/'))
}

fn kind_of(plan: &Plan, mount: &PlannedMount, trees: &Trees) -> Result<Kind, Errno> {
    match mount.source {
        Source::Tree(index) => kind_to_cover(mount, trees.get(plan.slot(index).ok_or(Errno::BADMSG)?)?),
        _ => Ok(Kind::Directory),
    }
}

fn kind_to_cover(mount: &PlannedMount, tree: &OwnedFd) -> Result<Kind, Errno> {
    if !matches!(mount.source, Source::Tree(_)) {
        return Ok(Kind::Directory);
    }
    let directory = FileType::from_raw_mode(fstat(tree)?.st_mode) == FileType::Directory;
    Ok(if directory { Kind::Directory } else { Kind::File })
}

/// Binds every island over itself, read-only and executable, while the root around it is noexec.
pub(super) fn bind_islands(plan: &Plan, root: &OwnedFd) -> Result<(), Fault> {
    let change =
        Change { set: attr::RDONLY | attr::NOSUID | attr::NODEV, clear: attr::NOEXEC, ..Change::default() };
    for (index, island) in plan.islands.iter().enumerate() {
        bind_over_itself(root, island, change).at(Step::Island, index)?;
    }
    Ok(())
}

/// A mount of `path` over itself, with attributes of its own.
fn bind_over_itself(root: &OwnedFd, path: &InRoot, change: Change<'_>) -> Result<(), Errno> {
    let place = open_below(root, path.relative(), ResolveFlags::NO_SYMLINKS)?;
    bind_descriptor_over_itself(&place, Depth::Single, change)
}

/// The same for a place that is already open, with what is mounted below it if `depth` says so. Only the
/// mount itself is changed.
pub(super) fn bind_descriptor_over_itself(
    place: &OwnedFd,
    depth: Depth,
    change: Change<'_>,
) -> Result<(), Errno> {
    let copy = if depth == Depth::Single { clone_of(place)? } else { clone_with_mounts(place)? };
    set_attributes(copy.as_fd(), Depth::Single, change)?;
    attach(&copy, place)
}

const CLONE: OpenTreeFlags = OpenTreeFlags::OPEN_TREE_CLONE
    .union(OpenTreeFlags::OPEN_TREE_CLOEXEC)
    .union(OpenTreeFlags::AT_EMPTY_PATH);

/// A detached clone of what `place` refers to.
pub(super) fn clone_of(place: &OwnedFd) -> Result<OwnedFd, Errno> {
    open_tree(place, c"", CLONE)
}

/// The same, with everything that is mounted below.
pub(super) fn clone_with_mounts(place: &OwnedFd) -> Result<OwnedFd, Errno> {
    open_tree(place, c"", CLONE | OpenTreeFlags::AT_RECURSIVE)
}

/// Attaches a detached mount at `place`.
pub(super) fn attach(mount: &OwnedFd, place: &OwnedFd) -> Result<(), Errno> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    move_mount(mount, c"", place, c"", flags)
}

/// Makes and attaches every mount of the plan, in order. A mount on `/` is the root from there on.
pub(super) fn attach_all<'a>(
    inherited: &Inheritance<'a>,
    root: &mut OwnedFd,
    proc: &'a OwnedFd,
    trees: &mut Trees,
    early: &mut Early,
) -> Result<Made<'a>, Fault> {
    let plan = inherited.plan;
    let mut made = Made::default();
    for (index, mount) in plan.mounts.iter().enumerate() {
        if mount.is_own_proc() {
            show_proc(mount, proc).at(Step::Mount, index)?;
            place(plan, root, mount, proc).at(Step::Attach, index)?;
            made.proc = Some(proc);
            continue;
        }
        let tree = match &mount.source {
            Source::Standing(data) => {
                change_standing(root, mount, data).at(Step::Mount, index)?;
                continue;
            }
            Source::Filesystem(filesystem) => {
                let tree = new(plan, root, mount, filesystem, early.take(index));
                tree.map_err(|refusal| refusal.at(index))?
            }
            Source::Tree(number) => tree(plan, trees, *number, (index, mount))?,
            Source::Cgroups => cgroups::make(inherited, &mount.options).at(Step::Mount, index)?,
        };
        arrange(&tree, &mount.options).at(Step::Mount, index)?;
        if !is_old(mount) {
            place(plan, root, mount, &tree).at(Step::Attach, index)?;
        }
        if matches!(mount.source, Source::Cgroups) {
            cgroups::fill(inherited, &tree, &mount.options).at(Step::Mount, index)?;
        }
        if mount.target.is_root() {
            *root = tree;
        } else {
            made.keep(mount, tree).at(Step::Mount, index)?;
        }
    }
    Ok(made)
}

/// The procfs that we hold has the attributes that everybody gives one; others are added.
fn show_proc(mount: &PlannedMount, proc: &OwnedFd) -> Result<(), Errno> {
    let options = &mount.options;
    change(proc, options.set & !PROC_ATTRIBUTES, options.clear, Depth::Single)?;
    arrange(proc, options)
}

fn is_old(mount: &PlannedMount) -> bool {
    matches!(&mount.source, Source::Filesystem(filesystem) if filesystem.old.is_some())
}

/// A new filesystem. One that mount(2) makes is attached with that; the others are attached nowhere.
fn new(
    plan: &Plan,
    root: &OwnedFd,
    mount: &PlannedMount,
    filesystem: &Filesystem,
    early: Option<OwnedFd>,
) -> Result<OwnedFd, filesystems::Refusal> {
    match (&filesystem.old, early) {
        (Some((flags, options)), _) => {
            let point = point(plan, root, mount, Kind::Directory)?;
            filesystems::make_old(filesystem, (*flags, options), &point)?;
            let made = open_point(root, &mount.target)?;
            let waits = filesystem.read_only == ReadOnly::AtTheEnd;
            let set = if waits { mount.options.set & !attr::RDONLY } else { mount.options.set };
            change(&made, set, mount.options.clear, Depth::Single)?;
            prepare(mount, &made, &point)?;
            Ok(made)
        }
        (None, Some(made)) => Ok(made),
        (None, None) => filesystems::make(filesystem, mount.options.set),
    }
}

/// What is mounted at the target gets other attributes; those that nobody mentions stay, as in [`tree`].
fn change_standing(
    root: &OwnedFd,
    mount: &PlannedMount,
    data: &[(std::ffi::CString, Option<std::ffi::CString>)],
) -> Result<(), Errno> {
    let place = open_point(root, &mount.target)?;
    if !data.is_empty() {
        filesystems::reconfigure(&place, data)?;
    }
    change(&place, mount.options.set, mount.options.clear, Depth::Single)?;
    arrange(&place, &mount.options)
}

/// Attaches `tree` where `mount` wants it.
fn place(plan: &Plan, root: &OwnedFd, mount: &PlannedMount, tree: &OwnedFd) -> Result<(), Errno> {
    let point = match open_point(root, &mount.target) {
        Err(Errno::NOENT) => point(plan, root, mount, kind_to_cover(mount, tree)?)?,
        other => {
            let point = other?;
            prepare(mount, tree, &point)?;
            point
        }
    };
    attach(tree, &point)
}

/// The target, made if it is missing.
fn point(plan: &Plan, root: &OwnedFd, mount: &PlannedMount, kind: Kind) -> Result<OwnedFd, Errno> {
    if mount.target.is_system() {
        match make_in_place(root, &mount.target, kind) {
            // Its directory is missing as well.
            Err(Errno::NOENT) => {}
            other => return other,
        }
    }
    provide(root, &mount.target, kind, plan.author)?;
    open_point(root, &mount.target)
}

/// A new filesystem may take over the mode, or the content, of the directory that it covers.
fn prepare(mount: &PlannedMount, tree: &OwnedFd, point: &OwnedFd) -> Result<(), Errno> {
    let Source::Filesystem(filesystem) = &mount.source else { return Ok(()) };
    if filesystem.root_mode == RootMode::Covered {
        let mode = Mode::from_raw_mode(fstat(point)?.st_mode & 0o7777);
        chmodat(tree, c".", mode, AtFlags::empty())?;
    }
    if mount.options.copies_up { copies::copy_directory(point, tree) } else { Ok(()) }
}

/// A tree that the parent sent, or that is opened now. Attributes that it has and nobody mentions stay: in a
/// user namespace they may be locked, and outside of one they are the host's wish.
fn tree(
    plan: &Plan,
    trees: &mut Trees,
    number: usize,
    (index, mount): (usize, &PlannedMount),
) -> Result<OwnedFd, Fault> {
    let tree = match (plan.slot(number), plan.trees.get(number)) {
        (Some(slot), _) => trees.take(slot).at(Step::Mount, index)?,
        (None, Some(request)) => open_here(request).at(Step::Source, number)?,
        (None, None) => return Err(Errno::BADMSG).at(Step::Mount, index),
    };
    change(&tree, mount.options.set, mount.options.clear, Depth::Single).at(Step::Mount, index)?;
    Ok(tree)
}

fn arrange(tree: &OwnedFd, options: &Options) -> Result<(), Errno> {
    change(tree, options.recursive_set, options.recursive_clear, Depth::Recursive)?;
    match options.propagation {
        Some((propagation, depth)) => {
            set_attributes(tree.as_fd(), depth, Change { propagation, ..Change::default() })
        }
        None => Ok(()),
    }
}

/// Attaches the parent's trees and none of the kernel's filesystems: those hold nothing while nothing runs.
pub(super) fn attach_trees(plan: &Plan, root: &OwnedFd, trees: &mut Trees) -> Result<(), Fault> {
    for (index, mount) in plan.mounts.iter().enumerate() {
        if let Source::Tree(number) = mount.source {
            let tree = tree(plan, trees, number, (index, mount))?;
            arrange(&tree, &mount.options).at(Step::Mount, index)?;
            place(plan, root, mount, &tree).at(Step::Attach, index)?;
        }
    }
    Ok(())
}

pub(super) fn change(tree: &OwnedFd, set: u64, clear: u64, depth: Depth) -> Result<(), Errno> {
    if set | clear == 0 {
        return Ok(());
    }
    let change = Change { set, clear, propagation: Propagation::Unchanged, idmap: None };
    set_attributes(tree.as_fd(), depth, change)
}
