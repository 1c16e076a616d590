//! Small files of the engine's own (`/etc/hosts`, ...): written into our tmpfs, bound into place.

use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Gid, Mode, OFlags, Uid, fchmod, fchown, openat, unlinkat};
use rustix::io::Errno;
use sys::mount::Depth;

use super::At as _;
use super::mounts::{Kind, Made, attach, change, clone_of, ensure, open_point};
use crate::channel::Fault;
use crate::plan::{Plan, PlannedFile};
use crate::step::Step;

/// Binds each file over the image's own, which stays untouched in its layer.
pub(super) fn inject(plan: &Plan, root: &OwnedFd, made: &Made<'_>) -> Result<(), Fault> {
    let Some(scratch) = &made.dev else { return Ok(()) };
    for (index, file) in plan.files.iter().enumerate() {
        place(root, scratch, file).at(Step::File, index)?;
    }
    Ok(())
}

/// The file loses its name in the scratch directory once the bind holds it.
fn place(root: &OwnedFd, scratch: &OwnedFd, file: &PlannedFile) -> Result<(), Errno> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let written = openat(scratch, file.scratch.as_c_str(), flags, Mode::from_raw_mode(0o600))?;
    write_all(&written, file.content.bytes())?;
    if file.owner != (0, 0) {
        let (uid, gid) = file.owner;
        fchown(&written, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))?;
    }
    fchmod(&written, Mode::from_raw_mode(file.mode))?;
    let mount = clone_of(&written)?;
    let (set, clear) = file.attributes;
    change(&mount, set, clear, Depth::Single)?;
    attach(&mount, &point(root, file)?)?;
    unlinkat(scratch, file.scratch.as_c_str(), AtFlags::empty())
}

/// A mount may lie over the place that was made for the file.
fn point(root: &OwnedFd, file: &PlannedFile) -> Result<OwnedFd, Errno> {
    match open_point(root, &file.target) {
        Err(Errno::NOENT) => {
            ensure(root, &file.target, Kind::File)?;
            open_point(root, &file.target)
        }
        opened => opened,
    }
}

fn write_all(file: &OwnedFd, mut content: &[u8]) -> Result<(), Errno> {
    while !content.is_empty() {
        let written = rustix::io::write(file, content)?;
        content = content.get(written..).unwrap_or_default();
    }
    Ok(())
}
