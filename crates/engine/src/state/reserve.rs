//! Making a container: its directory, its range of ids and its name, all of them or none.

use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{FlockOperation, Mode};
use rustix::io::Errno;

use super::range::{self, IdRange};
use super::{Containers, Held, Record, StateError, files, link_target};
use crate::id::ContainerId;
use crate::name::{ContainerName, FRIENDLY_ATTEMPTS};

/// Where the name comes from.
#[derive(Debug, Clone)]
pub(crate) enum NameChoice {
    /// A person gave it.
    Given(ContainerName),
    /// Nobody did.
    Friendly,
}

/// Whether the container gets host ids of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ids {
    /// A range that no other container has.
    Own,
    /// Those of the invoker.
    Invoker,
}

/// Everything that was reserved for a container; undone when dropped, unless it was kept.
#[derive(Debug)]
pub(crate) struct Reservation {
    containers: Containers,
    held: Held,
    fate: Fate,
    /// The record; the caller writes its changes.
    pub(crate) record: Record,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Undone,
    Kept,
}

impl Reservation {
    /// Reserves directory, range and name, in this order, for the record's id, and writes the record.
    pub(crate) fn make(
        containers: &Containers,
        record: Record,
        name: &NameChoice,
        ids: Ids,
    ) -> Result<Self, StateError> {
        let held = containers.new_directory(&record.id)?;
        let mut reservation = Self { containers: containers.clone(), held, fate: Fate::Undone, record };
        reservation.fill(name, ids)?;
        Ok(reservation)
    }

    /// The record is on disk before a link points to the container, with the name and range that are
    /// most likely; in the rare case that they are taken, it is written again.
    fn fill(&mut self, name: &NameChoice, ids: Ids) -> Result<(), StateError> {
        self.record.name = name.candidate(&self.record.id, 0).as_str().to_owned();
        self.record.range = (ids == Ids::Own).then(|| first_choice(&self.record.id));
        self.held.write_record(&self.record)?;
        let likely = (self.record.name.clone(), self.record.range);
        if let Some(range) = self.record.range {
            self.record.range = Some(self.containers.reserve_range(&self.record.id, range)?);
        }
        self.record.name = self.containers.reserve_name(&self.record.id, name)?;
        if (&self.record.name, self.record.range) == (&likely.0, likely.1) {
            return Ok(());
        }
        self.held.write_record(&self.record)
    }

    /// The container's directory.
    pub(crate) fn held(&self) -> &Held {
        &self.held
    }

    /// A container that exists already and that the caller holds, to be started again.
    pub(crate) fn resume(containers: &Containers, held: Held, record: Record) -> Self {
        Self { containers: containers.clone(), held, fate: Fate::Kept, record }
    }

    /// From now on the container stays, whatever becomes of us.
    pub(crate) fn establish(&mut self) {
        self.fate = Fate::Kept;
    }

    /// Whether it stays.
    pub(crate) fn is_established(&self) -> bool {
        self.fate == Fate::Kept
    }

    /// Writes a change of the record down; what others changed meanwhile stays.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Record)) -> Result<(), StateError> {
        self.record = self.containers.change_record(&self.record.id, change)?;
        Ok(())
    }

    /// The container has ended: it is removed, or stays with this change of its record. It keeps its
    /// range: what it wrote carries those ids on disk, and it may be started again.
    pub(crate) fn end(mut self, removal: AtEnd, change: impl FnOnce(&mut Record)) -> Result<(), StateError> {
        self.fate = Fate::Kept;
        if removal == AtEnd::Stay {
            return self.change(change);
        }
        // It may have been given another name.
        let record = self.held.record()?.unwrap_or_else(|| self.record.clone());
        match removal {
            AtEnd::RemoveAtOnce => self.containers.remove(&self.held, Some(&record)),
            AtEnd::Remove | AtEnd::Stay => self.containers.remove_behind(&self.held, &record),
        }
    }

    #[cfg(test)]
    pub(super) fn keep(mut self) -> Record {
        self.fate = Fate::Kept;
        self.record.clone()
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.fate == Fate::Undone {
            // What cannot be removed now is swept by the next command that lists containers.
            let _left_for_later = self.containers.remove(&self.held, Some(&self.record));
        }
    }
}

