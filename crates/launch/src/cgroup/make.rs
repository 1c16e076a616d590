//! Making a group: its directories, and at first use their parents.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use model::spec::Resources;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, Uid, chownat};
use rustix::io::Errno;

use super::layout::{Hierarchy, SYSTEMD, UNIFIED};
use super::{ALWAYS, Door, Entrance, Group, Joins, RARELY, Unit, Version, WHEN_NEEDED, fault, limits};
use crate::error::LaunchError;

/// The files that a group's owner owns besides its directory, if the kernel does not list them.
const DELEGATED: &str = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads";

/// Every directory of the group, those of a failed attempt included.
pub(super) fn all(
    group: &Group,
    resources: &Resources,
    entrances: &mut Vec<Entrance>,
) -> Result<(), LaunchError> {
    let of_systemd = group.location().unit().is_some();
    if group.location().joins() == Joins::All {
        group.expect_free()?;
    }
    match (group.version(), group.location().joins()) {
        (Version::None, _) => Ok(()),
        (Version::V2, _) if of_systemd => limits::settings(Version::V2, resources, |_, _| false).map(drop),
        (Version::V2, _) => v2(group).map(|entrance| entrances.push(entrance)),
        (Version::V1, Joins::Needed) => v1_needed(group, resources, entrances),
        (Version::V1, Joins::All) => v1_all(group, entrances),
    }
}

/// What systemd has left to do, now that its unit is there.
pub(super) fn after_systemd(group: &Group, entrances: &mut Vec<Entrance>) -> Result<(), LaunchError> {
    if group.version() == Version::V2 {
        entrances.push(v2(group)?);
    }
    Ok(())
}

/// The group of a container that runs; at least one directory is there.
pub(super) fn opened(group: &Group) -> Result<Vec<Entrance>, LaunchError> {
    let mut entrances = Vec::new();
    for (controllers, path) in group.directories().into_iter().filter(|(_, path)| path.exists()) {
        entrances.push(match group.version() {
            // From a login's group, which is root's, no clone leads into one of the user's.
            Version::V2 if of_user_s_systemd(group) => Entrance { controllers, path, door: Door::Systemd },
            Version::V2 => opened_v2(path)?,
            _ => opened_v1(controllers, path)?,
        });
    }
    match entrances.is_empty() {
        true => Err(fault("open the control group", Path::new(group.location().path()))(Errno::NOENT)),
        false => Ok(entrances),
    }
}

fn of_user_s_systemd(group: &Group) -> bool {
    group.location().unit().is_some_and(Unit::is_of_user)
}

/// Version 2: the group, ready to be cloned into.
fn v2(group: &Group) -> Result<Entrance, LaunchError> {
    let missing = || LaunchError::Controller { controller: "cgroup2".into() };
    let (root, relative) = (group.root("").ok_or_else(missing)?, group.location().path());
    let path = root.join(relative);
    // Somebody else's parents may be there without passing anything on.
    if group.location().joins() == Joins::All {
        prepare_parents_v2(root.clone(), relative)?;
    }
    if let Err(errno) = mkdir(&path) {
        if errno != Errno::NOENT {
            return Err(fault("make the control group", &path)(errno));
        }
        prepare_parents_v2(root, relative)?;
        mkdir(&path).map_err(fault("make the control group", &path))?;
    }
    opened_v2(path)
}

fn opened_v2(path: PathBuf) -> Result<Entrance, LaunchError> {
    let door = Door::Clone(open(&path, OFlags::PATH | OFlags::DIRECTORY)?);
    Ok(Entrance { controllers: Vec::new(), path, door })
}

/// Parent directories, with every controller that the host gives passed on.
fn prepare_parents_v2(mut path: PathBuf, relative: &str) -> Result<(), LaunchError> {
    let parents = relative.rsplit_once('/').map_or("", |(parents, _)| parents);
    pass_on_controllers(&path);
    for component in parents.split('/').filter(|component| !component.is_empty()) {
        path.push(component);
        mkdir(&path).map_err(fault("make the control group", &path))?;
        pass_on_controllers(&path);
    }
    Ok(())
}

