//! A container's control group that is there already, found by its path.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use super::layout::{Hierarchy, Layout};
use super::{ALWAYS, Joins, Location, RARELY, Version, WHEN_NEEDED, fault, make};
use crate::error::LaunchError;

/// More groups than this below one container's are not looked into.
const MOST_NESTED: usize = 4096;

/// How often the processes are looked for that were started while others were moved.
const ROUNDS: u32 = 1000;

/// A container's control group, by the location that its record has.
#[derive(Debug, Clone)]
pub struct Group {
    layout: Layout,
    location: Location,
}

impl Group {
    /// The group at `path` below the hierarchies' roots (`/coffer/ID`); `None` where the container has none.
    /// Whether it is still there shows when something is asked of it.
    #[must_use]
    pub fn at(path: &str) -> Option<Self> {
        Self::of(&Location::plain(path))
    }

    /// The same for a location that was found or kept before.
    #[must_use]
    pub fn of(location: &Location) -> Option<Self> {
        if location.is_none() {
            return None;
        }
        let layout = Layout::of(location.joins());
        (layout.version != Version::None).then(|| Self { layout, location: location.clone() })
    }

    /// Where it is.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Which arrangement it lives in.
    #[must_use]
    pub fn version(&self) -> Version {
        self.layout.version
    }

    /// Every process in it and in groups below, as this process's pid namespace numbers them.
    #[must_use]
    pub fn processes(&self) -> BTreeSet<i32> {
        self.anchor().map(processes_below).unwrap_or_default()
    }

    /// The root of a controller's hierarchy.
    pub(super) fn root(&self, controller: &str) -> Option<PathBuf> {
        self.layout.root(controller)
    }

    pub(super) fn hierarchies(&self) -> &[Hierarchy] {
        self.layout.hierarchies()
    }

    /// The group's directory for a controller: on version 2 the same for all.
    pub(super) fn directory(&self, controller: &str) -> Option<PathBuf> {
        Some(self.root(controller)?.join(self.location.path_in(controller)))
    }

    /// Likewise for one that something cannot be done without.
    pub(super) fn needed(&self, controller: &'static str) -> Result<PathBuf, LaunchError> {
        self.directory(controller).ok_or(LaunchError::Controller { controller: controller.into() })
    }

