//! Volumes that have a name: making one beforehand, listing and removing.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use model::request::MountSource;
use rustix::fs::{AtFlags, FlockOperation, Mode};

use super::card::{Card, FirstUse};
use super::{exists_already, file_name};
use crate::book::{Entry, Kind};
use crate::containers::{Cleared, Which};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::id::ContainerId;
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
    /// Where it lies.
    pub path: PathBuf,
    /// When somebody made it beforehand, seconds since the epoch; absent where `run` made it.
    pub created: Option<i64>,
    /// Labels that it was made with.
    pub labels: BTreeMap<String, String>,
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
        let dir = open_dir(&path).map_err(StateError::errno("open", &path))?;
        let volume = |entry: std::fs::DirEntry| {
            let name = file_name(entry.file_name().to_str()?).ok()?;
            let changed = entry.metadata().ok()?.mtime();
            let has = |record: &&crate::state::Record| has(record, &name);
            let containers = records.iter().filter(has).map(|record| record.name.clone()).collect();
            let card = Card::read(&dir, &name).ok().flatten();
            let (created, labels) = card.map(|card| (card.created, card.labels)).unzip();
            let labels = labels.unwrap_or_default();
            Some(Volume { path: path.join(&name), name, changed, containers, created, labels })
        };
        let mut volumes: Vec<Volume> = entries.flatten().filter_map(volume).collect();
        volumes.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(volumes)
    }

    /// The volume of that name.
    ///
    /// # Errors
    /// [`VolumeError::Unknown`]; the state's.
    pub fn volume(&self, name: &str) -> Result<Volume, EngineError> {
        let found = self.volumes()?.into_iter().find(|volume| volume.name == name);
        found.ok_or_else(|| unknown(name).into())
    }

    /// Makes a volume before any container wants it, and returns its name; one is invented where none is
    /// given. A volume that is there already stays as it is, with the labels that it has.
    ///
    /// # Errors
    /// [`StateError::VolumeName`]; the state's.
    pub fn create_volume(
        &self,
        name: Option<&str>,
        labels: BTreeMap<String, String>,
    ) -> Result<String, EngineError> {
        let name = match name {
            Some(name) => file_name(name)?,
            None => ContainerId::random().map_err(EngineError::io("get random numbers"))?.to_string(),
        };
        let card = Card { created: self.now(), labels, first_use: FirstUse::Ahead };
        let path = self.site.volumes();
        let made = make(&path, &name, &card).map_err(StateError::io("make the volume in", &path))?;
        if made == Made::Now {
            self.note(&Entry::volume(Kind::VolumeCreate, &name, self.now()))?;
        }
        Ok(name)
    }

    /// Removes a volume and everything in it.
    ///
    /// # Errors
    /// [`VolumeError`]; the state's.
    pub fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        let path = self.site.volumes();
        let missing = || unknown(name);
        let name = file_name(name).map_err(|_| missing())?;
        let dir = open_dir(&path).map_err(|_| missing())?;
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
        let volume = self.volume(name)?;
        if !volume.containers.is_empty() {
            return Err(VolumeError::InUse { volume: volume.name, containers: volume.containers }.into());
        }
        let aside = format!("{REMOVED}{name}");
        // What a killed process left.
        if rustix::fs::statat(dir, &aside, AtFlags::SYMLINK_NOFOLLOW).is_ok() {
            let left = CString::new(aside.as_str()).unwrap_or_default();
            remove_tree(dir, &left).map_err(StateError::io("remove", &self.site.volumes()))?;
        }
        Card::remove(dir, name).map_err(StateError::io("remove", &self.site.volumes()))?;
        let renamed = rustix::fs::renameat(dir, name, dir, &aside)
            .and_then(|()| rustix::fs::flock(dir, FlockOperation::Unlock));
        Ok(renamed.map_err(StateError::errno("remove", &self.site.volumes()))?)
    }

    /// Removes every volume that no container has, of those that are `meant`.
    ///
    /// # Errors
    /// The first that cannot be removed.
    pub fn prune_volumes(&self, meant: &dyn Fn(&Volume) -> bool) -> Result<Cleared<String>, EngineError> {
        let mut cleared = Cleared { removed: Vec::new(), bytes: 0 };
        for volume in self.volumes()? {
            if volume.containers.is_empty() && meant(&volume) {
                let bytes = self.volume_bytes(&volume.name)?;
                self.remove_volume(&volume.name)?;
                cleared.bytes += bytes;
                cleared.removed.push(volume.name);
            }
        }
        Ok(cleared)
    }
}

/// Whether a volume had to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Made {
    Now,
    Before,
}

/// The lock is that of [`super::Volumes`].
fn make(volumes: &Path, name: &str, card: &Card) -> std::io::Result<Made> {
    exists_already(rustix::fs::mkdir(volumes, Mode::RWXU))?;
    let dir = open_dir(volumes)?;
    rustix::fs::flock(&dir, FlockOperation::LockExclusive)?;
    if rustix::fs::statat(&dir, name, AtFlags::SYMLINK_NOFOLLOW).is_ok() {
        return Ok(Made::Before);
    }
    card.write(&dir, name)?;
    rustix::fs::mkdirat(&dir, name, Mode::from_raw_mode(0o755))?;
    Ok(Made::Now)
}

fn unknown(name: &str) -> VolumeError {
    VolumeError::Unknown(name.chars().take(128).collect())
}

fn has(record: &crate::state::Record, volume: &str) -> bool {
    let named = |source: &MountSource| matches!(source, MountSource::Volume { name } if name == volume);
    record.request.mounts.iter().any(|mount| named(&mount.source))
}
