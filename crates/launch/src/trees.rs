//! The parent's half of the mounts: what needs its rights over the host's files.
//!
//! The container's first process is nobody on the host, so the overlay of image layers and every bind
//! of a host path are opened here and sent over as detached mounts. Owners are shifted by idmapping the
//! mount (never by chown): one map on the parent directory covers all layers at once. The writable
//! directory is not mapped, because overlayfs works in it as the host's root, which the map does not
//! contain; what the container writes is owned by its own ids on disk.

use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

use model::spec::{IdMapping, Overlay, OverlayDurability};
use rustix::fs::{AtFlags, CWD, Gid, Uid};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, OpenTreeFlags, fsconfig_create, fsconfig_set_flag,
    fsconfig_set_string, fsmount, fsopen, open_tree,
};
use sys::mount::{Change, Depth, set_attributes};

mod attached;

use crate::error::LaunchError;
use crate::plan::{Plan, RootSource, TreeRequest};

/// Opens the root and every bind of `plan`, root first.
pub(crate) fn open(plan: &Plan, user_namespace: Option<BorrowedFd<'_>>) -> Result<Vec<OwnedFd>, LaunchError> {
    let shift = user_namespace.filter(|_| plan.shifts_ids());
    let mut trees = Vec::with_capacity(1 + plan.trees.len());
    trees.push(match &plan.root.source {
        RootSource::Overlay(overlay) => overlay_mount(overlay, plan, shift)?,
        RootSource::Directory(path) => directory(path, plan.root.attributes, shift)?,
    });
    for request in &plan.trees {
        trees.push(host_tree(request, user_namespace)?);
    }
    Ok(trees)
}

fn directory(path: &str, attributes: u64, shift: Option<BorrowedFd<'_>>) -> Result<OwnedFd, LaunchError> {
    let fault = |errno| LaunchError::host("open the root filesystem", path)(errno);
    let tree = clone_tree(path, Depth::Recursive).map_err(fault)?;
    let change = Change { set: attributes, idmap: shift, ..Change::default() };
    set_attributes(tree.as_fd(), Depth::Single, change).map_err(fault)?;
    Ok(tree)
}

fn host_tree(request: &TreeRequest, user_namespace: Option<BorrowedFd<'_>>) -> Result<OwnedFd, LaunchError> {
    let path = request.path.to_string_lossy();
    let tree =
        clone_tree(&path, request.depth).map_err(LaunchError::host("open the mount source", &*path))?;
    if let Some(namespace) = user_namespace.filter(|_| request.idmap) {
        let change = Change { idmap: Some(namespace), ..Change::default() };
        set_attributes(tree.as_fd(), request.depth, change)
            .map_err(LaunchError::host("map the owners of the mount source", &*path))?;
    }
    Ok(tree)
}

fn clone_tree(path: &str, depth: Depth) -> Result<OwnedFd, Errno> {
    let recursive =
        if depth == Depth::Recursive { OpenTreeFlags::AT_RECURSIVE } else { OpenTreeFlags::empty() };
    open_tree(CWD, path, OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | recursive)
}

/// The overlay, detached. Layers are reached through an idmapped clone of their parent directory.
fn overlay_mount(
    overlay: &Overlay,
    plan: &Plan,
    shift: Option<BorrowedFd<'_>>,
) -> Result<OwnedFd, LaunchError> {
    if shift.is_some() {
        let owner = |map: &[IdMapping]| map.iter().find(|map| map.container_id == 0).map(|map| map.host_id);
        let (uid, gid) = (owner(&plan.uid_map).map(Uid::from_raw), owner(&plan.gid_map).map(Gid::from_raw));
        rustix::fs::chownat(CWD, &overlay.upper, uid, gid, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(LaunchError::host("give the container its writable directory", &overlay.upper))?;
    }
    let mut views = Views { shift, open: Vec::with_capacity(1) };
    let lower = overlay.lower.iter().map(|path| views.path(path)).collect::<Result<Vec<_>, _>>()?;
    let mounted = if takes_detached_layers() {
        assemble(&lower, overlay, plan.root.attributes)
    } else {
        attached::assemble(overlay, plan.root.attributes, &views.open)
    };
    mounted.map_err(LaunchError::host("mount the image's layers", "overlay"))
}

fn assemble(lower: &[CString], overlay: &Overlay, attributes: u64) -> Result<OwnedFd, Errno> {
    let context = fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_set_string(context.as_fd(), "source", "coffer")?;
    for layer in lower {
        fsconfig_set_string(context.as_fd(), "lowerdir+", layer)?;
    }
    fsconfig_set_string(context.as_fd(), "upperdir", overlay.upper.as_str())?;
    fsconfig_set_string(context.as_fd(), "workdir", overlay.work.as_str())?;
    if overlay.durability == OverlayDurability::Volatile {
        fsconfig_set_flag(context.as_fd(), "volatile")?;
    }
    if !owns_initial_namespace() {
        fsconfig_set_flag(context.as_fd(), "userxattr")?;
    }
    fsconfig_create(context.as_fd())?;
    let attributes = MountAttrFlags::from_bits_retain(attributes as u32);
    fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)
}

/// Linux 6.15. Asked by number, because an attempt that fails leaves marks in the work directory.
fn takes_detached_layers() -> bool {
    let name = rustix::system::uname();
    let release = name.release().to_string_lossy();
    let mut numbers =
        release.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse::<u32>().unwrap_or(0));
    (numbers.next(), numbers.next()) >= (Some(6), Some(15))
}

/// In a user namespace of its own a rootless engine cannot write `trusted.*` attributes.
fn owns_initial_namespace() -> bool {
    std::fs::read_to_string("/proc/self/uid_map")
        .is_ok_and(|map| map.split_whitespace().eq(["0", "0", "4294967295"]))
}

/// Idmapped clones of directories, each opened once.
struct Views<'fd> {
    shift: Option<BorrowedFd<'fd>>,
    open: Vec<(String, OwnedFd)>,
}

impl Views<'_> {
    /// `path`, as reached through the view of its parent directory.
    fn path(&mut self, path: &str) -> Result<CString, LaunchError> {
        let Some(shift) = self.shift else { return crate::plan::cstring("layer path", path) };
        let (parent, name) = path.rsplit_once('/').unwrap_or((".", path));
        let known = self.open.iter().position(|(directory, _)| directory == parent);
        let position = match known {
            Some(position) => position,
            None => {
                self.open.push((parent.to_owned(), view(parent, shift)?));
                self.open.len() - 1
            }
        };
        let descriptor = self.open.get(position).map_or(-1, |(_, tree)| tree.as_raw_fd());
        crate::plan::cstring("layer path", &format!("/proc/self/fd/{descriptor}/{name}"))
    }
}

fn view(directory: &str, shift: BorrowedFd<'_>) -> Result<OwnedFd, LaunchError> {
    let fault = |errno| LaunchError::host("map the owners of the image's files below", directory)(errno);
    let tree = clone_tree(directory, Depth::Single).map_err(fault)?;
    let change = Change { idmap: Some(shift), ..Change::default() };
    set_attributes(tree.as_fd(), Depth::Single, change).map_err(fault)?;
    Ok(tree)
}
