//! Other limits and another restart policy for a container that is there already.

use std::time::Duration;

use ledger::Durability;
use model::request::{Limits, RunRequest};
use model::upkeep::Restart;
use policy::{ConfineError, Decision};

use super::group;
use crate::book::{Entry, Kind};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::hostpaths;
use crate::place::host_memory;
use crate::state::{Record, Status};

/// How long a container may be about to start while it is updated: ten seconds.
const LOOKS: u32 = 1000;
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// What is to change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Limits; absent ones stay.
    pub limits: Limits,
    /// The restart policy; absent, it stays.
    pub restart: Option<Restart>,
}

impl Engine {
    /// Changes a container: at once where it runs, else from its next start on. It is judged as a whole, as
    /// at a start, and what was decided is in the ledger before the kernel hears of it.
    ///
    /// # Errors
    /// As [`Engine::container`]; [`EngineError::Refused`]; limits that cannot be, by policy's and by
    /// launch's account. Nothing is changed then, unless launch says so.
    pub fn update(&self, text: &str, change: &Change) -> Result<Record, EngineError> {
        let record = self.started_or_ended(text)?;
        let request = changed(&record.request, change)?;
        let disks = hostpaths::disks(&request)?;
        let mut resources = policy::confine::resources(&request, host_memory(), &disks)?;
        // On version 2 the kernel would kill rather than refuse.
        resources.memory.check_before_update = Some(true);
        let runs = matches!(record.status, Status::Running { .. }) && change.limits != Limits::default();
        let group = runs.then(|| group(&record, "limited")).transpose()?;

        let (image, now) = (self.image(&record.image.to_string())?, self.now());
        let Decision { verdict, permit } = self.decide(&request, &image, record.id.as_str(), now);
        let permit = permit.map_err(|refusal| self.refused(refusal, &request, &image, &verdict, now))?;
        let exceptions = permit.exceptions().to_vec();
        let entry = Entry { exceptions: exceptions.clone(), ..entry(&record, change, now) };
        self.book()?.append(&entry, Durability::Flushed)?;

        if let Some(Err(error)) = group.map(|group| group.change(&resources)) {
            let entry = Entry { detail: Some(error.to_string()), ..self::entry(&record, change, now) };
            self.note(&entry)?;
            return Err(error.into());
        }
        Ok(self.containers.change_record(&record.id, |record| {
            record.request.limits = change.limits.over(&record.request.limits);
            record.request.upkeep.restart = change.restart.unwrap_or(record.request.upkeep.restart);
            record.decision.exceptions = exceptions;
        })?)
    }

    /// A start that is under way has read its limits already: it is waited for.
    fn started_or_ended(&self, text: &str) -> Result<Record, EngineError> {
        for _ in 0..LOOKS {
            let record = self.container(text)?;
            if !record.status.is_starting() {
                return Ok(record);
            }
            std::thread::sleep(BETWEEN_LOOKS);
        }
        self.container(text)
    }
}

/// The request as it would be.
fn changed(request: &RunRequest, change: &Change) -> Result<RunRequest, ConfineError> {
    let mut request = request.clone();
    request.limits = change.limits.over(&request.limits);
    if let Some(restart) = change.restart {
        if request.remove && restart != Restart::No {
            let why = "it is removed when it ends (`--rm`)";
            return Err(ConfineError::Limit { option: "--restart", value: restart.to_string(), why });
        }
        request.upkeep.restart = restart;
    }
    Ok(request)
}

fn entry(record: &Record, change: &Change, now: i64) -> Entry {
    let restart = change.restart.map(|restart| ("restart", restart.to_string()));
    let options = change.limits.options().into_iter().chain(restart);
    options.fold(Entry::about(Kind::Update, record, now), |entry, (name, value)| entry.with(name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_removed_at_its_end_is_not_started_again() {
        let request = RunRequest { remove: true, ..RunRequest::default() };
        let change = Change { restart: Some(Restart::Always), ..Change::default() };
        let error = changed(&request, &change).unwrap_err();
        assert_eq!(error.to_string(), "`--restart always` cannot be: it is removed when it ends (`--rm`)");
        let stays = changed(&RunRequest::default(), &change).unwrap();
        assert_eq!(stays.upkeep.restart, Restart::Always);
    }
}
