//! Making a group: its directory, and at first use its parents.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use model::spec::{CpuLimits, Resources};
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use super::{ALWAYS, Directory, ROOT, WHEN_NEEDED, fault};
use crate::error::LaunchError;

/// Version 2: the group, ready to be cloned into.
pub(super) fn v2(relative: &str) -> Result<Directory, LaunchError> {
    let path = Path::new(ROOT).join(relative);
    if let Err(errno) = mkdir(&path) {
        if errno != Errno::NOENT {
            return Err(fault("make the control group", &path)(errno));
        }
        prepare_parents_v2(relative)?;
        mkdir(&path).map_err(fault("make the control group", &path))?;
    }
    opened_v2(path)
}

/// Version 2: a group that is there.
pub(super) fn opened_v2(path: PathBuf) -> Result<Directory, LaunchError> {
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

/// Version 1: the groups that the container joins at its start.
pub(super) fn v1(
    relative: &str,
    resources: &Resources,
    directories: &mut Vec<Directory>,
) -> Result<(), LaunchError> {
    let needed = |controller: &&&str| match **controller {
        "cpu" => !is_idle(&resources.cpu),
        "cpuset" => !resources.cpu.cpus.is_empty() || !resources.cpu.mems.is_empty(),
        "blkio" => !resources.block_io.is_empty(),
        _ => false,
    };
    for controller in ALWAYS.iter().chain(WHEN_NEEDED.iter().filter(needed)) {
        let Some(path) = v1_directory(controller, relative)? else { continue };
        directories.push(opened_v1(controller, path)?);
    }
    Ok(())
}

fn opened_v1(controller: &'static str, path: PathBuf) -> Result<Directory, LaunchError> {
    let entrance = open(&path.join("tasks"), OFlags::WRONLY)?;
    Ok(Directory { controller, path, entrance })
}

/// Version 1: all groups of a container that are there; at least one is.
pub(super) fn all_opened_v1(relative: &str) -> Result<Vec<Directory>, LaunchError> {
    let place = |controller: &&'static str| (*controller, Path::new(ROOT).join(controller).join(relative));
    let there = ALWAYS.iter().chain(&WHEN_NEEDED).map(place).filter(|(_, path)| path.exists());
    let opened: Vec<_> =
        there.map(|(controller, path)| opened_v1(controller, path)).collect::<Result<_, _>>()?;
    match opened.is_empty() {
        true => Err(fault("open the control group", Path::new(relative))(Errno::NOENT)),
        false => Ok(opened),
    }
}

fn is_idle(cpu: &CpuLimits) -> bool {
    cpu.shares.is_none() && cpu.quota.is_none() && cpu.period.is_none()
}

/// The group's directory in one hierarchy, made if need be; `None` where the host lacks the hierarchy.
pub(super) fn v1_directory(controller: &str, relative: &str) -> Result<Option<PathBuf>, LaunchError> {
    let mount = Path::new(ROOT).join(controller);
    let path = mount.join(relative);
    let made = match mkdir(&path) {
        Err(Errno::NOENT) => with_parents(&mount, relative),
        made => made,
    };
    match made {
        Ok(()) => {}
        Err(Errno::NOENT) if !mount.join("tasks").exists() => return Ok(None),
        Err(errno) => return Err(fault("make the control group", &path)(errno)),
    }
    if controller == "cpuset" {
        fill_cpusets(&mount, relative)?;
    }
    Ok(Some(path))
}

fn with_parents(mount: &Path, relative: &str) -> Result<(), Errno> {
    let mut path = mount.to_owned();
    relative.split('/').try_for_each(|component| {
        path.push(component);
        mkdir(&path)
    })
}

/// An empty cpuset admits nobody, and its children can have nothing: each gets what its parent has.
fn fill_cpusets(mount: &Path, relative: &str) -> Result<(), LaunchError> {
    let mut path = mount.to_owned();
    for component in relative.split('/') {
        let parent = path.clone();
        path.push(component);
        for file in ["cpuset.cpus", "cpuset.mems"] {
            let failed = |error: std::io::Error| {
                let errno = Errno::from_io_error(&error).unwrap_or(Errno::IO);
                fault("fill the cpuset", &path)(errno)
            };
            if std::fs::read_to_string(path.join(file)).map_err(failed)?.trim().is_empty() {
                let all = std::fs::read(parent.join(file)).map_err(failed)?;
                std::fs::write(path.join(file), all).map_err(failed)?;
            }
        }
    }
    Ok(())
}

pub(super) fn mkdir(path: &Path) -> Result<(), Errno> {
    match rustix::fs::mkdir(path, Mode::from_raw_mode(0o755)) {
        Err(Errno::EXIST) => Ok(()),
        other => other,
    }
}

fn open(path: &Path, flags: OFlags) -> Result<OwnedFd, LaunchError> {
    rustix::fs::openat(CWD, path, flags | OFlags::CLOEXEC, Mode::empty())
        .map_err(fault("open the control group", path))
}
