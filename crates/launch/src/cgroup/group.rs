//! A container's control group that is there already, found by its path.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use super::{ALWAYS, ROOT, Version, fault, make, version};
use crate::error::LaunchError;

/// More groups than this below one container's are not looked into.
const MOST_NESTED: usize = 4096;

/// How often the processes are looked for that were started while others were moved.
const ROUNDS: u32 = 1000;

/// A container's control group, by the path that its record has.
#[derive(Debug, Clone)]
pub struct Group {
    pub(super) version: Version,
    relative: String,
}

impl Group {
    /// The group at `path` below the hierarchies' roots (`/coffer/ID`); `None` where the container has none.
    /// Whether it is still there shows when something is asked of it.
    #[must_use]
    pub fn at(path: &str) -> Option<Self> {
        let relative = path.trim_start_matches('/');
        let version = if relative.is_empty() { Version::None } else { version() };
        (version != Version::None).then(|| Self { version, relative: relative.to_owned() })
    }

    /// Every process in it and in groups below, as this process's pid namespace numbers them.
    #[must_use]
    pub fn processes(&self) -> BTreeSet<i32> {
        processes_below(self.anchor())
    }

    /// The group's directory for a controller: on version 2 the same for all.
    pub(super) fn directory(&self, controller: &str) -> PathBuf {
        match self.version {
            Version::V2 => Path::new(ROOT).join(&self.relative),
            _ => Path::new(ROOT).join(controller).join(&self.relative),
        }
    }

    /// One of its files, if it is there and can be read.
    pub(super) fn read(&self, controller: &str, file: &str) -> Option<String> {
        std::fs::read_to_string(self.directory(controller).join(file)).ok()
    }

    /// The directory that exists as long as the container runs, and holds all of it.
    fn anchor(&self) -> PathBuf {
        let mut candidates = ALWAYS.iter().map(|controller| self.directory(controller));
        candidates.find(|path| path.exists()).unwrap_or_else(|| self.directory("memory"))
    }

    /// Version 1: makes the group's directory in a hierarchy that the container has not joined. Nobody is
    /// in it before [`Self::gather`].
    pub(super) fn extend(&self, controller: &'static str) -> Result<(), LaunchError> {
        if self.version == Version::V2 {
            return Ok(());
        }
        match make::v1_directory(controller, &self.relative)? {
            Some(path) => self.is_there_still(&path),
            None => Err(LaunchError::Controller { controller }),
        }
    }

    /// Whoever looks after the container removes its groups when it ends, the anchor before those that
    /// came later; so one that was made while the anchor was there does not stay.
    fn is_there_still(&self, made: &Path) -> Result<(), LaunchError> {
        if self.anchor().exists() {
            return Ok(());
        }
        let _removed_already = rustix::fs::rmdir(made);
        Err(LaunchError::Ended)
    }

    /// Version 1: moves every process into the hierarchy's group, until no new one appears.
    pub(super) fn gather(&self, controller: &'static str) -> Result<(), LaunchError> {
        if self.version == Version::V2 {
            return Ok(());
        }
        let directory = self.directory(controller);
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
fn processes_below(directory: PathBuf) -> BTreeSet<i32> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![directory];
    let mut seen = 0;
    while let Some(directory) = waiting.pop() {
        let members = std::fs::read_to_string(directory.join("cgroup.procs")).unwrap_or_default();
        // Those of other pid namespaces are listed as 0.
        found.extend(members.lines().filter_map(|line| line.parse::<i32>().ok()).filter(|pid| *pid > 0));
        let entries = std::fs::read_dir(&directory).into_iter().flatten().flatten();
        let below = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        waiting.extend(below.map(|entry| entry.path()).take(MOST_NESTED.saturating_sub(seen)));
        seen += 1;
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
