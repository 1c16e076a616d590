//! Limits into a group's files: at a start all of them or none, later in an order that never asks for what
//! cannot be, and undone where one of them fails.

use std::path::{Path, PathBuf};

use model::spec::{Resources, Text};
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use super::limits::{Absent, Setting, settings};
use super::systemd::{Property, properties};
use super::{Devices, Group, Joins, Version};
use crate::error::LaunchError;

/// Version 1's two limits of memory, of which the second includes swap and is never the lower one.
const MEMORY: &str = "memory.limit_in_bytes";
const MEMORY_AND_SWAP: &str = "memory.memsw.limit_in_bytes";

impl Group {
    /// Writes every limit that `resources` names into a group that is about to be used. Other engines'
    /// containers have their use of devices filtered in any case.
    pub(super) fn set_up(&self, resources: &Resources) -> Result<Devices, LaunchError> {
        let settings = self.settings(resources)?;
        in_turn(&settings, |setting| self.write(setting))?;
        if resources.devices.is_empty() && self.location().joins() == Joins::Needed {
            return Ok(Devices::Open);
        }
        self.filter_devices(&resources.devices)
    }

    /// Gives a group with processes in it other limits. Without rules about devices those stay.
    ///
    /// # Errors
    /// The first limit that cannot be. Those before it are as they were then; where that fails too, the
    /// error is [`LaunchError::HalfChanged`] and names them.
    pub fn change(&self, resources: &Resources) -> Result<(), LaunchError> {
        let missing = self.missing(resources)?;
        let mut settings = self.settings(resources)?;
        self.can_hold(&settings, resources)?;
        self.arrange(&mut settings);
        if let Some(unit) = self.location().unit() {
            unit.change(&self.properties(resources)?)?;
        }
        self.write_all(&settings)?;
        if !resources.devices.is_empty() {
            self.filter_devices(&resources.devices)?;
        }
        missing.into_iter().try_for_each(|controller| self.gather(controller))
    }

    /// What systemd has to know of the limits, or it would reset them when it is reloaded.
    pub(super) fn properties(&self, resources: &Resources) -> Result<Vec<Property>, LaunchError> {
        properties(self.version(), &settings(self.version(), resources, |_, _| false)?, &resources.devices)
    }

    fn settings(&self, resources: &Resources) -> Result<Vec<Setting>, LaunchError> {
        let has = |controller: &'static str, file: &'static str| {
            self.directory(controller).is_some_and(|directory| directory.join(file).exists())
        };
        settings(self.version(), resources, has)
    }

    /// Version 1: makes the groups that these limits need and that nobody has made yet. A group with
    /// nobody in it limits nothing, so those that stay after a failure do no harm.
    fn missing(&self, resources: &Resources) -> Result<Vec<&'static str>, LaunchError> {
        if self.version() == Version::V2 || self.location().joins() == Joins::All {
            return Ok(Vec::new());
        }
        let mut controllers: Vec<&'static str> = Vec::new();
        let known: Vec<&'static str> = self.directories().into_iter().flat_map(|(names, _)| names).collect();
        let needed: Vec<Text> =
            self.settings(resources)?.into_iter().map(|setting| setting.controller).collect();
        let of_devices = |name: &'static str| name == "devices" && !resources.devices.is_empty();
        for controller in
            known.iter().filter(|name| of_devices(name) || needed.iter().any(|one| one == **name))
        {
            if !self.needed(controller)?.exists() {
                self.extend(controller)?;
                controllers.push(controller);
            }
        }
        Ok(controllers)
    }

    /// Version 2 kills where version 1 refuses: so who asks for it has it looked first whether the memory in
    /// use fits.
    fn can_hold(&self, settings: &[Setting], resources: &Resources) -> Result<(), LaunchError> {
        if resources.memory.check_before_update != Some(true) {
            return Ok(());
        }
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
        // What is not limited is -1, and more than any number.
        let wanted = settings.get(memory).map(|setting| setting.value.parse::<u64>().unwrap_or(u64::MAX));
        if wanted > now {
            settings.swap(memory, both);
        }
    }

    fn write_all(&self, settings: &[Setting]) -> Result<(), LaunchError> {
        let mut undo: Vec<(PathBuf, &Setting, String)> = Vec::new();
        let written = in_turn(settings, |setting| {
            let former = self.path(setting).and_then(|path| {
                let content = std::fs::read_to_string(&path).ok()?;
                Some((path, setting, setting.former(&content)))
            });
            self.write(setting)?;
            undo.extend(former);
            Ok(())
        });
        written.map_err(|because| undone(undo, because))
    }

    fn path(&self, setting: &Setting) -> Option<PathBuf> {
        Some(self.directory(&setting.controller)?.join(setting.file.as_ref()))
    }

    fn write(&self, setting: &Setting) -> Result<(), LaunchError> {
        let missing = || LaunchError::Controller { controller: setting.controller.clone() };
        let path = self.path(setting).ok_or_else(missing)?;
        match write(&path, setting, &setting.line()) {
            Err(LaunchError::Host { errno: Errno::NOENT, .. }) if setting.absent == Absent::Serves => Ok(()),
            // It may be the file alone that this kernel does not have.
            Err(LaunchError::Host { errno: Errno::NOENT, .. }) if !self.has_controller(setting) => {
                Err(missing())
            }
            done => done,
        }
    }

    fn has_controller(&self, setting: &Setting) -> bool {
        match self.version() {
            Version::V2 => {
                let given = self.read("", "cgroup.controllers").unwrap_or_default();
                setting.controller == "cgroup"
                    || given.split_whitespace().any(|name| name == setting.controller)
            }
            _ => self.directory(&setting.controller).is_some_and(|directory| directory.exists()),
        }
    }
}

/// Some limits depend on others, so that what was refused as invalid is tried once more after the rest.
fn in_turn<'a>(
    settings: &'a [Setting],
    mut write: impl FnMut(&'a Setting) -> Result<(), LaunchError>,
) -> Result<(), LaunchError> {
    let mut refused = Vec::new();
    for setting in settings {
        match write(setting) {
            Err(LaunchError::Host { errno: Errno::INVAL, .. }) => refused.push(setting),
            done => done?,
        }
    }
    refused.into_iter().try_for_each(write)
}

/// Takes back what was changed, the last first; the error that led to it.
fn undone(undo: Vec<(PathBuf, &Setting, String)>, because: LaunchError) -> LaunchError {
    let mut changed = Vec::new();
    for (path, setting, former) in undo.into_iter().rev() {
        if write(&path, setting, &former).is_err() {
            changed.push(setting.file.clone());
        }
    }
    if changed.is_empty() { because } else { LaunchError::HalfChanged { changed, because: because.into() } }
}

fn write(path: &Path, setting: &Setting, line: &str) -> Result<(), LaunchError> {
    let refused = || LaunchError::host("set the limit", format!("{} to {line}", setting.file));
    let file = match rustix::fs::openat(CWD, path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::ACCESS) => {
            return Err(LaunchError::Controller { controller: setting.controller.clone() });
        }
        Err(errno) => return Err(refused()(errno)),
    };
    // An empty list is written as an empty line: nothing at all would not reach the kernel.
    match rustix::io::write(&file, format!("{line}\n").as_bytes()) {
        Ok(_) => Ok(()),
        Err(Errno::BUSY) if setting.file.starts_with("memory.") && setting.key.is_empty() => {
            Err(LaunchError::MemoryInUse { limit: setting.value.parse().unwrap_or(0) })
        }
        Err(errno) => Err(refused()(errno)),
    }
}
