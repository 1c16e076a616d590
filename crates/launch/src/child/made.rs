//! Mounts that later steps work on, by descriptor and not by path.

use std::os::fd::OwnedFd;

use rustix::io::Errno;
use sys::mount::{Depth, attr};

use super::At as _;
use super::mounts::change;
use crate::channel::Fault;
use crate::plan::{Filesystem, PlannedMount, ReadOnly, Source};
use crate::step::Step;

/// What was mounted that is still needed.
#[derive(Default)]
pub(super) struct Made<'a> {
    /// The procfs that we hold, if it is the one on /proc.
    pub proc: Option<&'a OwnedFd>,
    pub sys: Option<OwnedFd>,
    /// What is on /dev, whoever filled it; see [`super::devices::populate`].
    pub dev: Option<OwnedFd>,
    pub pts: Option<OwnedFd>,
    late: Late,
}

impl Made<'_> {
    pub(super) fn keep(&mut self, mount: &PlannedMount, tree: OwnedFd) -> Result<(), Errno> {
        if let Source::Filesystem(Filesystem { read_only: ReadOnly::AtTheEnd, .. }) = mount.source {
            self.late.add(rustix::io::fcntl_dupfd_cloexec(&tree, 0)?)?;
        }
        let slot = match mount.target.relative().to_bytes() {
            b"sys" => &mut self.sys,
            b"dev" => &mut self.dev,
            b"dev/pts" => &mut self.pts,
            _ => return Ok(()),
        };
        *slot = Some(tree);
        Ok(())
    }

    /// Makes read-only what had to wait until everything was in it.
    pub(super) fn settle(&self) -> Result<(), Fault> {
        for filesystem in self.late.filesystems.iter().flatten() {
            change(filesystem, attr::RDONLY, 0, Depth::Single).at(Step::Root, 0)?;
        }
        Ok(())
    }
}

/// Filesystems that become read-only at the end.
struct Late {
    filesystems: [Option<OwnedFd>; Self::MOST],
    count: usize,
}

impl Late {
    const MOST: usize = 64;

    fn add(&mut self, filesystem: OwnedFd) -> Result<(), Errno> {
        *self.filesystems.get_mut(self.count).ok_or(Errno::TOOBIG)? = Some(filesystem);
        self.count += 1;
        Ok(())
    }
}

impl Default for Late {
    fn default() -> Self {
        Self { filesystems: [const { None }; Self::MOST], count: 0 }
    }
}
