//! Control groups: version 2, version 1, and hosts that have both.
//!
//! Attaching a process by writing its id into `cgroup.procs` takes the kernel's threadgroup lock for
//! writing, which waits 8 to 10 ms for an RCU grace period. Neither way used here does: on version 2
//! the clone starts inside the group (CLONE_INTO_CGROUP), on version 1 the container's first process,
//! which has one thread, writes `0` into `tasks`, and a thread that moves only itself needs no lock.
//!
//! On version 1 a container joins only the hierarchies that it needs at its start, as each costs time.
//! Freezing it, or a limit that comes later, makes its group in another one and moves every process.

mod make;
mod limits;
mod write;
mod group;
mod freezer;
mod usage;
mod sweep;
mod scope;

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use model::spec::Resources;
use rustix::io::Errno;

use crate::error::LaunchError;

pub use group::Group;
pub use scope::{Delegation, bus, delegate, divisible, manager};
pub use sweep::sweep;
pub use usage::Usage;

/// Where hierarchies are mounted on every Linux distribution.
const ROOT: &str = "/sys/fs/cgroup";
const CGROUP2_MAGIC: u64 = 0x6367_7270;
const CGROUP1_MAGIC: u64 = 0x0027_e0eb;

/// Version 1 controllers that every container joins at its start where the host has them, so that any of
/// them tells which processes it has.
const ALWAYS: [&str; 2] = ["pids", "memory"];

/// Those that it joins when it needs them: at its start, or later.
const WHEN_NEEDED: [&str; 4] = ["cpu", "cpuset", "blkio", "freezer"];

/// How this host's control groups are arranged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Version {
    /// One hierarchy with all controllers.
    V2,
    /// One hierarchy for each controller (also where a controller-less version 2 lies beside them).
    V1,
    /// None that we can see.
    None,
}

impl Version {
    /// `v2`, `v1`, `none`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V1 => "v1",
            Self::None => "none",
        }
    }
}

/// Looks at the mount points; two system calls.
#[must_use]
pub fn version() -> Version {
    match magic(Path::new(ROOT)) {
        Some(CGROUP2_MAGIC) => Version::V2,
        _ if ALWAYS.iter().chain(&WHEN_NEEDED).any(|controller| has_v1(controller)) => Version::V1,
        _ => Version::None,
    }
}

fn has_v1(controller: &str) -> bool {
    magic(&Path::new(ROOT).join(controller)) == Some(CGROUP1_MAGIC)
}

fn magic(path: &Path) -> Option<u64> {
    rustix::fs::statfs(path).ok().map(|stat| stat.f_type as u64)
}

/// A container's control group, one directory or (version 1) one for each controller.
#[derive(Debug)]
pub struct Cgroup {
    version: Version,
    relative: String,
    directories: Vec<Directory>,
    tenure: Tenure,
}

/// Whose group it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tenure {
    /// Made for the process, and removed after it.
    Own,
    /// That of a container that runs, which one more process joins.
    Guest,
}

#[derive(Debug)]
struct Directory {
    controller: &'static str,
    path: PathBuf,
    /// Version 2: the directory, for the clone. Version 1: its `tasks` file, for the child.
    entrance: OwnedFd,
}

impl Cgroup {
    /// Makes the group at `path` below the hierarchy's root (`/coffer/ID`) and sets its limits; an empty
    /// path makes none.
    ///
    /// # Errors
    /// [`LaunchError::Host`], or [`LaunchError::Controller`] if a limit cannot be enforced.
    pub(crate) fn create(path: &str, resources: &Resources) -> Result<Self, LaunchError> {
        let relative = path.trim_start_matches('/').to_owned();
        let version = if relative.is_empty() { Version::None } else { version() };
        let mut group = Self { version, relative, directories: Vec::new(), tenure: Tenure::Own };
        match version {
            Version::V2 => group.directories.push(make::v2(&group.relative)?),
            Version::V1 => make::v1(&group.relative, resources, &mut group.directories)?,
            Version::None => {}
        }
        write::all(&group, resources)?;
        Ok(group)
    }

    /// The group at `path`, which is there already; an empty path is none.
    ///
    /// # Errors
    /// [`LaunchError::Host`] if it is gone.
    pub(crate) fn join(path: &str) -> Result<Self, LaunchError> {
        let relative = path.trim_start_matches('/').to_owned();
        let version = if relative.is_empty() { Version::None } else { version() };
        let directories = match version {
            Version::V2 => vec![make::opened_v2(Path::new(ROOT).join(&relative))?],
            Version::V1 => make::all_opened_v1(&relative)?,
            Version::None => Vec::new(),
        };
        Ok(Self { version, relative, directories, tenure: Tenure::Guest })
    }

    /// The directory to clone into (version 2).
    pub(crate) fn clone_target(&self) -> Option<BorrowedFd<'_>> {
        let directory = self.directories.first().filter(|_| self.version == Version::V2)?;
        Some(directory.entrance.as_fd())
    }

    /// Moves the calling process, which must have one thread, into the group (version 1). No allocation.
    pub(crate) fn enter(&self) -> Result<(), Errno> {
        if self.version != Version::V1 {
            return Ok(());
        }
        self.directories
            .iter()
            .try_for_each(|directory| rustix::io::write(&directory.entrance, b"0").map(drop))
    }

    /// Controller and directory, for showing the container its own limits.
    pub(crate) fn views(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        self.directories.iter().map(|directory| (directory.controller, directory.path.as_path()))
    }

    /// Which arrangement it lives in.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    fn directory(&self, controller: &str) -> Option<&Path> {
        let found = match self.version {
            Version::V2 => self.directories.first(),
            _ => self.directories.iter().find(|directory| directory.controller == controller),
        };
        found.map(|directory| directory.path.as_path())
    }

    /// Lets what was frozen run on, so that it can die: version 1 keeps signals from it.
    pub(crate) fn thaw(&self) {
        // Whoever froze somebody else's group had a reason.
        if let Some(group) = Group::at(&self.relative).filter(|_| self.tenure == Tenure::Own) {
            // A group that cannot be thawed is not frozen, or gone.
            let _not_frozen = group.thaw();
        }
    }

    /// Whether the kernel has killed anything in the group for lack of memory.
    pub(crate) fn ran_out_of_memory(&self) -> bool {
        if self.tenure == Tenure::Guest {
            // It may have been anybody in there, and long ago.
            return false;
        }
        let file = if self.version == Version::V2 { "memory.events" } else { "memory.oom_control" };
        let Some(directory) = self.directory("memory") else { return false };
        let text = std::fs::read_to_string(directory.join(file)).unwrap_or_default();
        let kills = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
        kills.is_some_and(|kills| kills.trim() != "0")
    }
}

/// Nothing may live in the group any more: its process is reaped, or was never made.
impl Drop for Cgroup {
    fn drop(&mut self) {
        if self.tenure == Tenure::Guest {
            return;
        }
        for directory in &self.directories {
            // A group that is still busy is swept by the next command; see `sweep`.
            let _swept_later = rustix::fs::rmdir(&directory.path);
        }
        // What commands made meanwhile comes last: one that is about to make a group looks afterwards
        // whether those above are still there.
        if self.version == Version::V1 {
            for controller in WHEN_NEEDED {
                let _rarely_there = rustix::fs::rmdir(Path::new(ROOT).join(controller).join(&self.relative));
            }
        }
    }
}

fn fault(action: &'static str, path: &Path) -> impl FnOnce(Errno) -> LaunchError {
    LaunchError::host(action, path.display().to_string())
}
