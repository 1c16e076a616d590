//! Mount points, exec islands and mounts. Every path is opened below the root's own descriptor.

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, ResolveFlags, fstat, mkdirat, openat, openat2, readlinkat_raw, unlinkat,
};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags, fsconfig_create,
    fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen, move_mount, open_tree,
};
use sys::clone::flag;
use sys::mount::{Change, Depth, Propagation, attr, set_attributes};

use super::{At as _, Inheritance, Trees};
use crate::channel::Fault;
use crate::plan::{InRoot, Options, Plan, PlannedMount, Source, last_component};
use crate::step::Step;

/// Filesystems that later steps work on, by descriptor and not by path.
pub(super) struct Made<'a> {
    pub proc: &'a OwnedFd,
    pub sys: Option<OwnedFd>,
    pub dev: Option<OwnedFd>,
    pub pts: Option<OwnedFd>,
}

/// A procfs of the new pid namespace that nobody else can reach.
pub(super) fn private_proc() -> Result<OwnedFd, Errno> {
    let attributes = MountAttrFlags::from_bits_retain((attr::NOSUID | attr::NODEV | attr::NOEXEC) as u32);
    let context = fsopen(c"proc", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_create(context.as_fd())?;
    fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)
}

/// Finds `path` below `root`, where symbolic links cannot lead out.
pub(super) fn open_below(root: &OwnedFd, path: &CStr, links: ResolveFlags) -> Result<OwnedFd, Errno> {
    open_in_root(root, path, OFlags::PATH, links)
}

/// How often a lookup is tried: the kernel gives one up that followed `..` (as many links of images do)
/// while anything on this host was renamed or mounted, since it cannot tell whether the way led out
/// (openat2(2), `EAGAIN`).
const ATTEMPTS: usize = 1000;

/// Opens `path` below `root`, where symbolic links cannot lead out.
pub(super) fn open_in_root(
    root: &OwnedFd,
    path: &CStr,
    flags: OFlags,
    links: ResolveFlags,
) -> Result<OwnedFd, Errno> {
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS | links;
    let open = || openat2(root, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve);
    let mut attempts = (1..ATTEMPTS).map(|_| open());
    attempts.find(|opened| !matches!(opened, Err(Errno::AGAIN))).unwrap_or_else(open)
}

/// What a mount point has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    File,
}