/// What happens to a container that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AtEnd {
    /// `--rm`.
    Remove,
    /// The same, and its files are gone as well when that is done: for who does not end with it.
    RemoveAtOnce,
    /// It stays until somebody removes it.
    Stay,
}

impl NameChoice {
    fn candidate(&self, id: &ContainerId, attempt: usize) -> ContainerName {
        match self {
            Self::Given(name) => name.clone(),
            Self::Friendly => ContainerName::friendly(id, attempt),
        }
    }

    fn attempts(&self) -> usize {
        match self {
            Self::Given(_) => 1,
            Self::Friendly => FRIENDLY_ATTEMPTS,
        }
    }
}

fn first_choice(id: &ContainerId) -> IdRange {
    IdRange::numbered(u32::try_from(id.number(0, 7)).unwrap_or(0))
}

impl Containers {
    /// Makes the directory and locks it. A shared lock on the parent meanwhile tells [`Self::sweep`]
    /// that a directory without a record need not be a leftover.
    fn new_directory(&self, id: &ContainerId) -> Result<Held, StateError> {
        let path = self.path(id);
        let root = files::open_dir(&self.root).map_err(StateError::errno("open", &self.root))?;
        let made = || -> rustix::io::Result<OwnedFd> {
            rustix::fs::flock(&root, FlockOperation::LockShared)?;
            rustix::fs::mkdirat(&root, id.as_str(), Mode::RWXU)?;
            let dir = files::open_dir(&path)?;
            rustix::fs::flock(&dir, FlockOperation::LockExclusive)?;
            Ok(dir)
        };
        let dir = made().map_err(StateError::errno("make the directory", &path))?;
        Ok(Held::new(id.clone(), path, dir))
    }

    /// Starts at a place that follows from the id, so that nothing has to be listed.
    fn reserve_range(&self, id: &ContainerId, first: IdRange) -> Result<IdRange, StateError> {
        for step in 0..range::COUNT {
            let range = IdRange::numbered(first.number() + step);
            if self.link(&self.ranges.join(range.number().to_string()), id)?.is_none() {
                return Ok(range);
            }
        }
        Err(StateError::NoRange(range::COUNT))
    }

    /// Gives the container one more name.
    pub(crate) fn take_name(&self, id: &ContainerId, name: &ContainerName) -> Result<(), StateError> {
        self.reserve_name(id, &NameChoice::Given(name.clone())).map(drop)
    }

    fn reserve_name(&self, id: &ContainerId, choice: &NameChoice) -> Result<String, StateError> {
        let mut attempt = 0;
        loop {
            let name = choice.candidate(id, attempt);
            attempt += 1;
            match self.link(&self.names.join(name.as_str()), id)? {
                None => return Ok(name.as_str().to_owned()),
                Some(container) if attempt == choice.attempts() => {
                    let container = container.short().to_owned();
                    return Err(StateError::NameInUse { name: name.as_str().to_owned(), container });
                }
                Some(_) => {}
            }
        }
    }

    /// Makes a reservation; `Some` is the container that has it already.
    fn link(&self, link: &Path, id: &ContainerId) -> Result<Option<ContainerId>, StateError> {
        match rustix::fs::symlink(id.packed(), link) {
            Ok(()) => Ok(None),
            Err(Errno::EXIST) => self.contest(link, id),
            Err(errno) => Err(StateError::errno("reserve", link)(errno)),
        }
    }

    /// A link whose container is gone is a leftover. The parent's lock makes sure that of two who see
    /// this only one takes the link away.
    fn contest(&self, link: &Path, id: &ContainerId) -> Result<Option<ContainerId>, StateError> {
        let root = files::open_dir(&self.root).map_err(StateError::errno("open", &self.root))?;
        rustix::fs::flock(&root, FlockOperation::LockExclusive)
            .map_err(StateError::errno("lock", &self.root))?;
        if let Some(owner) = link_target(link)
            && self.path(&owner).is_dir()
        {
            return Ok(Some(owner));
        }
        let _taken_away_already = std::fs::remove_file(link);
        rustix::fs::symlink(id.packed(), link).map_err(StateError::errno("reserve", link))?;
        Ok(None)
    }
}
