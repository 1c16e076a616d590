//! Containers after their start: listing, inspecting, removing, and looking after orphans.

use std::os::fd::AsFd as _;
use std::time::Duration;

use launch::Enforced;
use model::spec::Spec;
use serde::Serialize;

use crate::book::{Entry, Kind};
use crate::engine::{Engine, Notice};
use crate::error::EngineError;
use crate::id::ContainerId;
use crate::monitor::{self, HealthLog};
use crate::resources::Freezer;
use crate::start::Start;
use crate::state::{
    Ended, Held, Lock, ProcessId, Record, START, StateError, Status, open_dir, read_file, read_record,
};
use crate::usage;

/// How often a killed container is looked at, and for how long: ten seconds.
const POLLS: u32 = 1000;
const POLL: Duration = Duration::from_millis(10);

/// Which containers are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Those that run, or are about to.
    Running,
    /// Also those that have ended.
    All,
}

/// What happens to a container that runs and is to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// It stays, and that is an error.
    No,
    /// It is killed.
    Kill,
}

/// What was removed because nothing needed it.
#[derive(Debug)]
pub struct Cleared<T> {
    /// Names or ids.
    pub removed: Vec<T>,
    /// Bytes on disk that this freed.
    pub bytes: u64,
}

/// Everything that is kept about a container.
#[derive(Debug, Serialize)]
pub struct Inspection {
    /// Its record.
    #[serde(flatten)]
    pub record: Record,
    /// Whether it is paused.
    pub freezer: Freezer,
    /// The specification that was carried out; absent where it never started.
    pub spec: Option<Spec>,
    /// What was in force when it started, as the kernel reported it.
    pub enforced: Option<Enforced>,
    /// What its latest health checks heard; absent where it has none.
    pub health_log: Option<HealthLog>,
}

