//! Containers on disk: one directory each, records replaced atomically, names and ranges reserved by
//! symbolic links, and a lock that says whether somebody looks after a container.
//!
//! `<state>/containers/<id>/` holds `container.json`, `start.json`, `upper/` and
//! `work/`; `<state>/names/<name>` and `<state>/ranges/<n>` point to an id. Whoever runs a container
//! holds flock(2) on its directory; a record that says `running` under a free lock is an orphan.
//! A container exists from the moment its `container.json` does, and as long as that does.

mod error;
mod files;
mod lock;
mod process;
mod range;
mod record;
mod reserve;
mod tree;

use std::path::{Path, PathBuf};

pub use error::StateError;
pub(crate) use files::{open_dir, read as read_file, replace as replace_file, write_aside};
pub(crate) use lock::{Held, Lock};
pub use process::ProcessId;
pub(crate) use process::{ProcDir, after_name, boot_id};
pub use range::IdRange;
#[cfg(test)]
pub(crate) use record::tests::sample as sample_record;
pub use record::{Decided, Ended, HealthState, Record, Status, StoredLayer};
pub(crate) use record::{Unreadable, VERSION, parse as parse_record};
pub(crate) use reserve::{AtEnd, Ids, NameChoice, Reservation};
pub(crate) use tree::remove as remove_tree;

use crate::id::{self, ContainerId};
use crate::name::ContainerName;
use crate::site::Site;

/// The record's file name.
pub(crate) const RECORD: &str = "container.json";
/// How it was started: the OCI runtime spec that was carried out, and what was really put in force.
pub(crate) const START: &str = "start.json";

/// All containers of a site.
#[derive(Debug, Clone)]
pub(crate) struct Containers {
    root: PathBuf,
    names: PathBuf,
    ranges: PathBuf,
}

impl Containers {
    pub(crate) fn of(site: &Site) -> Self {
        Self { root: site.containers(), names: site.names(), ranges: site.ranges() }
    }

    /// The container's directory.
    pub(crate) fn path(&self, id: &ContainerId) -> PathBuf {
        self.root.join(id.as_str())
    }

    /// Every id that has a directory, in no order.
    pub(crate) fn ids(&self) -> Result<Vec<ContainerId>, StateError> {
        let entries = std::fs::read_dir(&self.root).map_err(StateError::io("list", &self.root))?;
        Ok(entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect())
    }

    /// The container's record; `None` if there is no such container.
    pub(crate) fn record(&self, id: &ContainerId) -> Result<Option<Record>, StateError> {
        let path = self.path(id);
        match open_dir(&path) {
            Err(rustix::io::Errno::NOENT) => Ok(None),
            Err(errno) => Err(StateError::errno("open", &path)(errno)),
            Ok(dir) => read_record(&dir, id, &path),
        }
    }

    /// The container that a person means: a name, an id, or the beginning of one.
    pub(crate) fn find(&self, text: &str) -> Result<ContainerId, StateError> {
        if let Ok(name) = text.parse::<ContainerName>()
            && let Some(id) = self.named(&name)
        {
            return Ok(id);
        }
        let mut ids = if id::is_prefix(text) { self.ids()? } else { Vec::new() };
        ids.retain(|id| id.as_str().starts_with(text));
        ids.sort();
        match ids.as_slice() {
            [] => self.recorded(text)?.ok_or_else(|| StateError::Unknown(text.chars().take(80).collect())),
            [one] => Ok(one.clone()),
            several => Err(StateError::Ambiguous {
                text: text.to_owned(),
                candidates: several.iter().take(8).map(|id| id.short().to_owned()).collect(),
            }),
        }
    }

    /// The id that has the name, if its container is there.
    fn named(&self, name: &ContainerName) -> Option<ContainerId> {
        let id: ContainerId = link_target(&self.names.join(name.as_str()))?;
        self.path(&id).is_dir().then_some(id)
    }

    /// The id whose record alone has the name: its removal was killed after it had given the name back.
    fn recorded(&self, name: &str) -> Result<Option<ContainerId>, StateError> {
        let has = |id: &ContainerId| matches!(self.record(id), Ok(Some(record)) if record.name == name);
        Ok(self.ids()?.into_iter().find(has))
    }
}

/// Reads the record in an open container directory.
pub(crate) fn read_record(
    dir: impl std::os::fd::AsFd,
    id: &ContainerId,
    path: &Path,
) -> Result<Option<Record>, StateError> {
    let Some(bytes) = read_file(dir, RECORD).map_err(StateError::io("read the record in", path))? else {
        return Ok(None);
    };
    let container = id.short().to_owned();
    parse_record(&bytes).map(Some).map_err(|unreadable| match unreadable {
        Unreadable::Newer(version) => StateError::Newer { container, version, known: VERSION },
        Unreadable::Damaged(detail) => StateError::Damaged { container, detail },
    })
}

/// The id that a reservation points to.
fn link_target(link: &Path) -> Option<ContainerId> {
    ContainerId::unpacked(std::fs::read_link(link).ok()?.to_str()?)
}

#[cfg(test)]
mod tests;
