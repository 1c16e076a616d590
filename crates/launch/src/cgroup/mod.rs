//! Control groups: version 2, version 1, and hosts that have both.
//!
//! Attaching a process by writing its id into `cgroup.procs` takes the kernel's threadgroup lock for
//! writing, which waits 8 to 10 ms for an RCU grace period. Neither way used here does: on version 2
//! the clone starts inside the group (CLONE_INTO_CGROUP), on version 1 the container's first process,
//! which has one thread, writes `0` into `tasks`, and a thread that moves only itself needs no lock.
//!
//! On version 1 a container of ours joins only the hierarchies that it needs at its start, as each costs
//! time. Freezing it, or a limit that comes later, makes its group in another one and moves every process.
//! Other engines' containers join all that are mounted.
//!
//! Where systemd makes the group it wants the process first: see [`Cgroup::adopt`].

mod layout;
mod location;
mod make;
mod limits;
mod devices;
mod write;
mod group;
mod freezer;
mod end;
mod usage;
mod stats;
mod oom;
mod sweep;
mod systemd;
mod scope;

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use model::spec::Resources;
use rustix::io::Errno;

use crate::error::LaunchError;

use layout::Layout;

pub use devices::Devices;
pub use group::Group;
pub use layout::Joins;
pub use location::{Location, Manager};
pub use oom::{Noticed, OomWatch};
pub use scope::{Delegation, bus, delegate, divisible, manager};
pub use stats::{
    Blkio, BlkioEntry, Cpu, Cpuset, Hugetlb, Memory, MemoryEntry, Pids, Pressure, Rdma, Stall, Stats,
};
pub use sweep::sweep;
pub use systemd::{BusMessage, Unit, Value};
pub use usage::Usage;

/// Version 1 controllers that every container joins at its start where the host has them, so that any of
/// them tells which processes it has.
const ALWAYS: [&str; 2] = ["pids", "memory"];

/// Those that it joins when it needs them: at its start, or later.
const WHEN_NEEDED: [&str; 4] = ["cpu", "cpuset", "blkio", "freezer"];

/// Those that it joins at its start or never.
const RARELY: [&str; 5] = ["devices", "hugetlb", "net_cls", "net_prio", "rdma"];

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

/// Looks at the mount points; two system calls where they are as usual.
#[must_use]
pub fn version() -> Version {
    Layout::of(Joins::Needed).version
}

/// A container's control group, one directory or (version 1) one for each hierarchy.
#[derive(Debug)]
pub struct Cgroup {
    group: Option<Group>,
    entrances: Vec<Entrance>,
    /// What systemd has made for it, and ends with it.
    unit: Option<Unit>,
    tenure: Tenure,
    devices: Devices,
}

/// Whose group it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tenure {
    /// Made for the process, and removed after it.
    Own,
    /// Made for the process, and left to whoever removes it: see [`Group::remove`].
    Left,
    /// That of a container that runs, which one more process joins.
    Guest,
}

/// A directory of the group, and the way in.
#[derive(Debug)]
struct Entrance {
    /// Version 1: what its hierarchy has.
    controllers: Vec<&'static str>,
    path: PathBuf,
    door: Door,
}

#[derive(Debug)]
enum Door {
    /// The directory, of version 2: the clone starts in there.
    Clone(OwnedFd),
    /// Version 1's `tasks`, for the child.
    Tasks(OwnedFd),
    /// Only systemd moves processes in.
    Systemd,
}

impl Cgroup {
    /// Makes the group and sets its limits. Without a location there is none; nor is there where nobody
    /// asked for one, limits need none, and this user may not make it: [`Self::location`] tells.
    ///
    /// A group that systemd makes is only prepared: it comes with [`Self::adopt`].
    ///
    /// # Errors
    /// [`LaunchError::Host`], [`LaunchError::Spec`] for a limit that is none, or [`LaunchError::Controller`]
    /// if a limit cannot be enforced.
    pub fn create(location: &Location, resources: &Resources) -> Result<Self, LaunchError> {
        let mut cgroup = Self::none(Tenure::Own);
        let Some(group) = Group::of(location) else {
            return limits::none_asked(Version::None, resources).map(|()| cgroup);
        };
        match cgroup.make(group, resources) {
            Err(error) if location.is_dispensable() && is_refused(&error) => {
                // What was made of it goes when this is dropped.
                limits::none_asked(version(), resources).map_err(|_| error)?;
                Ok(Self::none(Tenure::Own))
            }
            done => done.map(|()| cgroup),
        }
    }

    fn none(tenure: Tenure) -> Self {
        Self { group: None, entrances: Vec::new(), unit: None, tenure, devices: Devices::Open }
    }

    /// What is made stays in `self`, so that it goes with it after a failure.
    fn make(&mut self, group: Group, resources: &Resources) -> Result<(), LaunchError> {
        let group = self.group.insert(group);
        make::all(group, resources, &mut self.entrances)?;
        if group.location().unit().is_none() {
            self.devices = group.set_up(resources)?;
        }
        Ok(())
    }

    /// The group at `location`, which is there already.
    ///
    /// # Errors
    /// [`LaunchError::Host`] if it is gone.
    pub fn join(location: &Location) -> Result<Self, LaunchError> {
        let mut cgroup = Self::none(Tenure::Guest);
        if let Some(group) = Group::of(location) {
            cgroup.entrances = make::opened(&group)?;
            cgroup.group = Some(group);
        }
        Ok(cgroup)
    }