/// Makes the mount points that lie on the root itself, before the islands make parts of it read-only.
pub(super) fn make_mount_points(plan: &Plan, root: &OwnedFd, trees: &Trees) -> Result<(), Fault> {
    for (index, mount) in plan.mounts.iter().enumerate() {
        let covered =
            plan.mounts.iter().take(index).any(|earlier| lies_below(&mount.target, &earlier.target));
        if !covered {
            let kind = kind_of(mount, trees).at(Step::MountPoint, index)?;
            ensure(root, &mount.target, kind).at(Step::MountPoint, index)?;
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

fn kind_of(mount: &PlannedMount, trees: &Trees) -> Result<Kind, Errno> {
    let Source::Tree(index) = mount.source else { return Ok(Kind::Directory) };
    let stat = fstat(trees.get(index + 1)?)?;
    let directory = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
    Ok(if directory { Kind::Directory } else { Kind::File })
}

/// Makes `path`, and the directories that are missing on the way, unless something is there.
pub(super) fn ensure(root: &OwnedFd, path: &InRoot, kind: Kind) -> Result<(), Errno> {
    match open_below(root, path.relative(), ResolveFlags::empty()) {
        Err(Errno::NOENT) => {}
        other => return other.map(drop),
    }
    let Some((_, parents)) = path.prefixes().split_last() else { return Ok(()) };
    let mut holder: Option<OwnedFd> = None;
    for prefix in parents {
        let parent = holder.as_ref().unwrap_or(root);
        holder = Some(open_or_make(root, parent, prefix)?);
    }
    let parent = holder.as_ref().unwrap_or(root);
    let name = last_component(path.relative());
    match kind {
        Kind::Directory => mkdirat(parent, name, Mode::from_raw_mode(0o755)),
        Kind::File => make_file(parent, name),
    }
}

/// A link that leads nowhere (`/etc/resolv.conf` of systemd distributions) makes way: in the container's
/// own layer, not in the image's.
fn make_file(parent: &OwnedFd, name: &CStr) -> Result<(), Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let make = || openat(parent, name, flags, Mode::from_raw_mode(0o644)).map(drop);
    match make() {
        Err(Errno::EXIST) if readlinkat_raw(parent, name, &mut [MaybeUninit::uninit(); 1]).is_ok() => {
            unlinkat(parent, name, AtFlags::empty())?;
            make()
        }
        other => other,
    }
}

fn open_or_make(root: &OwnedFd, parent: &OwnedFd, prefix: &CStr) -> Result<OwnedFd, Errno> {
    match open_below(root, prefix, ResolveFlags::empty()) {
        Err(Errno::NOENT) => {
            mkdirat(parent, last_component(prefix), Mode::from_raw_mode(0o755))?;
            open_below(root, prefix, ResolveFlags::empty())
        }
        other => other,
    }
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
pub(super) fn bind_over_itself(root: &OwnedFd, path: &InRoot, change: Change<'_>) -> Result<(), Errno> {
    let place = open_below(root, path.relative(), ResolveFlags::NO_SYMLINKS)?;
    bind_descriptor_over_itself(&place, change)
}

/// The same for a place that is already open.
pub(super) fn bind_descriptor_over_itself(place: &OwnedFd, change: Change<'_>) -> Result<(), Errno> {
    let copy = clone_of(place)?;
    set_attributes(copy.as_fd(), Depth::Single, change)?;
    attach(&copy, place)
}

/// A detached clone of what `place` refers to.
pub(super) fn clone_of(place: &OwnedFd) -> Result<OwnedFd, Errno> {
    let flags =
        OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_EMPTY_PATH;
    open_tree(place, c"", flags)
}

/// Attaches a detached mount at `place`.
pub(super) fn attach(mount: &OwnedFd, place: &OwnedFd) -> Result<(), Errno> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    move_mount(mount, c"", place, c"", flags)
}

/// Most filesystems that are made ahead; those beyond are made when they are attached.
const EARLY: usize = 32;

/// What does not depend on the root is made while the parent still prepares it.
pub(super) struct Early {
    filesystems: [Option<OwnedFd>; EARLY],
    pub devices: [Option<OwnedFd>; super::devices::NAMES.len()],
}

impl Early {
    pub(super) fn make(plan: &Plan) -> Result<Self, Fault> {
        let mut early = Self { filesystems: [const { None }; EARLY], devices: super::devices::open()? };
        for (index, (slot, mount)) in early.filesystems.iter_mut().zip(&plan.mounts).enumerate() {
            if let (Source::Filesystem { kind, source, data }, false) =
                (&mount.source, is_private_proc(mount))
            {
                let made = filesystem(kind, source.as_deref(), data, mount.options.set);
                *slot = Some(made.at(Step::Mount, index)?);
            }
        }
        Ok(early)
    }

    fn take(&mut self, index: usize) -> Option<OwnedFd> {
        self.filesystems.get_mut(index).and_then(Option::take)
    }
}

/// The procfs that we hold already is the one to show.
fn is_private_proc(mount: &PlannedMount) -> bool {
    matches!(&mount.source, Source::Filesystem { kind, .. } if kind.as_c_str() == c"proc")
        && mount.target.relative() == c"proc"
}

/// Makes and attaches every mount of the plan, in order.
pub(super) fn attach_all<'a>(
    inherited: &Inheritance<'a>,
    root: &OwnedFd,
    proc: &'a OwnedFd,
    trees: &mut Trees,
    early: &mut Early,
) -> Result<Made<'a>, Fault> {
    let plan = inherited.plan;
    let mut made = Made { proc, sys: None, dev: None, pts: None };
    for (index, mount) in plan.mounts.iter().enumerate() {
        if is_private_proc(mount) {
            place(root, mount, proc).at(Step::Attach, index)?;
            continue;
        }
        let tree = make(inherited, mount, trees, early.take(index)).at(Step::Mount, index)?;
        place(root, mount, &tree).at(Step::Attach, index)?;
        if let (Source::Cgroups, true) = (&mount.source, is_v1(inherited)) {
            cgroup_views(inherited, &tree).at(Step::Mount, index)?;
        }
        made.keep(mount, tree);
    }
    Ok(made)
}

impl Made<'_> {
    fn keep(&mut self, mount: &PlannedMount, tree: OwnedFd) {
        let slot = match mount.target.relative().to_bytes() {
            b"sys" => &mut self.sys,
            b"dev" => &mut self.dev,
            b"dev/pts" => &mut self.pts,
            _ => return,
        };
        *slot = Some(tree);
    }
}

/// Attaches `tree` where `mount` wants it. What lies below /proc, /sys and /dev is ours: a symbolic
/// link there is an attack (CVE-2019-19921, CVE-2025-31133).
fn place(root: &OwnedFd, mount: &PlannedMount, tree: &OwnedFd) -> Result<(), Errno> {
    let links = if mount.target.is_system() { ResolveFlags::NO_SYMLINKS } else { ResolveFlags::empty() };
    let point = match open_below(root, mount.target.relative(), links) {
        Err(Errno::NOENT) => {
            let directory = FileType::from_raw_mode(fstat(tree)?.st_mode) == FileType::Directory;
            ensure(root, &mount.target, if directory { Kind::Directory } else { Kind::File })?;
            open_below(root, mount.target.relative(), links)?
        }
        other => other?,
    };
    attach(tree, &point)
}