fn pass_on_controllers(path: &Path) {
    let read = |file: &str| std::fs::read_to_string(path.join(file)).unwrap_or_default();
    let (available, passed_on) = (read("cgroup.controllers"), read("cgroup.subtree_control"));
    for controller in available.split_whitespace() {
        if !passed_on.split_whitespace().any(|other| other == controller) {
            // A controller that cannot be passed on is missed, and reported, when a limit needs it.
            let _reported_later =
                std::fs::write(path.join("cgroup.subtree_control"), format!("+{controller}"));
        }
    }
}

/// Version 1: the groups that a container of ours joins at its start.
fn v1_needed(group: &Group, resources: &Resources, entrances: &mut Vec<Entrance>) -> Result<(), LaunchError> {
    let settings = limits::settings(Version::V1, resources, |_, _| false)?;
    let needed = |controller: &&&'static str| {
        let of_devices = **controller == "devices" && !resources.devices.is_empty();
        of_devices || settings.iter().any(|setting| setting.controller == **controller)
    };
    let when_needed = WHEN_NEEDED.iter().chain(&RARELY).filter(needed);
    for controller in ALWAYS.iter().chain(when_needed) {
        let Some(path) = v1_directory(group, controller)? else { continue };
        entrances.push(opened_v1(vec![controller], path)?);
    }
    Ok(())
}

/// Version 1: a group in every hierarchy.
fn v1_all(group: &Group, entrances: &mut Vec<Entrance>) -> Result<(), LaunchError> {
    for hierarchy in group.hierarchies() {
        let Hierarchy { controllers, .. } = hierarchy;
        // systemd makes its own, and moves the process there.
        let of_systemd = [SYSTEMD, UNIFIED].contains(&hierarchy.name()) && group.location().unit().is_some();
        if of_systemd {
            let path = group.directory(hierarchy.name()).unwrap_or_default();
            entrances.push(Entrance { controllers: controllers.clone(), path, door: Door::Systemd });
            continue;
        }
        let Some(path) = v1_directory(group, hierarchy.name())? else { continue };
        if controllers.contains(&"cpuset") && hierarchy.name() != "cpuset" {
            fill_cpusets(&hierarchy.mount, group.location().path_in("cpuset"))?;
        }
        entrances.push(opened_v1(controllers.clone(), path)?);
    }
    Ok(())
}

fn opened_v1(controllers: Vec<&'static str>, path: PathBuf) -> Result<Entrance, LaunchError> {
    if controllers.contains(&UNIFIED) {
        return Ok(Entrance { controllers, ..opened_v2(path)? });
    }
    let door = Door::Tasks(open(&path.join("tasks"), OFlags::WRONLY)?);
    Ok(Entrance { controllers, path, door })
}

/// The group's directory in one hierarchy, made if need be; `None` where the host lacks the hierarchy.
pub(super) fn v1_directory(group: &Group, controller: &str) -> Result<Option<PathBuf>, LaunchError> {
    let Some(mount) = group.root(controller) else { return Ok(None) };
    let relative = group.location().path_in(controller);
    let path = mount.join(relative);
    let made = match mkdir(&path) {
        Err(Errno::NOENT) => with_parents(&mount, relative),
        made => made,
    };
    match made {
        Ok(()) => {}
        Err(Errno::NOENT) if !mount.join("cgroup.procs").exists() => return Ok(None),
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

/// Gives a version 2 group to somebody: what the kernel says is theirs then, and nothing that limits them.
pub(super) fn give(path: &Path, uid: u32) -> Result<(), LaunchError> {
    let listed = std::fs::read_to_string("/sys/kernel/cgroup/delegate").unwrap_or(DELEGATED.to_owned());
    let to = |path: &Path| chownat(CWD, path, Some(Uid::from_raw(uid)), None, AtFlags::SYMLINK_NOFOLLOW);
    to(path).map_err(fault("give the control group away", path))?;
    for name in listed.lines().filter(|name| !name.is_empty() && !name.contains('/')) {
        match to(&path.join(name)) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(fault("give the control group away", &path.join(name))(errno)),
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
