//! Control groups: version 2, version 1, and hosts that have both.
//!
//! Attaching a process by writing its id into `cgroup.procs` takes the kernel's threadgroup lock for
//! writing, which waits 8 to 10 ms for an RCU grace period. Neither way used here does: on version 2
//! the clone starts inside the group (CLONE_INTO_CGROUP), on version 1 the container's first process,
//! which has one thread, writes `0` into `tasks`, and a thread that moves only itself needs no lock.

mod limits;

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use model::spec::Resources;
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, Signal};

use crate::error::LaunchError;

/// Where hierarchies are mounted on every Linux distribution.
const ROOT: &str = "/sys/fs/cgroup";
const CGROUP2_MAGIC: u64 = 0x6367_7270;
const CGROUP1_MAGIC: u64 = 0x0027_e0eb;

/// Version 1 controllers that a container joins where the host has them and the container needs them.
const CONTROLLERS: [&str; 4] = ["memory", "pids", "cpu", "cpuset"];

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

/// Looks at the mount points; two system calls.
#[must_use]
pub fn version() -> Version {
    match magic(Path::new(ROOT)) {
        Some(CGROUP2_MAGIC) => Version::V2,
        _ if CONTROLLERS.iter().any(|controller| has_v1(controller)) => Version::V1,
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
    directories: Vec<Directory>,
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
        let relative = path.trim_start_matches('/');
        let version = if relative.is_empty() { Version::None } else { version() };
        let mut group = Self { version, directories: Vec::with_capacity(CONTROLLERS.len()) };
        match version {
            Version::V2 => group.directories.push(create_v2(relative)?),
            Version::V1 => create_v1(relative, resources, &mut group.directories)?,
            Version::None => {}
        }
        limits::apply(&group, resources)?;
        Ok(group)
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

    /// Whether the kernel has killed anything in the group for lack of memory.
    pub(crate) fn ran_out_of_memory(&self) -> bool {
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
        for directory in &self.directories {
            // A group that is still busy is swept by the next command; see `sweep`.
            let _swept_later = rustix::fs::rmdir(&directory.path);
        }
    }
}

/// Kills whatever lives in the group at `path` and removes it: recovery after a killed engine.
///
/// # Errors
/// [`LaunchError::Host`] if processes outlive it or a directory stays.
pub fn sweep(path: &str) -> Result<(), LaunchError> {
    let relative = path.trim_start_matches('/');
    if relative.is_empty() {
        return Ok(());
    }
    let version = version();
    let candidates = match version {
        Version::V2 => vec![Path::new(ROOT).join(relative)],
        _ => CONTROLLERS.iter().map(|controller| Path::new(ROOT).join(controller).join(relative)).collect(),
    };
    let present: Vec<_> = candidates.into_iter().filter(|path| path.exists()).collect();
    for directory in &present {
        kill_all(directory);
    }
    present.iter().try_for_each(|directory| remove_patiently(directory))
}

/// Version 2 has `cgroup.kill` (Linux 5.14); elsewhere the ids are read and killed until none is left.
fn kill_all(directory: &Path) {
    if std::fs::write(directory.join("cgroup.kill"), "1").is_ok() {
        return;
    }
    for _ in 0..64 {
        let pids = std::fs::read_to_string(directory.join("cgroup.procs")).unwrap_or_default();
        let mut alive = pids.lines().filter_map(|line| Pid::from_raw(line.parse().ok()?)).peekable();
        if alive.peek().is_none() {
            return;
        }
        for pid in alive {
            let _gone_already = rustix::process::kill_process(pid, Signal::KILL);
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

/// A group stays busy until the last of its processes is reaped.
fn remove_patiently(directory: &Path) -> Result<(), LaunchError> {
    for _ in 0..200 {
        match rustix::fs::rmdir(directory) {
            Ok(()) | Err(Errno::NOENT) => return Ok(()),
            Err(Errno::BUSY) => std::thread::sleep(std::time::Duration::from_millis(5)),
            Err(errno) => return Err(fault("remove the control group", directory)(errno)),
        }
    }
    Err(fault("remove the control group", directory)(Errno::BUSY))
}

fn create_v2(relative: &str) -> Result<Directory, LaunchError> {
    let path = Path::new(ROOT).join(relative);
    if let Err(errno) = mkdir(&path) {
        if errno != Errno::NOENT {
            return Err(fault("make the control group", &path)(errno));
        }
        prepare_parents_v2(relative)?;
        mkdir(&path).map_err(fault("make the control group", &path))?;
    }
    let entrance = open(&path, OFlags::PATH | OFlags::DIRECTORY)?;
    Ok(Directory { controller: "", path, entrance })
}

/// First use on this boot: our parent directory, with every controller that the host gives passed on.
fn prepare_parents_v2(relative: &str) -> Result<(), LaunchError> {
    let mut path = PathBuf::from(ROOT);
    let Some((parents, _)) = relative.rsplit_once('/') else { return Ok(()) };
    pass_on_controllers(&path);
    for component in parents.split('/') {
        path.push(component);
        mkdir(&path).map_err(fault("make the control group", &path))?;
        pass_on_controllers(&path);
    }
    Ok(())
}

fn pass_on_controllers(path: &Path) {
    let available = std::fs::read_to_string(path.join("cgroup.controllers")).unwrap_or_default();
    for controller in available.split_whitespace() {
        // A controller that cannot be passed on is missed, and reported, when a limit needs it.
        let _reported_later = std::fs::write(path.join("cgroup.subtree_control"), format!("+{controller}"));
    }
}

fn create_v1(
    relative: &str,
    resources: &Resources,
    directories: &mut Vec<Directory>,
) -> Result<(), LaunchError> {
    let wanted = |controller: &&&str| match **controller {
        // An empty cpuset admits nobody; of the other two only what is used is worth its making.
        "cpuset" => !resources.cpu.cpus.is_empty(),
        "cpu" => resources.cpu.shares.is_some() || resources.cpu.quota.is_some(),
        _ => true,
    };
    for controller in CONTROLLERS.iter().filter(wanted) {
        let mount = Path::new(ROOT).join(controller);
        let path = mount.join(relative);
        match make_v1(&path) {
            Ok(()) => {}
            Err(Errno::NOENT) if !mount.join("tasks").exists() => continue,
            Err(errno) => return Err(fault("make the control group", &path)(errno)),
        }
        let entrance = open(&path.join("tasks"), OFlags::WRONLY)?;
        directories.push(Directory { controller, path, entrance });
    }
    Ok(())
}

fn make_v1(path: &Path) -> Result<(), Errno> {
    match mkdir(path) {
        Err(Errno::NOENT) => {
            mkdir(path.parent().unwrap_or(path))?;
            mkdir(path)
        }
        other => other,
    }
}

fn mkdir(path: &Path) -> Result<(), Errno> {
    match rustix::fs::mkdir(path, Mode::from_raw_mode(0o755)) {
        Err(Errno::EXIST) => Ok(()),
        other => other,
    }
}

fn open(path: &Path, flags: OFlags) -> Result<OwnedFd, LaunchError> {
    rustix::fs::openat(CWD, path, flags | OFlags::CLOEXEC, Mode::empty())
        .map_err(fault("open the control group", path))
}

fn fault(action: &'static str, path: &Path) -> impl FnOnce(Errno) -> LaunchError {
    LaunchError::host(action, path.display().to_string())
}