fn make(
    inherited: &Inheritance<'_>,
    mount: &PlannedMount,
    trees: &mut Trees,
    early: Option<OwnedFd>,
) -> Result<OwnedFd, Errno> {
    let options = &mount.options;
    let tree = match (&mount.source, early) {
        (_, Some(made)) => made,
        (Source::Tree(index), None) => take(trees, *index, options)?,
        (Source::Filesystem { kind, source, data }, None) => {
            filesystem(kind, source.as_deref(), data, options.set)?
        }
        (Source::Cgroups, None) if is_v1(inherited) => {
            filesystem(c"tmpfs", Some(c"cgroup"), &[], options.set & !attr::RDONLY)?
        }
        (Source::Cgroups, None) if shares_cgroups(inherited.plan) => host_cgroups(options)?,
        (Source::Cgroups, None) => filesystem(c"cgroup2", Some(c"cgroup"), &[], options.set)?,
    };
    arrange(&tree, options)?;
    Ok(tree)
}

/// A tree that the parent sent.
fn take(trees: &mut Trees, index: usize, options: &Options) -> Result<OwnedFd, Errno> {
    let tree = trees.take(index + 1)?;
    change(&tree, options.set, options.clear, Depth::Single)?;
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
            let tree = take(trees, number, &mount.options).at(Step::Mount, index)?;
            arrange(&tree, &mount.options).at(Step::Mount, index)?;
            place(root, mount, &tree).at(Step::Attach, index)?;
        }
    }
    Ok(())
}

fn change(tree: &OwnedFd, set: u64, clear: u64, depth: Depth) -> Result<(), Errno> {
    if set | clear == 0 {
        return Ok(());
    }
    let change = Change { set, clear, propagation: Propagation::Unchanged, idmap: None };
    set_attributes(tree.as_fd(), depth, change)
}

fn filesystem(
    kind: &CStr,
    source: Option<&CStr>,
    data: &[(std::ffi::CString, Option<std::ffi::CString>)],
    attributes: u64,
) -> Result<OwnedFd, Errno> {
    let context = fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC)?;
    if let Some(source) = source {
        fsconfig_set_string(context.as_fd(), c"source", source)?;
    }
    for (key, value) in data {
        match value {
            Some(value) => fsconfig_set_string(context.as_fd(), key.as_c_str(), value.as_c_str())?,
            None => fsconfig_set_flag(context.as_fd(), key.as_c_str())?,
        }
    }
    fsconfig_create(context.as_fd())?;
    fsmount(
        context.as_fd(),
        FsMountFlags::FSMOUNT_CLOEXEC,
        MountAttrFlags::from_bits_retain(attributes as u32),
    )
}

fn is_v1(inherited: &Inheritance<'_>) -> bool {
    !inherited.cgroup_views.is_empty()
}

/// Whether version 2 cannot be mounted: a user namespace may that only for a cgroup namespace which is not
/// the host's.
fn shares_cgroups(plan: &Plan) -> bool {
    let joins = plan.joined.iter().any(|joined| joined.kind == flag::NEWCGROUP);
    plan.has_user_namespace() && plan.unshare_flags & flag::NEWCGROUP == 0 && !joins
}

/// The host's own mount, which shows what the host's cgroup namespace does.
fn host_cgroups(options: &Options) -> Result<OwnedFd, Errno> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    let tree = open_tree(rustix::fs::CWD, c"/sys/fs/cgroup", flags)?;
    change(&tree, options.set, options.clear, Depth::Single)?;
    Ok(tree)
}

/// On version 1 the container sees its own groups, read-only, where programs look for their limits.
fn cgroup_views(inherited: &Inheritance<'_>, tmpfs: &OwnedFd) -> Result<(), Errno> {
    let set = attr::RDONLY | attr::NOSUID | attr::NODEV | attr::NOEXEC;
    for (name, path) in inherited.cgroup_views {
        mkdirat(tmpfs, name.as_c_str(), Mode::from_raw_mode(0o755))?;
        let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
        let view = open_tree(rustix::fs::CWD, path.as_c_str(), flags)?;
        set_attributes(view.as_fd(), Depth::Single, Change { set, ..Change::default() })?;
        let place = openat(tmpfs, name.as_c_str(), OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        attach(&view, &place)?;
    }
    set_attributes(tmpfs.as_fd(), Depth::Single, Change { set, ..Change::default() })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn a_link_upwards_is_followed_while_others_rename() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        std::fs::create_dir_all(path("a/b")).unwrap();
        std::fs::write(path("target"), "").unwrap();
        std::os::unix::fs::symlink("../../../../../target", path("a/b/link")).unwrap();
        let root = std::fs::File::open(directory.path()).unwrap().into();
        let (one, other, done) = (path("one"), path("other"), AtomicBool::new(false));
        std::fs::write(&one, "").unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    std::fs::rename(&one, &other).unwrap();
                    std::fs::rename(&other, &one).unwrap();
                }
            });
            let mut lookups =
                (0..20_000).map(|_| open_below(&root, c"a/b/link", ResolveFlags::empty()).map(drop));
            let failed = lookups.find(Result::is_err);
            done.store(true, Ordering::Relaxed);
            assert_eq!(failed, None);
        });
    }
}
