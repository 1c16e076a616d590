//! The parent's half of the mounts: what needs its rights over the host's files.
//!
//! The container's first process is nobody on the host, so the overlay of image layers and every bind
//! of a host path are opened here and sent over as detached mounts. Owners are shifted by idmapping the
//! mount (never by chown): one map on the parent directory covers all layers at once. The writable
//! directory is not mapped, because overlayfs works in it as the host's root, which the map does not
//! contain; what the container writes is owned by its own ids on disk.
//!
//! The root directory of a bundle is taken as it is: whoever made it has arranged its owners. It is cut
//! loose from the host, so that nothing that is mounted in the container appears outside.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

use model::spec::{IdMapping, Overlay, OverlayDurability};
use rustix::fs::{AtFlags, CWD, FileType, Gid, Mode, OFlags, ResolveFlags, Uid, fstat, fstatfs, openat2};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, OpenTreeFlags, fsconfig_create, fsconfig_set_flag,
    fsconfig_set_string, fsmount, fsopen, open_tree,
};
use rustix::path::Arg;
use sys::mount::{Change, Depth, Propagation, attr, set_attributes};

mod attached;
mod maps;

use crate::error::LaunchError;
use crate::idmap::in_initial_user_namespace;
use crate::plan::{Author, Links, Opener, Plan, RootSource, TreeKind, TreeRequest, View};
use maps::Maps;

/// Opens the root and every bind of `plan`, root first; see [`Plan::slot`].
pub(crate) fn open(plan: &Plan, user_namespace: Option<BorrowedFd<'_>>) -> Result<Vec<OwnedFd>, LaunchError> {
    let shift = user_namespace.filter(|_| plan.shifts_ids());
    let mut trees = Vec::with_capacity(1 + plan.trees.len());
    match (&plan.root.source, plan.root.view) {
        (RootSource::Overlay(overlay), _) => {
            give_root(overlay, plan, shift)?;
            trees.push(overlay_mount(overlay, plan.root.attributes, shift)?);
        }
        (RootSource::Directory(_), View::Own) if plan.root.opener == Opener::Child => {}
        (RootSource::Directory(path), View::Own) => trees.push(directory(path, plan.root.attributes)?),
        // The child finds it in the mount namespace that it is in.
        (RootSource::Directory(_), View::Others) => {}
    }
    let mut maps = Maps::default();
    for request in plan.trees.iter().filter(|request| request.opener == Opener::Parent) {
        trees.push(match &request.overlay {
            Some(overlay) => overlay_mount(overlay, attr::NOSUID | attr::NODEV, shift)?,
            None => host_tree(request, plan.author, user_namespace, &mut maps)?,
        });
    }
    Ok(trees)
}

/// What is mounted below it comes along.
fn directory(path: &CStr, attributes: u64) -> Result<OwnedFd, LaunchError> {
    let fault = |errno| LaunchError::host("open the root filesystem", path.to_string_lossy())(errno);
    let tree = clone_tree(CWD, path, Depth::Recursive).map_err(fault)?;
    if FileType::from_raw_mode(fstat(&tree).map_err(fault)?.st_mode) != FileType::Directory {
        return Err(fault(Errno::NOTDIR));
    }
    let loose = Change { propagation: Propagation::Slave, ..Change::default() };
    set_attributes(tree.as_fd(), Depth::Recursive, loose).map_err(fault)?;
    if attributes != 0 {
        let change = Change { set: attributes, ..Change::default() };
        set_attributes(tree.as_fd(), Depth::Single, change).map_err(fault)?;
    }
    Ok(tree)
}

/// In the child: a tree without a map. No allocation.
pub(crate) fn open_here(request: &TreeRequest) -> Result<OwnedFd, Errno> {
    let tree = open_source(request)?;
    cut_ties(&tree, request)?;
    Ok(tree)
}

fn cut_ties(tree: &OwnedFd, request: &TreeRequest) -> Result<(), Errno> {
    if request.ties == Propagation::Unchanged {
        return Ok(());
    }
    let change = Change { propagation: request.ties, ..Change::default() };
    set_attributes(tree.as_fd(), request.depth, change)
}

