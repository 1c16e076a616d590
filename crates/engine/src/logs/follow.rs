//! The log of a container, read for as long as the container may add to it.

use std::ops::ControlFlow;
use std::time::Duration;

use model::upkeep::LogDriver;

use super::LogsError;
use super::entry::Entry;
use super::reader::{LogReader, Select};
use super::watch::{Watch, Woken};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::id::ContainerId;
use crate::state::{Record, StateError, Status, open_dir};

/// However quiet it is, so often it is looked whether a keeper was killed.
const LOOK: Duration = Duration::from_secs(1);

/// Whether entries that come later are waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// What is there, and no more.
    No,
    /// Until the container has ended, restarts included.
    UntilEnd,
}

/// Whether reading again may bring something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum More {
    /// It may.
    Perhaps,
    /// It cannot.
    No,
}

/// The log of one container.
#[derive(Debug)]
pub struct Logs {
    id: ContainerId,
    name: String,
    reader: LogReader,
    select: Select,
    /// Absent where nothing is waited for, any more or from the beginning.
    watch: Option<Watch>,
}

impl Engine {
    /// The log of the container of that name, id, or beginning of an id. Read it, then wait, as long as
    /// there may be more.
    ///
    /// # Errors
    /// As [`Engine::container`]; [`LogsError`] where it has no log.
    pub fn logs(&self, text: &str, select: Select, follow: Follow) -> Result<Logs, EngineError> {
        let record = self.container(text)?;
        let Record { id, name, .. } = record.clone();
        let log = &record.request.upkeep.log;
        match log.driver {
            LogDriver::JsonFile => {}
            LogDriver::Journald => {
                return Err(LogsError::InJournal { container: name, id: id.as_str().to_owned() }.into());
            }
            LogDriver::None => return Err(LogsError::NotKept { container: name }.into()),
        }
        let path = self.containers.path(&id);
        let watch = (follow == Follow::UntilEnd).then(|| Watch::over(&path));
        let dir = open_dir(&path).map_err(StateError::errno("open", &path))?;
        let reader = LogReader::new(dir, log, select);
        let logs = Logs { id, name, reader, select, watch };
        if record.status != Status::Created && !logs.reader.is_there().map_err(logs.unreadable())? {
            return Err(LogsError::Elsewhere { container: logs.name }.into());
        }
        Ok(logs)
    }

    /// Waits until the log may have grown.
    ///
    /// # Errors
    /// As [`Engine::container`].
    pub fn wait_for_logs(&self, logs: &mut Logs) -> Result<More, EngineError> {
        let Some(watch) = &logs.watch else { return Ok(More::No) };
        if logs.select.until.is_some_and(|until| until.seconds < self.now()) {
            return Ok(More::No);
        }
        if watch.wait(LOOK) == Woken::Perhaps
            && self.settled(&logs.id)?.is_none_or(|record| record.status.is_settled())
        {
            // What it said last was written before its end was.
            logs.watch = None;
        }
        Ok(More::Perhaps)
    }
}

impl Logs {
    /// Hands what is there and was not handed out before to `each`, the oldest first, until it breaks off.
    ///
    /// # Errors
    /// [`LogsError::Read`].
    pub fn read(
        &mut self,
        each: &mut dyn FnMut(&Entry<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, EngineError> {
        let read = self.reader.read(each);
        read.map_err(self.unreadable())
    }

    /// Lines that were no entries, so far.
    #[must_use]
    pub fn damaged(&self) -> u64 {
        self.reader.damaged()
    }

    fn unreadable(&self) -> impl FnOnce(std::io::Error) -> EngineError + use<> {
        let container = self.name.clone();
        move |source| LogsError::Read { container, source }.into()
    }
}
