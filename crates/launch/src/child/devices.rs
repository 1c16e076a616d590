//! /dev: six devices, those that were asked for, and the usual links.
//!
//! In a user namespace no node can be made, so the host's are bound, each checked to be what its name says.
//! Elsewhere they are made, which takes one call instead of several.

use std::ffi::CStr;
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::fs::{
    AtFlags, CWD, FileType, Gid, Mode, OFlags, ResolveFlags, Uid, chownat, fstat, makedev, mkdirat, mknodat,
    openat, symlinkat, unlinkat,
};
use rustix::io::Errno;
use rustix::mount::{OpenTreeFlags, open_tree};
use sys::mount::{Change, Depth, attr, set_attributes};

use super::At as _;
use super::filesystems::Early;
use super::mounts::{Kind, Made, attach, open_below, open_point};
use super::points::provide;
use crate::channel::Fault;
use crate::plan::{Author, Nodes, Plan, PlannedDevice, PlannedMount, Source, last_component};
use crate::step::Step;

/// runtime-spec config-linux.md "Default Devices", without ptmx and console.
pub(crate) const NAMES: [&CStr; 6] = [c"null", c"zero", c"full", c"random", c"urandom", c"tty"];
const PATHS: [&CStr; 6] =
    [c"/dev/null", c"/dev/zero", c"/dev/full", c"/dev/random", c"/dev/urandom", c"/dev/tty"];
/// Linux allocated devices (devices.txt): all are character devices.
const NUMBERS: [(u32, u32); 6] = [(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0)];

/// /dev/ptmx (devices.txt).
const PTMX: (u32, u32) = (5, 2);

/// runtime-spec config-linux.md "Dev symbolic links", and ptmx.
const LINKS: [(&CStr, &CStr); 5] = [
    (c"/proc/self/fd", c"fd"),
    (c"/proc/self/fd/0", c"stdin"),
    (c"/proc/self/fd/1", c"stdout"),
    (c"/proc/self/fd/2", c"stderr"),
    (c"pts/ptmx", c"ptmx"),
];

/// Detached mounts of the six, in the order of [`NAMES`].
pub(super) type Defaults = [Option<OwnedFd>; NAMES.len()];

/// Fills /dev, except where the container was given somebody else's: that one is complete, and not ours.
pub(super) fn populate(
    plan: &Plan,
    root: &OwnedFd,
    made: &mut Made<'_>,
    early: &mut Early,
) -> Result<(), Fault> {
    let theirs = plan.mounts.iter().any(is_their_dev);
    if made.dev.is_none() {
        made.dev = directory_of_root(plan, root).at(Step::Device, 0)?;
    }
    let Some(dev) = &made.dev else { return Ok(()) };
    if plan.nodes == Nodes::Made {
        // The modes are meant as they are; the umask is set again before the program.
        rustix::process::umask(Mode::empty());
    }
    for (index, device) in plan.devices.iter().enumerate() {
        if !(theirs && device.target.below("dev").is_some()) {
            provide_device(plan, root, dev, device).at(Step::Device, NAMES.len() + index)?;
        }
    }
    if theirs {
        return Ok(());
    }
    for (index, (name, (number, bound))) in
        NAMES.iter().zip(NUMBERS.iter().zip(&mut early.devices)).enumerate()
    {
        provide_default(plan, dev, name, *number, bound.take()).at(Step::Device, index)?;
    }
    LINKS.iter().try_for_each(|(target, name)| link(target, dev, name)).at(Step::File, 0)
}

/// As in other runtimes, a /dev that is a bind mount is taken as it comes.
fn is_their_dev(mount: &PlannedMount) -> bool {
    matches!(mount.source, Source::Tree(_)) && mount.target.relative() == c"dev"
}

/// The /dev of the root itself, where nothing is mounted on it.
fn directory_of_root(plan: &Plan, root: &OwnedFd) -> Result<Option<OwnedFd>, Errno> {
    if plan.author == Author::Policy {
        return Ok(None);
    }
    let open = || open_below(root, c"dev", ResolveFlags::NO_SYMLINKS);
    match open() {
        Err(Errno::NOENT) => {
            mkdirat(root, c"dev", Mode::from_raw_mode(0o755))?;
            open().map(Some)
        }
        other => other.map(Some),
    }
}

/// One of the six that may have been asked for already.
fn provide_default(
    plan: &Plan,
    dev: &OwnedFd,
    name: &CStr,
    number: (u32, u32),
    bound: Option<OwnedFd>,
) -> Result<(), Errno> {
    match plan.nodes {
        Nodes::Bound => {
            let device = bound.ok_or(Errno::NODEV)?;
            match bind(dev, name, &device) {
                Err(Errno::EXIST) => expect_device(dev, name, FileType::CharacterDevice, number),
                other => other,
            }
        }
        Nodes::Made => {
            let source = || path_of(name).ok_or(Errno::NODEV);
            let node = Node { kind: FileType::CharacterDevice, number, mode: 0o666, owner: (0, 0) };
            make(dev, name, &node, source)
        }
    }
}

fn path_of(name: &CStr) -> Option<&'static CStr> {
    NAMES.iter().zip(PATHS).find(|(known, _)| **known == name).map(|(_, path)| path)
}

