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
use rustix::fs::{AtFlags, CWD, Gid, Mode, OFlags, ResolveFlags, Uid, openat2};
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
    let tree = clone_tree(CWD, path, Depth::Recursive).map_err(fault)?;
    let change = Change { set: attributes, idmap: shift, ..Change::default() };
    set_attributes(tree.as_fd(), Depth::Single, change).map_err(fault)?;
    Ok(tree)
}

/// The path has no symbolic links when policy judges it, so it must have none now.
fn host_tree(request: &TreeRequest, user_namespace: Option<BorrowedFd<'_>>) -> Result<OwnedFd, LaunchError> {
    let path = request.path.to_string_lossy();
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let tree = openat2(CWD, request.path.as_c_str(), flags, Mode::empty(), ResolveFlags::NO_SYMLINKS)
        .and_then(|place| clone_tree(place.as_fd(), "", request.depth))
        .map_err(LaunchError::host("open the mount source", path.as_ref()))?;
    if let Some(namespace) = user_namespace.filter(|_| request.idmap) {
        let change = Change { idmap: Some(namespace), ..Change::default() };
        set_attributes(tree.as_fd(), request.depth, change)
            .map_err(LaunchError::host("map the owners of the mount source", path.as_ref()))?;
    }
    Ok(tree)
}

/// A detached clone of `path` below `directory`, or of `directory` itself.
fn clone_tree(directory: BorrowedFd<'_>, path: &str, depth: Depth) -> Result<OwnedFd, Errno> {
    let recursive =
        if depth == Depth::Recursive { OpenTreeFlags::AT_RECURSIVE } else { OpenTreeFlags::empty() };
    let flags =
        OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_EMPTY_PATH;
    open_tree(directory, path, flags | recursive)
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
    let base = common_directory(&overlay.lower);
    let view = shift.map(|shift| view(base, shift)).transpose()?;
    let mounted = match &view {
        Some(view) if !takes_detached_layers() => {
            attached::assemble(overlay, plan.root.attributes, base, Some(view))
        }
        None if !takes_layers_one_by_one() => attached::assemble(overlay, plan.root.attributes, base, None),
        view => {
            let lower = overlay.lower.iter().map(|path| through(path, base, view.as_ref()));
            assemble(&lower.collect::<Result<Vec<_>, _>>()?, overlay, plan.root.attributes)
        }
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
    if owns_initial_namespace() {
        // Whatever the host's default is: a renamed directory and its content belong in one layer.
        fsconfig_set_string(context.as_fd(), "redirect_dir", "off")?;
        fsconfig_set_string(context.as_fd(), "metacopy", "off")?;
    } else {
        fsconfig_set_flag(context.as_fd(), "userxattr")?;
    }
    fsconfig_create(context.as_fd())?;
    let attributes = MountAttrFlags::from_bits_retain(attributes as u32);
    fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)
}

/// Linux 6.15. Asked by number, because an attempt that fails leaves marks in the work directory.
fn takes_detached_layers() -> bool {
    kernel() >= (6, 15)
}

/// The option `lowerdir+`, Linux 6.7.
fn takes_layers_one_by_one() -> bool {
    kernel() >= (6, 7)
}

fn kernel() -> (u32, u32) {
    let name = rustix::system::uname();
    let release = name.release().to_string_lossy();
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// In a user namespace of its own a rootless engine cannot write `trusted.*` attributes.
fn owns_initial_namespace() -> bool {
    std::fs::read_to_string("/proc/self/uid_map")
        .is_ok_and(|map| map.split_whitespace().eq(["0", "0", "4294967295"]))
}

/// The directory that all layers lie below.
fn common_directory(layers: &[String]) -> &str {
    let Some((first, rest)) = layers.split_first() else { return "/" };
    let mut common = parent(first);
    for layer in rest {
        while !below(layer, common) {
            common = parent(common);
        }
    }
    common
}

fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some((parent, _)) if !parent.is_empty() => parent,
        _ => "/",
    }
}

fn below(path: &str, directory: &str) -> bool {
    directory == "/" || path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

/// `path` below `base`, as it is reached through the view of `base`.
fn through(path: &str, base: &str, view: Option<&OwnedFd>) -> Result<CString, LaunchError> {
    match (view, path.strip_prefix(base)) {
        (Some(view), Some(rest)) => {
            let rest = rest.trim_start_matches('/');
            crate::plan::cstring("layer path", &format!("/proc/self/fd/{}/{rest}", view.as_raw_fd()))
        }
        _ => crate::plan::cstring("layer path", path),
    }
}

/// An idmapped clone of a directory.
fn view(directory: &str, shift: BorrowedFd<'_>) -> Result<OwnedFd, LaunchError> {
    let fault = |errno| LaunchError::host("map the owners of the image's files below", directory)(errno);
    let tree = clone_tree(CWD, directory, Depth::Single).map_err(fault)?;
    let change = Change { idmap: Some(shift), ..Change::default() };
    set_attributes(tree.as_fd(), Depth::Single, change).map_err(fault)?;
    Ok(tree)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_view_serves_all_layers() {
        let layers = ["/s/layers/aa/fs", "/s/layers/ab/fs"].map(str::to_owned);
        assert_eq!(common_directory(&layers), "/s/layers");
        assert_eq!(common_directory(&layers[..1]), "/s/layers/aa");
        assert_eq!(common_directory(&["/a".to_owned(), "/b/c".to_owned()]), "/");
        assert_eq!(common_directory(&[]), "/");
    }
}
