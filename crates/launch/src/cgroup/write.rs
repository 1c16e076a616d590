//! Limits into a group's files: at a start all of them or none, later in an order that never asks for what
//! cannot be, and undone where one of them fails.

use std::path::{Path, PathBuf};

use model::spec::Resources;
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use super::limits::{Setting, settings};
use super::{Cgroup, Group, Version};
use crate::error::LaunchError;

/// Version 1's two limits of memory, of which the second includes swap and is never the lower one.
const MEMORY: &str = "memory.limit_in_bytes";
const MEMORY_AND_SWAP: &str = "memory.memsw.limit_in_bytes";

/// Writes every limit that `resources` names into a group that is about to be used.
pub(super) fn all(group: &Cgroup, resources: &Resources) -> Result<(), LaunchError> {
    let has = |controller: &str, file: &str| {
        group.directory(controller).is_some_and(|directory| directory.join(file).exists())
    };
    for setting in settings(group.version(), resources, has) {
        let missing = LaunchError::Controller { controller: setting.controller };
        let Some(directory) = group.directory(setting.controller) else { return Err(missing) };
        write(&directory.join(setting.file), &setting, &setting.line())?;
    }
    Ok(())
}

impl Group {
    /// Gives a group with processes in it other limits.
    ///
    /// # Errors
    /// The first limit that cannot be. Those before it are as they were then; where that fails too, the
    /// error is [`LaunchError::HalfChanged`] and names them.
    pub fn change(&self, resources: &Resources) -> Result<(), LaunchError> {
        let missing = self.missing(resources)?;
        let has = |controller: &'static str, file: &str| self.directory(controller).join(file).exists();
        let mut settings = settings(self.version, resources, has);
        self.can_hold(&settings)?;
        self.arrange(&mut settings);
        self.write_all(&settings)?;
        missing.into_iter().try_for_each(|controller| self.gather(controller))
    }

    /// Version 1: makes the groups that these limits need and that nobody has made yet. A group with
    /// nobody in it limits nothing, so those that stay after a failure do no harm.
    fn missing(&self, resources: &Resources) -> Result<Vec<&'static str>, LaunchError> {
        if self.version == Version::V2 {
            return Ok(Vec::new());
        }
        let mut controllers: Vec<&'static str> = Vec::new();
        for setting in settings(self.version, resources, |_, _| false) {
            let new = !self.directory(setting.controller).exists();
            if new && !controllers.contains(&setting.controller) {
                self.extend(setting.controller)?;
                controllers.push(setting.controller);
            }
        }
        Ok(controllers)
    }

    /// Version 2 kills where version 1 refuses: so it is looked first whether the memory in use fits.
    fn can_hold(&self, settings: &[Setting]) -> Result<(), LaunchError> {
        let limit = settings.iter().find(|setting| setting.file == "memory.max");
        let Some(limit) = limit.and_then(|setting| setting.value.parse().ok()) else { return Ok(()) };
        let usage = self.usage();
        let lowered = usage.memory_limit.is_none_or(|now| limit < now);
        match usage.memory {
            Some(used) if lowered && used > limit => Err(LaunchError::MemoryInUse { limit }),
            _ => Ok(()),
        }
    }

    /// Version 1: where memory grows beyond what memory and swap may be together, that grows first.
    fn arrange(&self, settings: &mut [Setting]) {
        let place = |file: &str| settings.iter().position(|setting| setting.file == file);
        let (Some(memory), Some(both)) = (place(MEMORY), place(MEMORY_AND_SWAP)) else { return };
        let now = self.read("memory", MEMORY_AND_SWAP).and_then(|text| text.trim().parse::<u64>().ok());
        let wanted = settings.get(memory).and_then(|setting| setting.value.parse::<u64>().ok());
        if wanted > now {
            settings.swap(memory, both);
        }
    }

    fn write_all(&self, settings: &[Setting]) -> Result<(), LaunchError> {
        let mut undo: Vec<(PathBuf, &Setting, String)> = Vec::new();
        for setting in settings {
            let path = self.directory(setting.controller).join(setting.file);
            let former = std::fs::read_to_string(&path).ok().map(|content| setting.former(&content));
            match write(&path, setting, &setting.line()) {
                Ok(()) => undo.extend(former.map(|former| (path, setting, former))),
                Err(because) => return Err(undone(undo, because)),
            }
        }
        Ok(())
    }
}

/// Takes back what was changed, the last first; the error that led to it.
fn undone(undo: Vec<(PathBuf, &Setting, String)>, because: LaunchError) -> LaunchError {
    let mut changed = Vec::new();
    for (path, setting, former) in undo.into_iter().rev() {
        if write(&path, setting, &former).is_err() {
            changed.push(setting.file);
        }
    }
    if changed.is_empty() { because } else { LaunchError::HalfChanged { changed, because: because.into() } }
}

fn write(path: &Path, setting: &Setting, line: &str) -> Result<(), LaunchError> {
    let file = match rustix::fs::openat(CWD, path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT | Errno::ACCESS) => {
            return Err(LaunchError::Controller { controller: setting.controller });
        }
        Err(errno) => return Err(LaunchError::host("open", path.display().to_string())(errno)),
    };
    // An empty list is written as an empty line: nothing at all would not reach the kernel.
    match rustix::io::write(&file, format!("{line}\n").as_bytes()) {
        Ok(_) => Ok(()),
        Err(Errno::BUSY) if setting.controller == "memory" => {
            Err(LaunchError::MemoryInUse { limit: setting.value.parse().unwrap_or(0) })
        }
        Err(errno) => Err(LaunchError::host("set the limit", format!("{} to {line}", setting.file))(errno)),
    }
}