    /// Every directory that the group may have, with the controllers that it is for.
    pub(super) fn directories(&self) -> Vec<(Vec<&'static str>, PathBuf)> {
        let with_path = |controllers: Vec<&'static str>| {
            let path = self.directory(controllers.first()?)?;
            Some((controllers, path))
        };
        let hierarchies: Vec<Vec<&'static str>> = match (self.version(), self.location.joins()) {
            (Version::V2, _) => {
                return self.directory("").map(|path| (Vec::new(), path)).into_iter().collect();
            }
            (_, Joins::All) => {
                self.hierarchies().iter().map(|hierarchy| hierarchy.controllers.clone()).collect()
            }
            (_, Joins::Needed) => {
                ALWAYS.iter().chain(&WHEN_NEEDED).chain(&RARELY).map(|name| vec![*name]).collect()
            }
        };
        hierarchies.into_iter().filter_map(with_path).collect()
    }

    /// One of its files, if it is there and can be read.
    pub(super) fn read(&self, controller: &str, file: &str) -> Option<String> {
        std::fs::read_to_string(self.directory(controller)?.join(file)).ok()
    }

    /// The directory that exists as long as the container runs, and holds all of it.
    pub(super) fn anchor(&self) -> Option<PathBuf> {
        let mut candidates = ALWAYS.iter().filter_map(|controller| self.directory(controller));
        let usual = candidates.find(|path| path.exists());
        usual.or_else(|| self.directories().into_iter().map(|(_, path)| path).find(|path| path.exists()))
    }

    /// A container's end is the end of all that lives in its group: so nobody else may.
    pub(super) fn expect_free(&self) -> Result<(), LaunchError> {
        if self.processes().is_empty() {
            return Ok(());
        }
        let value = format!("/{}", self.location.path());
        Err(LaunchError::Spec { what: "cgroupsPath", value, why: "processes live in that group already" })
    }

    /// Version 1: makes the group's directory in a hierarchy that the container has not joined. Nobody is
    /// in it before [`Self::gather`].
    pub(super) fn extend(&self, controller: &'static str) -> Result<(), LaunchError> {
        if self.version() == Version::V2 {
            return Ok(());
        }
        if self.location.joins() == Joins::All {
            // It has joined all that there are, from its start on.
            return if self.needed(controller)?.exists() { Ok(()) } else { Err(LaunchError::Ended) };
        }
        match make::v1_directory(self, controller)? {
            Some(path) => self.is_there_still(&path),
            None => Err(LaunchError::Controller { controller: controller.into() }),
        }
    }

    /// Whoever looks after the container removes its groups when it ends, the anchor before those that
    /// came later; so one that was made while the anchor was there does not stay.
    fn is_there_still(&self, made: &Path) -> Result<(), LaunchError> {
        if self.anchor().is_some_and(|anchor| anchor != made) {
            return Ok(());
        }
        let _removed_already = rustix::fs::rmdir(made);
        Err(LaunchError::Ended)
    }

    /// Version 1: moves every process into the hierarchy's group, until no new one appears.
    pub(super) fn gather(&self, controller: &'static str) -> Result<(), LaunchError> {
        if self.version() == Version::V2 {
            return Ok(());
        }
        let directory = self.needed(controller)?;
        let entrance = directory.join("cgroup.procs");
        let file = rustix::fs::openat(CWD, &entrance, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())
            .map_err(fault("open the control group", &entrance))?;
        let mut moved = processes_below(directory);
        for _ in 0..ROUNDS {
            let outside: Vec<i32> = self.processes().difference(&moved).copied().collect();
            if outside.is_empty() {
                return Ok(());
            }
            for pid in outside {
                match rustix::io::write(&file, pid.to_string().as_bytes()) {
                    Ok(_) | Err(Errno::SRCH) => moved.insert(pid),
                    Err(errno) => {
                        return Err(fault("move a process into the control group", &entrance)(errno));
                    }
                };
            }
        }
        Err(fault("move all processes into the control group", &entrance)(Errno::AGAIN))
    }
}

/// Processes of a group and of those that the container made below it.
pub(super) fn processes_below(directory: PathBuf) -> BTreeSet<i32> {
    let mut found = BTreeSet::new();
    for directory in with_nested(directory) {
        let members = std::fs::read_to_string(directory.join("cgroup.procs")).unwrap_or_default();
        // Those of other pid namespaces are listed as 0.
        found.extend(members.lines().filter_map(|line| line.parse::<i32>().ok()).filter(|pid| *pid > 0));
    }
    found
}

/// A group's directory and those below it, each after the one that it is in.
pub(super) fn with_nested(directory: PathBuf) -> Vec<PathBuf> {
    let mut found = vec![directory];
    let mut next = 0;
    while let Some(directory) = found.get(next) {
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        let below = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let room = MOST_NESTED.saturating_sub(found.len());
        let below: Vec<PathBuf> = below.map(|entry| entry.path()).take(room).collect();
        found.extend(below);
        next += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_without_a_path_has_no_group() {
        assert!(Group::at("").is_none() && Group::at("/").is_none());
    }

    #[test]
    fn processes_of_nested_groups_are_the_container_s_too() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("a/b")).unwrap();
        std::fs::write(root.path().join("cgroup.procs"), "7\n0\n").unwrap();
        std::fs::write(root.path().join("a/b/cgroup.procs"), "9\n8\n").unwrap();
        assert_eq!(processes_below(root.path().into()).into_iter().collect::<Vec<_>>(), [7, 8, 9]);
        assert!(processes_below(root.path().join("nothing")).is_empty());
    }
}
