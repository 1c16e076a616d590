//! Hidden and read-only paths. Those of /proc and /sys are opened below the filesystem's own
//! descriptor, so neither the image nor another container can put something else in their place.

use std::ffi::CStr;
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, fstat, openat2};
use rustix::io::Errno;
use sys::mount::{Change, Depth, attr, set_attributes};

use super::At as _;
use super::devices::verified;
use super::filesystems::simple;
use super::mounts::{Made, attach, bind_descriptor_over_itself, clone_of, open_below};
use crate::channel::Fault;
use crate::plan::{Author, InRoot, Plan};
use crate::step::Step;

const LOCKED: u64 = attr::RDONLY | attr::NOSUID | attr::NODEV | attr::NOEXEC;

/// Hides, then makes read-only, what the plan says.
pub(super) fn apply(plan: &Plan, root: &OwnedFd, made: &Made<'_>) -> Result<(), Fault> {
    let mut covers = Covers { label: plan.mount_label.as_deref(), directory: None, file: None };
    for (index, path) in plan.masked.iter().enumerate() {
        if let Some(place) = open(plan, root, made, path).at(Step::Mask, index)? {
            covers.hide(&place).at(Step::Mask, index)?;
        }
    }
    let (set, depth) = match plan.author {
        Author::Policy => (LOCKED, Depth::Single),
        // Anything may be named, and what is mounted below it was asked for as well.
        Author::Bundle => (attr::RDONLY, Depth::Recursive),
    };
    let change = Change { set, ..Change::default() };
    for (index, path) in plan.read_only.iter().enumerate() {
        if let Some(place) = open(plan, root, made, path).at(Step::ReadOnly, index)? {
            bind_descriptor_over_itself(&place, depth, change).at(Step::ReadOnly, index)?;
        }
    }
    Ok(())
}

/// `None` where this kernel, or this image, does not have the path: there is nothing to hide. Links of an
/// image are followed in the image, those of the kernel's filesystems never.
fn open(plan: &Plan, root: &OwnedFd, made: &Made<'_>, path: &InRoot) -> Result<Option<OwnedFd>, Errno> {
    let links = if plan.author == Author::Policy || path.is_system() {
        ResolveFlags::NO_SYMLINKS
    } else {
        ResolveFlags::empty()
    };
    let opened = match (path.below("proc"), made.proc, path.below("sys"), &made.sys) {
        (Some(below), Some(proc), ..) => open_strictly(proc, below),
        (_, _, Some(below), Some(sys)) => open_strictly(sys, below),
        _ => open_below(root, path.relative(), links),
    };
    match opened {
        Ok(place) => Ok(Some(place)),
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
        // Something was mounted there that was asked for; it is found from the root.
        Err(Errno::XDEV) if plan.author == Author::Bundle => {
            open_below(root, path.relative(), links).map(Some)
        }
        Err(errno) => Err(errno),
    }
}

fn open_strictly(filesystem: &OwnedFd, path: &CStr) -> Result<OwnedFd, Errno> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_XDEV | ResolveFlags::NO_SYMLINKS;
    openat2(filesystem, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), resolve)
}

/// What lies over hidden paths: each is made once and attached, and the others are clones of it.
struct Covers<'a> {
    label: Option<&'a CStr>,
    directory: Option<OwnedFd>,
    file: Option<OwnedFd>,
}

impl Covers<'_> {
    /// A directory gets an empty one, anything else the null device.
    fn hide(&mut self, place: &OwnedFd) -> Result<(), Errno> {
        if FileType::from_raw_mode(fstat(place)?.st_mode) == FileType::Directory {
            let label = self.label;
            cover(place, &mut self.directory, || empty_directory(label))
        } else {
            let null = || verified(c"/dev/null", FileType::CharacterDevice, (1, 3));
            cover(place, &mut self.file, null)
        }
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

/// Its root is made before it becomes read-only. Labelled as everything else, if there is a label.
fn empty_directory(label: Option<&CStr>) -> Result<OwnedFd, Errno> {
    let (size, inodes) = ((c"size", c"0"), (c"nr_inodes", c"2"));
    let attributes = LOCKED & !attr::RDONLY;
    let directory = match label {
        Some(label) => simple(c"tmpfs", &[size, inodes, (c"context", label)], attributes)?,
        None => simple(c"tmpfs", &[size, inodes], attributes)?,
    };
    set_attributes(directory.as_fd(), Depth::Single, Change { set: attr::RDONLY, ..Change::default() })?;
    Ok(directory)
}
