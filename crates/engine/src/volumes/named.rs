//! Volumes that have a name, after their making: listing and removing.

use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;

use model::request::MountSource;
use rustix::fs::{AtFlags, FlockOperation};

use super::file_name;
use crate::book::{Entry, Kind};
use crate::containers::Which;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::state::{StateError, open_dir, remove_tree};

/// How the names of volumes begin that are on their way out; a volume's own begins with a letter or digit.
const REMOVED: &str = ".removed-";

/// A volume that has a name.
#[derive(Debug)]
pub struct Volume {
    /// Its name.
    pub name: String,
    /// When it was last given a file or lost one at its top, in seconds since the epoch.
    pub changed: i64,
    /// Names of the containers that have it, ended ones included.
    pub containers: Vec<String>,
}

/// Why a volume cannot be removed.
#[derive(Debug, thiserror::Error)]
pub enum VolumeError {
    /// No volume is called so.
    #[error("there is no volume `{0}`")]
    Unknown(String),
    /// A container has it.
    #[error("volume `{volume}` is in use by {}", containers.join(", "))]
    InUse {
        /// Its name.
        volume: String,
        /// Names of the containers.
        containers: Vec<String>,
    },
}

impl VolumeError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "E-volume-unknown",
            Self::InUse { .. } => "E-volume-in-use",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Unknown(_) => "`coffer volume ls` lists the volumes".into(),
            Self::InUse { containers, .. } => {
                format!("remove what has it first: `coffer rm {}`", containers.join(" "))
            }
        }
    }
}

impl Engine {
    /// Volumes that have a name, sorted by it.
    ///
    /// # Errors
    /// The state cannot be read.
    pub fn volumes(&self) -> Result<Vec<Volume>, EngineError> {
        let path = self.site.volumes();
        let records = self.containers(Which::All)?;
        let entries = match std::fs::read_dir(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(StateError::io("list", &path))?,
        };
        let volume = |entry: std::fs::DirEntry| {
            let name = file_name(entry.file_name().to_str()?).ok()?;
            let changed = entry.metadata().ok()?.mtime();
            let has = |record: &&crate::state::Record| has(record, &name);
            let containers = records.iter().filter(has).map(|record| record.name.clone()).collect();
            Some(Volume { name, changed, containers })
        };
        let mut volumes: Vec<Volume> = entries.flatten().filter_map(volume).collect();
        volumes.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(volumes)
    }

    /// Removes a volume and everything in it.
    ///
    /// # Errors
    /// [`VolumeError`]; the state's.
    pub fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        let path = self.site.volumes();
        let unknown = || VolumeError::Unknown(name.chars().take(128).collect());
        let name = file_name(name).map_err(|_| unknown())?;
        let dir = open_dir(&path).map_err(|_| unknown())?;
        self.take_away(&dir, &name)?;
        let aside = CString::new(format!("{REMOVED}{name}")).unwrap_or_default();
        remove_tree(&dir, &aside).map_err(StateError::io("remove the volume in", &path))?;
        self.note(&Entry::volume(Kind::VolumeRemove, &name, self.now()))
    }

    /// Renames the volume, so that no container can get it any more. The lock is that of
    /// [`super::Volumes`]: a container's record is on disk before it asks for its volumes.
    fn take_away(&self, dir: &OwnedFd, name: &str) -> Result<(), EngineError> {
        rustix::fs::flock(dir, FlockOperation::LockExclusive)
            .map_err(StateError::errno("lock", &self.site.volumes()))?;
        let taken = self.volumes()?.into_iter().find(|volume| volume.name == name);
        let volume = taken.ok_or_else(|| VolumeError::Unknown(name.to_owned()))?;
        if !volume.containers.is_empty() {
            return Err(VolumeError::InUse { volume: volume.name, containers: volume.containers }.into());
        }
        let aside = format!("{REMOVED}{name}");
        // What a killed process left.
        if rustix::fs::statat(dir, &aside, AtFlags::SYMLINK_NOFOLLOW).is_ok() {
            let left = CString::new(aside.as_str()).unwrap_or_default();
            remove_tree(dir, &left).map_err(StateError::io("remove", &self.site.volumes()))?;
        }
        let renamed = rustix::fs::renameat(dir, name, dir, &aside)
            .and_then(|()| rustix::fs::flock(dir, FlockOperation::Unlock));
        Ok(renamed.map_err(StateError::errno("remove", &self.site.volumes()))?)
    }

    /// Removes every volume that no container has. Returns their names.
    ///
    /// # Errors
    /// The first that cannot be removed.
    pub fn prune_volumes(&self) -> Result<Vec<String>, EngineError> {
        let mut removed = Vec::new();
        for volume in self.volumes()? {
            if volume.containers.is_empty() {
                self.remove_volume(&volume.name)?;
                removed.push(volume.name);
            }
        }
        Ok(removed)
    }
}

fn has(record: &crate::state::Record, volume: &str) -> bool {
    let named = |source: &MountSource| matches!(source, MountSource::Volume { name } if name == volume);
    record.request.mounts.iter().any(|mount| named(&mount.source))
}
