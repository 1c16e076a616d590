//! Changing what the container sees: mounts made, remounted, moved or taken away.

use std::fs;
use std::io;

use rustix::fs::{CWD, StatVfsMountFlags, statvfs};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, OpenTreeFlags, UnmountFlags, fsconfig_create,
    fsmount, fsopen, mount, mount_bind, mount_remount, open_tree, unmount,
};
use sys::attempt::Request;

use super::place::Scratch;
use crate::outcome::{Attack, Class, Options, Outcome, stopped_by};
use crate::report::mounts::read;

const CLASS: Class = Class::Mounts;

pub(super) const ATTACKS: &[Attack] = &[
    Attack { name: "mount-tmpfs", class: CLASS, tries: "mount a tmpfs", run: mount_tmpfs },
    Attack { name: "fsopen-tmpfs", class: CLASS, tries: "mount a tmpfs by the new calls", run: fsopen_tmpfs },
    Attack { name: "mount-proc", class: CLASS, tries: "mount a fresh /proc without masks", run: mount_proc },
    Attack { name: "bind-over", class: CLASS, tries: "bind one file over another", run: bind_over },
    Attack { name: "open-tree-clone", class: CLASS, tries: "clone the mount of the root", run: clone_root },
    Attack {
        name: "mount-setattr",
        class: CLASS,
        tries: "change the attributes of the root's mount",
        run: |_| Outcome::of(Request::MountSetattr.ask(), "mount attributes may be changed"),
    },
    Attack {
        name: "remount-root-exec",
        class: CLASS,
        tries: "remount the root without noexec",
        run: remount,
    },
    Attack {
        name: "umount-mask",
        class: CLASS,
        tries: "unmount what masks /proc and /sys",
        run: unmount_masks,
    },
];

/// Mounts with `attach` on a directory of our own, and unmounts again.
fn on_scratch(attach: impl Fn(&str) -> Result<(), Errno>, granted: &str) -> Outcome {
    let scratch = Scratch::anywhere();
    // Without a writable place any directory will do: a mount hides it for a moment only.
    let path = scratch.as_ref().ok().and_then(|scratch| scratch.path().to_str()).unwrap_or("/proc/tty");
    let result = attach(path);
    if result.is_ok() {
        let _gone = unmount(path, UnmountFlags::DETACH);
    }
    Outcome::of(result, granted)
}

fn mount_tmpfs(_: &Options) -> Outcome {
    let attach = |path: &str| mount("none", path, "tmpfs", MountFlags::RDONLY, Some(c"size=4k"));
    on_scratch(attach, "mounted a tmpfs")
}

fn mount_proc(_: &Options) -> Outcome {
    let attach = |path: &str| mount("proc", path, "proc", MountFlags::RDONLY, None);
    on_scratch(attach, "mounted a fresh proc")
}

fn fsopen_tmpfs(_: &Options) -> Outcome {
    let made = fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC).and_then(|context| {
        fsconfig_create(&context)?;
        fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, MountAttrFlags::MOUNT_ATTR_RDONLY)
    });
    Outcome::of(made, "made a tmpfs")
}

fn bind_over(_: &Options) -> Outcome {
    // Itself over itself: nothing changes but the mount table.
    on_scratch(|path| mount_bind(path, path), "bound a directory over another")
}

fn clone_root(_: &Options) -> Outcome {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    Outcome::of(open_tree(CWD, "/", flags), "cloned the root's mount")
}

/// Takes noexec away and keeps every other flag; puts it back if it was there.
fn remount(_: &Options) -> Outcome {
    let now = match statvfs("/") {
        Ok(status) => status.f_flag,
        Err(errno) => return stopped_by(&io::Error::from(errno)),
    };
    let noexec = now.contains(StatVfsMountFlags::NOEXEC);
    let flags = MountFlags::BIND | kept(now);
    let result = mount_remount("/", flags, "");
    if result.is_ok() && noexec {
        let _back = mount_remount("/", flags | MountFlags::NOEXEC, "");
    }
    Outcome::of(result, if noexec { "the root became exec" } else { "remounted the root" })
}

/// The mount flags that statvfs(3) reports, without noexec.
fn kept(now: StatVfsMountFlags) -> MountFlags {
    let pairs = [
        (StatVfsMountFlags::RDONLY, MountFlags::RDONLY),
        (StatVfsMountFlags::NOSUID, MountFlags::NOSUID),
        (StatVfsMountFlags::NODEV, MountFlags::NODEV),
        (StatVfsMountFlags::NOATIME, MountFlags::NOATIME),
        (StatVfsMountFlags::NODIRATIME, MountFlags::NODIRATIME),
        (StatVfsMountFlags::RELATIME, MountFlags::RELATIME),
    ];
    let set = pairs.into_iter().filter(|(seen, _)| now.contains(*seen));
    set.fold(MountFlags::empty(), |flags, (_, flag)| flags | flag)
}

/// MNT_EXPIRE, once: the kernel checks the privilege, marks the mount, and leaves it where it is. EAGAIN
/// is the mark, EBUSY a mount in use. Looking the mount up takes the mark away, also that of an earlier run.
fn unmount_masks(_: &Options) -> Outcome {
    let mounts = read().unwrap_or_default();
    let masks = mounts.iter().filter(|mount| mount.is_below("/proc") || mount.is_below("/sys"));
    Outcome::worst(masks.map(|mask| {
        let _unmarked = fs::metadata(&mask.path);
        let result = unmount(mask.path.as_str(), UnmountFlags::EXPIRE);
        let _unmarked = fs::metadata(&mask.path);
        let granted = format!("{} could be unmounted", mask.path);
        Outcome::of_reached(result, &[Errno::AGAIN, Errno::BUSY], &granted)
    }))
}