/// One that the specification asks for: any name, anywhere.
fn provide_device(plan: &Plan, root: &OwnedFd, dev: &OwnedFd, device: &PlannedDevice) -> Result<(), Errno> {
    let name = last_component(device.target.relative());
    let elsewhere = if device.directory.relative() == c"dev" {
        None
    } else {
        provide(root, &device.directory, Kind::Directory, plan.author)?;
        Some(open_point(root, &device.directory)?)
    };
    let parent = elsewhere.as_ref().unwrap_or(dev);
    if plan.nodes == Nodes::Bound && device.kind != FileType::Fifo {
        let node = verified(&device.source, device.kind, (device.major, device.minor))?;
        return attach(&node, &place_for(parent, name)?);
    }
    let node = Node {
        kind: device.kind,
        number: (device.major, device.minor),
        mode: device.mode,
        owner: (device.uid, device.gid),
    };
    make(parent, name, &node, || Ok(&*device.source))
}

/// A node to be made.
struct Node {
    kind: FileType,
    number: (u32, u32),
    mode: u32,
    owner: (u32, u32),
}

/// Makes a node. One that is there already is known by its number, never by its name (CVE-2025-31133).
/// Where none can be made, because we are root of a user namespace ourselves, the host's is bound.
fn make<'a>(
    parent: &OwnedFd,
    name: &CStr,
    node: &Node,
    source: impl FnOnce() -> Result<&'a CStr, Errno>,
) -> Result<(), Errno> {
    let number = makedev(node.number.0, node.number.1);
    match mknodat(parent, name, node.kind, Mode::from_raw_mode(node.mode), number) {
        Ok(()) if node.owner == (0, 0) => Ok(()),
        Ok(()) => give(parent, name, node),
        Err(Errno::EXIST) => expect_device(parent, name, node.kind, node.number),
        Err(Errno::PERM) if node.kind != FileType::Fifo => {
            let device = verified(source()?, node.kind, node.number)?;
            attach(&device, &place_for(parent, name)?)
        }
        Err(errno) => Err(errno),
    }
}

/// Gives the node that was just made its owner. A change of owner takes no permission bits from a device.
fn give(parent: &OwnedFd, name: &CStr, node: &Node) -> Result<(), Errno> {
    let made = open_itself(parent, name)?;
    expect(&made, node.kind, node.number)?;
    let (uid, gid) = (Uid::from_raw(node.owner.0), Gid::from_raw(node.owner.1));
    chownat(&made, c"", Some(uid), Some(gid), AtFlags::EMPTY_PATH)
}

fn open_itself(parent: &OwnedFd, name: &CStr) -> Result<OwnedFd, Errno> {
    openat(parent, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}

fn expect_device(parent: &OwnedFd, name: &CStr, kind: FileType, number: (u32, u32)) -> Result<(), Errno> {
    expect(&open_itself(parent, name)?, kind, number)
}

fn expect(node: &OwnedFd, kind: FileType, (major, minor): (u32, u32)) -> Result<(), Errno> {
    let stat = fstat(node)?;
    let same_number = kind == FileType::Fifo || stat.st_rdev == makedev(major, minor);
    if FileType::from_raw_mode(stat.st_mode) == kind && same_number { Ok(()) } else { Err(Errno::EXIST) }
}

/// A link of our own. Where the image has something of that name it stays, but ptmx has to be one that
/// leads to the container's terminals.
fn link(target: &CStr, dev: &OwnedFd, name: &CStr) -> Result<(), Errno> {
    match symlinkat(target, dev, name) {
        Err(Errno::EXIST) if name != c"ptmx" => Ok(()),
        Err(Errno::EXIST) if expect_device(dev, name, FileType::CharacterDevice, PTMX).is_ok() => Ok(()),
        Err(Errno::EXIST) => {
            unlinkat(dev, name, AtFlags::empty())?;
            symlinkat(target, dev, name)
        }
        other => other,
    }
}

/// Detached mounts of the six, in the order of [`NAMES`].
pub(super) fn open() -> Result<Defaults, Fault> {
    let mut devices = Defaults::default();
    for (index, (slot, (path, number))) in devices.iter_mut().zip(PATHS.iter().zip(NUMBERS)).enumerate() {
        *slot = Some(verified(path, FileType::CharacterDevice, number).at(Step::Device, index)?);
    }
    Ok(devices)
}

fn bind(dev: &OwnedFd, name: &CStr, device: &OwnedFd) -> Result<(), Errno> {
    make_place(dev, name)?;
    attach(device, &open_itself(dev, name)?)
}

fn make_place(dev: &OwnedFd, name: &CStr) -> Result<(), Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    openat(dev, name, flags, Mode::from_raw_mode(0o666)).map(drop)
}

/// A file to mount a device on: a new one, or what is there if it is no link and no directory.
pub(super) fn place_for(dev: &OwnedFd, name: &CStr) -> Result<OwnedFd, Errno> {
    let made = make_place(dev, name);
    let place = open_itself(dev, name)?;
    match made {
        Err(Errno::EXIST) => match FileType::from_raw_mode(fstat(&place)?.st_mode) {
            FileType::RegularFile | FileType::CharacterDevice | FileType::BlockDevice => Ok(place),
            _ => Err(Errno::EXIST),
        },
        other => other.map(|()| place),
    }
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