impl Engine {
    /// Containers, the latest first. Orphans of killed commands are looked after on the way.
    ///
    /// # Errors
    /// The state cannot be read. A damaged record is left out; [`Engine::container`] reports it.
    pub fn containers(&self, which: Which) -> Result<Vec<Record>, EngineError> {
        self.containers.sweep()?;
        let mut records = Vec::new();
        for id in self.containers.ids()? {
            match self.settled(&id) {
                Ok(record) => records.extend(record),
                Err(EngineError::State(StateError::Damaged { .. } | StateError::Newer { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        let listed = |record: &Record| which == Which::All || !record.status.is_settled();
        records.retain(listed);
        records.sort_by(|a, b| (b.created, &a.id).cmp(&(a.created, &b.id)));
        Ok(records)
    }

    /// The container of that name, id, or beginning of an id.
    ///
    /// # Errors
    /// [`StateError::Unknown`], [`StateError::Ambiguous`], [`StateError::Damaged`].
    pub fn container(&self, text: &str) -> Result<Record, EngineError> {
        let id = self.containers.find(text)?;
        self.settled(&id)?.ok_or_else(|| StateError::Unknown(text.to_owned()).into())
    }

    /// Everything that is kept about a container.
    ///
    /// # Errors
    /// As [`Engine::container`].
    pub fn inspect(&self, text: &str) -> Result<Inspection, EngineError> {
        let record = self.container(text)?;
        let (spec, enforced) = self.start_of(&record)?.map(|start| (start.spec, start.enforced)).unzip();
        let path = self.containers.path(&record.id);
        let health_log = open_dir(&path).ok().and_then(|dir| monitor::read_health(dir.as_fd()));
        Ok(Inspection { freezer: self.freezer(&record), record, spec, enforced, health_log })
    }

    /// How a container was started; `None` if it was not.
    pub(crate) fn start_of(&self, record: &Record) -> Result<Option<Start<Spec, Enforced>>, StateError> {
        let path = self.containers.path(&record.id);
        let dir = open_dir(&path).map_err(StateError::errno("open", &path))?;
        let Some(bytes) = read_file(dir, START).map_err(StateError::io("read a file of", &path))? else {
            return Ok(None);
        };
        let damaged = |error: serde_json::Error| StateError::Damaged {
            container: record.id.short().to_owned(),
            detail: format!("{START}: {error}"),
        };
        serde_json::from_slice(&bytes).map(Some).map_err(damaged)
    }

    /// Removes a container and everything it wrote. Returns its id.
    ///
    /// # Errors
    /// [`StateError::Running`] unless forced; as [`Engine::container`].
    pub fn remove(&self, text: &str, force: Force) -> Result<ContainerId, EngineError> {
        let id = self.containers.find(text)?;
        match self.settled(&id) {
            Ok(None) => return Ok(id),
            Ok(Some(record)) if !record.status.is_settled() => {
                self.end(&record, force)?;
            }
            Err(EngineError::State(StateError::Damaged { .. })) if force == Force::Kill => {}
            Ok(Some(_)) => {}
            Err(error) => return Err(error),
        }
        self.remove_ended(&id)?;
        Ok(id)
    }

    /// Removes every container that has ended, of those that are `meant`.
    ///
    /// # Errors
    /// The first that cannot be removed.
    pub fn prune(&self, meant: &dyn Fn(&Record) -> bool) -> Result<Cleared<ContainerId>, EngineError> {
        let mut cleared = Cleared { removed: Vec::new(), bytes: 0 };
        for record in self.containers(Which::All)? {
            if usage::is_over(&record) && meant(&record) {
                let bytes = self.container_bytes(&record)?;
                self.remove_ended(&record.id)?;
                cleared.bytes += bytes;
                cleared.removed.push(record.id);
            }
        }
        Ok(cleared)
    }

    fn remove_ended(&self, id: &ContainerId) -> Result<(), EngineError> {
        let Some(held) = self.wait_for_lock(id)? else { return Ok(()) };
        let record = read_record(held.dir(), id, held.path()).ok().flatten();
        self.containers.remove(&held, record.as_ref())?;
        let now = self.now();
        self.note(&match record {
            Some(record) => Entry::about(Kind::ContainerRemove, &record, now),
            None => Entry::following(Kind::ContainerRemove, id, None, now),
        })
    }

    /// Kills a running container; whoever looks after it notices its end, does not start it again, and lets
    /// go of it. One that is about to start is waited for: in a moment it runs, or is gone.
    fn end(&self, record: &Record, force: Force) -> Result<(), EngineError> {
        if force == Force::No {
            return Err(StateError::Running(record.id.short().to_owned()).into());
        }
        match self.containers.change_record(&record.id, |record| record.stopped = true) {
            // Its own end was faster, and `--rm` took it.
            Err(StateError::Unknown(_)) => return Ok(()),
            changed => drop(changed?),
        }
        for _ in 0..POLLS {
            match self.settled(&record.id)? {
                Some(record) if !record.status.is_settled() => self.kill_life(&record)?,
                _ => return Ok(()),
            }
            std::thread::sleep(POLL);
        }
        Err(StateError::Stuck(record.id.short().to_owned()).into())
    }

    /// A frozen process that was killed has to go on to end, and a monitor that waits is told to look.
    fn kill_life(&self, record: &Record) -> Result<(), EngineError> {
        match (&record.status, &record.monitor) {
            (Status::Running { process, .. }, _) => {
                process.kill().map_err(EngineError::io("kill the container"))?;
                self.thaw_for(record)
            }
            (_, Some(monitor)) => monitor
                .signal(monitor::LOOK_AGAIN)
                .map(drop)
                .map_err(EngineError::io("wake the container's monitor")),
            _ => Ok(()),
        }
    }

    fn wait_for_lock(&self, id: &ContainerId) -> Result<Option<Held>, EngineError> {
        for _ in 0..POLLS {
            match self.containers.lock(id)? {
                Lock::Held(held) => return Ok(Some(held)),
                Lock::Gone => return Ok(None),
                Lock::Busy => std::thread::sleep(POLL),
            }
        }
        Err(StateError::Stuck(id.short().to_owned()).into())
    }

    /// The container's record after a look whether somebody still looks after it; `None` if it is gone.
    pub(crate) fn settled(&self, id: &ContainerId) -> Result<Option<Record>, EngineError> {
        let record = self.containers.record(id)?;
        if record.as_ref().is_none_or(|record| record.status.is_settled()) {
            return Ok(record);
        }
        match self.containers.lock(id)? {
            Lock::Busy => Ok(record),
            Lock::Gone => Ok(None),
            Lock::Held(held) => self.recover(&held),
        }
    }

    /// Whoever ran this container is dead. What is left of it is killed, its end is written down, and
    /// `--rm` is kept.
    fn recover(&self, held: &Held) -> Result<Option<Record>, EngineError> {
        // Read again: the first look was without the lock.
        let Some(record) = held.record()? else { return Ok(None) };
        let exit = match &record.status {
            Status::Created | Status::Exited { .. } => return Ok(Some(record)),
            Status::Making | Status::Starting => Ended::NeverStarted,
            // That end is history already.
            Status::Restarting { exit, .. } => *exit,
            Status::Running { process, .. } => {
                process.kill().map_err(EngineError::io("kill what is left of the container"))?;
                Ended::Unknown
            }
        };
        if !record.cgroup.is_empty() {
            launch::cgroup::sweep(&record.cgroup)?;
        }
        let now = self.now();
        if !matches!(record.status, Status::Restarting { .. }) {
            let detail = Some("found without anybody looking after it".to_owned());
            self.note(&Entry { exit: Some(exit), detail, ..Entry::about(Kind::Exit, &record, now) })?;
        }
        if record.monitor.as_ref().is_some_and(ProcessId::is_of_this_boot) {
            (self.herald)(&Notice::LostMonitor { name: &record.name });
        }
        if record.request.remove || record.status == Status::Making {
            self.containers.remove(held, Some(&record))?;
            return Ok(None);
        }
        Ok(Some(self.containers.change_record(&record.id, |record| record.end(exit, now))?))
    }
}
