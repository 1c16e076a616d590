//! Pausing: the kernel's freezer is the only place where it is kept.

use launch::cgroup::Group;
use serde::Serialize;

use super::group;
use crate::book::{Entry, Kind};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::state::{Record, StateError, Status};

/// Whether a container's processes get processor time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Freezer {
    /// They do.
    #[default]
    Thawed,
    /// They are held still.
    Frozen,
}

impl Engine {
    /// Holds every process of the container still until [`Self::unpause`].
    ///
    /// # Errors
    /// As [`Engine::container`]; [`StateError::NotRunning`], [`StateError::Paused`], [`StateError::NoGroup`];
    /// launch's.
    pub fn pause(&self, text: &str) -> Result<Record, EngineError> {
        let record = self.container(text)?;
        let group = group(&record, "paused")?;
        if group.is_frozen() {
            return Err(StateError::Paused(record.name).into());
        }
        group.freeze()?;
        self.note(&Entry::about(Kind::Pause, &record, self.now()))?;
        Ok(record)
    }

    /// Lets the container go on.
    ///
    /// # Errors
    /// As [`Self::pause`]; [`StateError::NotPaused`].
    pub fn unpause(&self, text: &str) -> Result<Record, EngineError> {
        let record = self.container(text)?;
        let group = group(&record, "paused")?;
        if !group.is_frozen() {
            return Err(StateError::NotPaused(record.name).into());
        }
        group.thaw()?;
        self.note(&Entry::about(Kind::Unpause, &record, self.now()))?;
        Ok(record)
    }

    /// Whether the container is held still; for one that runs, one file is read.
    #[must_use]
    pub fn freezer(&self, record: &Record) -> Freezer {
        let runs = matches!(record.status, Status::Running { .. });
        let frozen = || Group::at(&record.cgroup).is_some_and(|group| group.is_frozen());
        if runs && frozen() { Freezer::Frozen } else { Freezer::Thawed }
    }

    /// The same in one word.
    #[must_use]
    pub fn is_paused(&self, record: &Record) -> bool {
        self.freezer(record) == Freezer::Frozen
    }

    /// Lets a container go on that was sent a signal, so that it hears it: a frozen process does not even
    /// die (control groups version 1). One that is not paused stays as it is.
    ///
    /// # Errors
    /// Launch's.
    pub(crate) fn thaw_for(&self, record: &Record) -> Result<(), EngineError> {
        match Group::at(&record.cgroup) {
            Some(group) if group.is_frozen() => Ok(group.thaw()?),
            _ => Ok(()),
        }
    }
}
