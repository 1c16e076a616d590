//! Giving a container another name.

use crate::book::{Entry, Kind};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::id::ContainerId;
use crate::name::ContainerName;
use crate::state::StateError;

impl Engine {
    /// Gives a container another name, whether or not it runs. Killed in between, it has both, and its
    /// record knows them.
    ///
    /// # Errors
    /// [`EngineError::Name`], [`StateError::NameInUse`]; as [`Engine::container`].
    pub fn rename(&self, text: &str, name: &str) -> Result<ContainerId, EngineError> {
        let name: ContainerName = name.parse()?;
        let record = self.container(text)?;
        if record.status.is_starting() {
            return Err(StateError::Running(record.id.short().to_owned()).into());
        }
        if record.name == name.as_str() {
            return Ok(record.id);
        }
        let wanted = Some(name.as_str().to_owned());
        self.containers.change_record(&record.id, |record| record.other_name = wanted)?;
        self.containers.take_name(&record.id, &name)?;
        let entry = Entry::about(Kind::Rename, &record, self.now());
        self.note(&entry.with("name", name.as_str()).with("old-name", &record.name))?;
        self.containers.change_record(&record.id, |changed| {
            changed.other_name = Some(record.name.clone());
            name.as_str().clone_into(&mut changed.name);
        })?;
        self.containers.leave_name(&record.id, &record.name);
        Ok(record.id)
    }
}