fn host_tree(
    request: &TreeRequest,
    author: Author,
    user_namespace: Option<BorrowedFd<'_>>,
    maps: &mut Maps,
) -> Result<OwnedFd, LaunchError> {
    let path = request.path.to_string_lossy();
    let fault = |errno| LaunchError::host("open the mount source", path.as_ref())(errno);
    let tree = open_source(request).map_err(fault)?;
    if request.kind == TreeKind::Proc && !is_procfs(&tree).map_err(fault)? {
        let (what, why) = ("mount", "what is bound to /proc must be a procfs, and all of it");
        return Err(LaunchError::Spec { what, value: path.into_owned(), why });
    }
    cut_ties(&tree, request).map_err(fault)?;
    let Some(depth) = request.idmap else { return Ok(tree) };
    let namespace = match &request.own_map {
        Some((uids, gids)) => Some(maps.namespace(uids, gids)?),
        None => user_namespace,
    };
    let unmapped = |errno| LaunchError::host("map the owners of the mount source", path.as_ref())(errno);
    match namespace {
        Some(_) => {
            let change = Change { idmap: namespace, ..Change::default() };
            set_attributes(tree.as_fd(), depth, change).map_err(unmapped)?;
        }
        // In a session of its own a user's container may need no map.
        None if author == Author::Policy => {}
        None => return Err(unmapped(Errno::INVAL)),
    }
    Ok(tree)
}

fn open_source(request: &TreeRequest) -> Result<OwnedFd, Errno> {
    let path = request.path.as_c_str();
    match request.links {
        Links::Followed => clone_tree(CWD, path, request.depth),
        Links::Refused => {
            let flags = OFlags::PATH | OFlags::CLOEXEC;
            openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS)
                .and_then(|place| clone_tree(place.as_fd(), c"", request.depth))
        }
    }
}

/// PROC_SUPER_MAGIC (linux/magic.h), and the inode of its root.
fn is_procfs(tree: &OwnedFd) -> Result<bool, Errno> {
    Ok(fstatfs(tree)?.f_type as u64 == 0x9fa0 && fstat(tree)?.st_ino == 1)
}

/// A detached clone of `path` below `directory`, or of `directory` itself.
fn clone_tree(directory: BorrowedFd<'_>, path: impl Arg, depth: Depth) -> Result<OwnedFd, Errno> {
    let recursive =
        if depth == Depth::Recursive { OpenTreeFlags::AT_RECURSIVE } else { OpenTreeFlags::empty() };
    let flags =
        OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_EMPTY_PATH;
    open_tree(directory, path, flags | recursive)
}

/// The container's root owns what is written on, where its ids are not ours.
fn give_root(overlay: &Overlay, plan: &Plan, shift: Option<BorrowedFd<'_>>) -> Result<(), LaunchError> {
    if shift.is_none() {
        return Ok(());
    }
    let owner = |map: &[IdMapping]| map.iter().find(|map| map.container_id == 0).map(|map| map.host_id);
    let (uid, gid) = (owner(&plan.uid_map).map(Uid::from_raw), owner(&plan.gid_map).map(Gid::from_raw));
    rustix::fs::chownat(CWD, &overlay.upper, uid, gid, AtFlags::SYMLINK_NOFOLLOW)
        .map_err(LaunchError::host("give the container its writable directory", &overlay.upper))
}

/// The overlay, detached. Layers are reached through an idmapped clone of their parent directory.
fn overlay_mount(
    overlay: &Overlay,
    attributes: u64,
    shift: Option<BorrowedFd<'_>>,
) -> Result<OwnedFd, LaunchError> {
    let base = common_directory(&overlay.lower);
    let view = shift.map(|shift| view(base, shift)).transpose()?;
    let mounted = match &view {
        Some(view) if !takes_detached_layers() => attached::assemble(overlay, attributes, base, Some(view)),
        None if !takes_layers_one_by_one() => attached::assemble(overlay, attributes, base, None),
        view => {
            let lower = overlay.lower.iter().map(|path| through(path, base, view.as_ref()));
            assemble(&lower.collect::<Result<Vec<_>, _>>()?, overlay, attributes)
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
    if !overlay.upper.is_empty() {
        fsconfig_set_string(context.as_fd(), "upperdir", overlay.upper.as_str())?;
        fsconfig_set_string(context.as_fd(), "workdir", overlay.work.as_str())?;
        if overlay.durability == OverlayDurability::Volatile {
            fsconfig_set_flag(context.as_fd(), "volatile")?;
        }
    }
    // In a user namespace of its own a rootless engine cannot write `trusted.*` attributes.
    if in_initial_user_namespace() {
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
