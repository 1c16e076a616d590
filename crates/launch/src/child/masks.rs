//! Hidden and read-only paths. Those of /proc and /sys are opened below the filesystem's own
//! descriptor, so neither the image nor another container can put something else in their place.

use std::os::fd::{AsFd as _, OwnedFd};

use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, fstat, openat2};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsconfig_set_string, fsmount, fsopen,
};
use sys::mount::{Change, Depth, attr, set_attributes};

use super::At as _;
use super::devices::verified;
use super::mounts::{Made, attach, bind_descriptor_over_itself, clone_of, open_below};
use crate::channel::Fault;
use crate::plan::{InRoot, Plan};
use crate::step::Step;

const LOCKED: u64 = attr::RDONLY | attr::NOSUID | attr::NODEV | attr::NOEXEC;

/// Hides, then makes read-only, what the plan says.
pub(super) fn apply(plan: &Plan, root: &OwnedFd, made: &Made<'_>) -> Result<(), Fault> {
    let mut covers = Covers::default();
    for (index, path) in plan.masked.iter().enumerate() {
        if let Some(place) = open(root, made, path).at(Step::Mask, index)? {
            mask(&place, &mut covers).at(Step::Mask, index)?;
        }
    }
    let change = Change { set: LOCKED, ..Change::default() };
    for (index, path) in plan.read_only.iter().enumerate() {
        if let Some(place) = open(root, made, path).at(Step::ReadOnly, index)? {
            bind_descriptor_over_itself(&place, change).at(Step::ReadOnly, index)?;
        }
    }
    Ok(())
}

/// `None` where this kernel does not have the path: there is nothing to hide.
fn open(root: &OwnedFd, made: &Made<'_>, path: &InRoot) -> Result<Option<OwnedFd>, Errno> {
    let opened = match (path.below("proc"), path.below("sys"), &made.sys) {
        (Some(below), _, _) => open_strictly(made.proc, below),
        (_, Some(below), Some(sys)) => open_strictly(sys, below),
        _ => open_below(root, path.relative(), ResolveFlags::NO_SYMLINKS),
    };
    match opened {
        Ok(place) => Ok(Some(place)),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(errno),
    }
}

fn open_strictly(filesystem: &OwnedFd, path: &std::ffi::CStr) -> Result<OwnedFd, Errno> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_XDEV | ResolveFlags::NO_SYMLINKS;
    openat2(filesystem, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), resolve)
}

/// What lies over hidden paths: each is made once and attached, and the others are clones of it.
#[derive(Default)]
struct Covers {
    directory: Option<OwnedFd>,
    file: Option<OwnedFd>,
}

/// A directory gets an empty one, anything else the null device.
fn mask(place: &OwnedFd, covers: &mut Covers) -> Result<(), Errno> {
    if FileType::from_raw_mode(fstat(place)?.st_mode) == FileType::Directory {
        cover(place, &mut covers.directory, empty_directory)
    } else {
        let null = || verified(c"/dev/null", FileType::CharacterDevice, (1, 3));
        cover(place, &mut covers.file, null)
    }
}

fn cover(
    place: &OwnedFd,
    made: &mut Option<OwnedFd>,
    make: impl FnOnce() -> Result<OwnedFd, Errno>,
) -> Result<(), Errno> {
    match made {
        Some(first) => attach(&clone_of(first)?, place),
        None => {
            let first = make()?;
            attach(&first, place)?;
            *made = Some(first);
            Ok(())
        }
    }
}

fn empty_directory() -> Result<OwnedFd, Errno> {
    let context = fsopen(c"tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_set_string(context.as_fd(), c"size", c"0")?;
    fsconfig_set_string(context.as_fd(), c"nr_inodes", c"2")?;
    fsconfig_create(context.as_fd())?;
    let directory = fsmount(
        context.as_fd(),
        FsMountFlags::FSMOUNT_CLOEXEC,
        MountAttrFlags::from_bits_retain((LOCKED & !attr::RDONLY) as u32),
    )?;
    set_attributes(directory.as_fd(), Depth::Single, Change { set: attr::RDONLY, ..Change::default() })?;
    Ok(directory)
}
