//! The container's view of its control groups.

use std::os::fd::{AsFd as _, OwnedFd};

use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};
use rustix::io::Errno;
use rustix::mount::{OpenTreeFlags, open_tree};
use sys::clone::flag;
use sys::mount::{Change, Depth, attr, set_attributes};

use super::Inheritance;
use super::filesystems::simple;
use super::mounts::{attach, change};
use crate::plan::{Options, Plan};

/// What every mount of control groups has.
const ALWAYS: u64 = attr::NOSUID | attr::NODEV | attr::NOEXEC;

fn is_v1(inherited: &Inheritance<'_>) -> bool {
    !inherited.cgroup_views.is_empty()
}

/// Version 2 itself, or for version 1 a directory that [`fill`] fills.
pub(super) fn make(inherited: &Inheritance<'_>, options: &Options) -> Result<OwnedFd, Errno> {
    if is_v1(inherited) {
        let settings = [(c"source", c"cgroup"), (c"mode", c"755")];
        return simple(c"tmpfs", &settings, (options.set | ALWAYS) & !attr::RDONLY);
    }
    match simple(c"cgroup2", &[(c"source", c"cgroup")], options.set) {
        // Without a cgroup namespace of its own a user namespace may not mount it, but may look at it.
        Err(Errno::PERM | Errno::BUSY) if shares_cgroups(inherited.plan) => {
            let clone = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
            let tree = open_tree(CWD, c"/sys/fs/cgroup", clone | OpenTreeFlags::AT_RECURSIVE)?;
            change(&tree, options.set, options.clear, Depth::Single)?;
            Ok(tree)
        }
        made => made,
    }
}

/// Whether the container sees all that its caller sees anyway.
fn shares_cgroups(plan: &Plan) -> bool {
    let joins = plan.joined.iter().any(|joined| joined.kind == flag::NEWCGROUP);
    plan.unshare_flags & flag::NEWCGROUP == 0 && !joins
}

/// On version 1 the container sees its own groups where programs look for their limits.
pub(super) fn fill(inherited: &Inheritance<'_>, tmpfs: &OwnedFd, options: &Options) -> Result<(), Errno> {
    if !is_v1(inherited) {
        return Ok(());
    }
    let set = options.set | ALWAYS;
    for (name, path) in inherited.cgroup_views {
        mkdirat(tmpfs, name.as_c_str(), Mode::from_raw_mode(0o755))?;
        let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
        let view = open_tree(CWD, path.as_c_str(), flags)?;
        set_attributes(view.as_fd(), Depth::Single, Change { set, ..Change::default() })?;
        let place = openat(tmpfs, name.as_c_str(), OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        attach(&view, &place)?;
    }
    change(tmpfs, set, 0, Depth::Single)
}
