//! Small files of the engine's own (`/etc/hosts`, ...): written into our tmpfs, bound into place.

use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, openat, unlinkat};
use rustix::io::Errno;

use super::At as _;
use super::mounts::{Made, attach, clone_of, open_below};
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
    let written = openat(scratch, file.scratch.as_c_str(), flags, Mode::from_raw_mode(0o644))?;
    write_all(&written, file.content.as_bytes())?;
    let target = open_below(root, file.target.relative(), ResolveFlags::empty())?;
    attach(&clone_of(&written)?, &target)?;
    unlinkat(scratch, file.scratch.as_c_str(), AtFlags::empty())
}

fn write_all(file: &OwnedFd, mut content: &[u8]) -> Result<(), Errno> {
    while !content.is_empty() {
        let written = rustix::io::write(file, content)?;
        content = content.get(written..).unwrap_or_default();
    }
    Ok(())
}
