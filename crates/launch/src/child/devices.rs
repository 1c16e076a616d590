//! /dev: six devices of the host, each checked to be what its name says, and the usual links.

use std::ffi::CStr;
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, fstat, makedev, openat, symlinkat};
use rustix::io::Errno;
use rustix::mount::{OpenTreeFlags, open_tree};
use sys::mount::{Change, Depth, attr, set_attributes};

use super::At as _;
use super::mounts::{Early, Kind, Made, attach, ensure, open_below};
use crate::channel::Fault;
use crate::plan::{Plan, PlannedDevice};
use crate::step::Step;

/// runtime-spec config-linux.md "Default Devices", without ptmx and console.
pub(crate) const NAMES: [&CStr; 6] = [c"null", c"zero", c"full", c"random", c"urandom", c"tty"];
const PATHS: [&CStr; 6] =
    [c"/dev/null", c"/dev/zero", c"/dev/full", c"/dev/random", c"/dev/urandom", c"/dev/tty"];
/// Linux allocated devices (devices.txt): all are character devices.
const NUMBERS: [(u32, u32); 6] = [(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0)];

/// runtime-spec config-linux.md "Dev symbolic links", and ptmx.
const LINKS: [(&CStr, &CStr); 5] = [
    (c"/proc/self/fd", c"fd"),
    (c"/proc/self/fd/0", c"stdin"),
    (c"/proc/self/fd/1", c"stdout"),
    (c"/proc/self/fd/2", c"stderr"),
    (c"pts/ptmx", c"ptmx"),
];

/// Fills the tmpfs on /dev, if there is one.
pub(super) fn populate(plan: &Plan, root: &OwnedFd, made: &Made<'_>, early: &mut Early) -> Result<(), Fault> {
    let Some(dev) = &made.dev else { return Ok(()) };
    for (index, (name, device)) in NAMES.iter().zip(&mut early.devices).enumerate() {
        let device = device.take().ok_or(Errno::NODEV).at(Step::Device, index)?;
        bind(dev, name, &device).at(Step::Device, index)?;
    }
    for (target, name) in LINKS {
        symlinkat(target, dev, name).at(Step::File, 0)?;
    }
    for (index, device) in plan.devices.iter().enumerate() {
        bind_asked_for(root, device).at(Step::Device, NAMES.len() + index)?;
    }
    Ok(())
}

/// One of the six may be asked for as well; it is there already.
fn bind_asked_for(root: &OwnedFd, device: &PlannedDevice) -> Result<(), Errno> {
    let node = verified(&device.source, device.kind, (device.major, device.minor))?;
    ensure(root, &device.target, Kind::File)?;
    let place = open_below(root, device.target.relative(), ResolveFlags::NO_SYMLINKS)?;
    attach(&node, &place)
}

/// Detached mounts of the six, in the order of [`NAMES`].
pub(super) fn open() -> Result<[Option<OwnedFd>; NAMES.len()], Fault> {
    let mut devices = [const { None }; NAMES.len()];
    for (index, (slot, (path, number))) in devices.iter_mut().zip(PATHS.iter().zip(NUMBERS)).enumerate() {
        *slot = Some(verified(path, FileType::CharacterDevice, number).at(Step::Device, index)?);
    }
    Ok(devices)
}

fn bind(dev: &OwnedFd, name: &CStr, device: &OwnedFd) -> Result<(), Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    openat(dev, name, flags, Mode::from_raw_mode(0o666))?;
    let place = openat(dev, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    attach(device, &place)
}

/// A detached mount of the host's device node, if it is one: type and number, not name
/// (CVE-2025-31133, CVE-2025-52565).
pub(super) fn verified(path: &CStr, kind: FileType, (major, minor): (u32, u32)) -> Result<OwnedFd, Errno> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_SYMLINK_NOFOLLOW;
    let device = open_tree(CWD, path, flags)?;
    let stat = fstat(&device)?;
    let genuine = FileType::from_raw_mode(stat.st_mode) == kind && stat.st_rdev == makedev(major, minor);
    if !genuine {
        return Err(Errno::NODEV);
    }
    let change = Change { set: attr::NOSUID | attr::NOEXEC, ..Change::default() };
    set_attributes(device.as_fd(), Depth::Single, change)?;
    Ok(device)
}