    /// Where systemd moves processes: has it move `pid`, into the unit that it makes for it or that is
    /// there, and sets the limits. Nothing elsewhere. The process must not have come to making its cgroup
    /// namespace.
    ///
    /// # Errors
    /// As [`Self::create`]; [`LaunchError::Systemd`].
    pub fn adopt(&mut self, pid: i32, resources: &Resources) -> Result<(), LaunchError> {
        let Some((group, unit)) =
            self.group.as_ref().and_then(|group| Some((group, group.location().unit()?)))
        else {
            return Ok(());
        };
        if self.tenure == Tenure::Guest {
            return if unit.is_of_user() { unit.attach(pid) } else { Ok(()) };
        }
        unit.start(pid, &group.properties(resources)?)?;
        self.unit = Some(unit.clone());
        make::after_systemd(group, &mut self.entrances)?;
        self.devices = group.set_up(resources)?;
        Ok(())
    }

    /// Leaves the group to whoever calls [`Group::remove`]: it stays when this is dropped.
    pub fn leave(&mut self) {
        if self.tenure == Tenure::Own {
            self.tenure = Tenure::Left;
        }
    }

    /// config-linux.md "Cgroup ownership": gives the group to the container's own user, so that it can make
    /// groups below. Only on version 2, where that is safe.
    ///
    /// # Errors
    /// [`LaunchError::Host`].
    pub fn give(&self, uid: u32) -> Result<(), LaunchError> {
        let owned = self.entrances.first().filter(|_| self.version() == Version::V2);
        owned.map_or(Ok(()), |entrance| make::give(&entrance.path, uid))
    }

    /// The directory to clone into, of version 2.
    pub(crate) fn clone_target(&self) -> Option<BorrowedFd<'_>> {
        self.entrances.iter().find_map(|entrance| match &entrance.door {
            Door::Clone(directory) => Some(directory.as_fd()),
            Door::Tasks(_) | Door::Systemd => None,
        })
    }

    /// Moves the calling process, which must have one thread, into the group (version 1). No allocation.
    pub(crate) fn enter(&self) -> Result<(), Errno> {
        self.entrances.iter().try_for_each(|entrance| match &entrance.door {
            Door::Tasks(tasks) => rustix::io::write(tasks, b"0").map(drop),
            Door::Clone(_) | Door::Systemd => Ok(()),
        })
    }

    /// Controller and directory, for showing the container its own limits.
    pub(crate) fn views(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        self.entrances.iter().flat_map(|entrance| {
            entrance.controllers.iter().map(|controller| (*controller, entrance.path.as_path()))
        })
    }

    /// Which arrangement it lives in.
    #[must_use]
    pub fn version(&self) -> Version {
        self.group.as_ref().map_or(Version::None, Group::version)
    }

    /// Where it is; `None` if there is no group.
    #[must_use]
    pub fn location(&self) -> Option<&Location> {
        self.group.as_ref().map(Group::location)
    }

    /// Whether the container's use of devices is filtered.
    #[must_use]
    pub fn devices(&self) -> Devices {
        self.devices
    }

    /// Lets what was frozen run on, so that it can die: version 1 keeps signals from it.
    pub(crate) fn thaw(&self) {
        // Whoever froze somebody else's group had a reason.
        if let Some(group) = self.group.as_ref().filter(|_| self.tenure != Tenure::Guest) {
            // A group that cannot be thawed is not frozen, or gone.
            let _not_frozen = group.thaw();
        }
    }

    /// Whether the kernel has killed anything in the group for lack of memory.
    pub(crate) fn ran_out_of_memory(&self) -> bool {
        // In somebody else's it may have been anybody, and long ago.
        let group = self.group.as_ref().filter(|_| self.tenure != Tenure::Guest);
        group.and_then(Group::oom_kills).is_some_and(|kills| kills > 0)
    }
}

/// Nothing may live in the group any more: its process is reaped, or was never made.
impl Drop for Cgroup {
    fn drop(&mut self) {
        let Some(group) = self.group.as_ref().filter(|_| self.tenure == Tenure::Own) else { return };
        if let Some(unit) = &self.unit {
            // It is gone with its last process, unless it has failed.
            let _gone_already = unit.stop();
        }
        for entrance in &self.entrances {
            // A group that is still busy is swept by the next command; see `sweep`.
            let _swept_later = rustix::fs::rmdir(&entrance.path);
        }
        // What commands made meanwhile comes last: one that is about to make a group looks afterwards
        // whether those above are still there.
        if group.version() == Version::V1 && group.location().joins() == Joins::Needed {
            for directory in WHEN_NEEDED.iter().filter_map(|controller| group.directory(controller)) {
                let _rarely_there = rustix::fs::rmdir(directory);
            }
        }
    }
}

/// Whether it is a lack of rights.
fn is_refused(error: &LaunchError) -> bool {
    matches!(error, LaunchError::Host { errno: Errno::ACCESS | Errno::PERM | Errno::ROFS, .. })
}

fn fault(action: &'static str, path: &Path) -> impl FnOnce(Errno) -> LaunchError {
    LaunchError::host(action, path.display().to_string())
}

#[cfg(test)]
mod tests;
