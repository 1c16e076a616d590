//! The steps of every start, in order: decided, reserved, confined, prepared, released, written down.

use launch::{Given, Prepared, Running};
use ledger::Durability;
use model::image::Image;
use model::permit::Permit;
use model::request::{HostNamespace, RunRequest};
use model::spec::Spec;
use model::verdict::Verdict;
use network::Serving;
use policy::asks::{KNOWN_EXPLOITED, UNVOUCHED};
use policy::decide::request_digest;
use policy::{Decision, Refusal};
use serde::{Deserialize, Serialize};

use crate::book::{Book, Entry, Kind};
use crate::engine::{Engine, Notice};
use crate::error::EngineError;
use crate::id::ContainerId;
use crate::idspace;
use crate::place::{self, Place};
use crate::state::{
    AtEnd, Decided, Ended, Ids, NameChoice, ProcessId, Record, Reservation, START, StateError, Status,
    VERSION,
};

/// A container that runs.
pub(crate) struct Live {
    /// Its first process.
    pub(crate) running: Running,
    /// Where its end is written down.
    pub(crate) book: Book,
    /// Who carries its packets. Given up before its end is written down: whoever sees that it has ended can
    /// have its ports.
    pub(crate) carriers: Vec<Serving>,
}

/// Who looks after a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeper {
    /// A command in the foreground.
    Command,
    /// This process, which nobody waits for.
    Monitor,
}

impl Engine {
    /// The permit, or a refusal that is history before it is an answer.
    pub(crate) fn permitted(
        &self,
        request: &RunRequest,
        image: &Image,
        id: &ContainerId,
        now: i64,
    ) -> Result<(Permit, Verdict), EngineError> {
        let Decision { verdict, permit } = self.decide(request, image, id.as_str(), now);
        match permit {
            Ok(permit) => {
                self.warn(request, &verdict);
                Ok((permit, verdict))
            }
            Err(refusal) => Err(self.refused(refusal, request, image, &verdict, now)),
        }
    }

    /// What is recorded as an exception of the image is said to whoever starts it.
    fn warn(&self, request: &RunRequest, verdict: &Verdict) {
        let image = request.image.as_str();
        let detail = |id: &str| {
            let exception = verdict.exceptions.iter().find(|exception| exception.id.starts_with(id));
            exception.map(|exception| exception.detail.as_str())
        };
        if let Some(detail) = detail(UNVOUCHED) {
            (self.herald)(&Notice::Unvouched { image, detail });
        }
        if let Some(detail) = detail(KNOWN_EXPLOITED) {
            (self.herald)(&Notice::KnownExploited { image, detail });
        }
    }

    pub(crate) fn refused(
        &self,
        refusal: Refusal,
        request: &RunRequest,
        image: &Image,
        verdict: &Verdict,
        now: i64,
    ) -> EngineError {
        let entry = Entry {
            image: Some(image.digest.to_string()),
            name: Some(request.image.clone()),
            request: request_digest(request).ok().map(|digest| digest.to_string()),
            level: Some(refusal.level),
            outcome: Some(verdict.outcome),
            rule: Some(refusal.rule.to_owned()),
            detail: Some(refusal.asked.clone()),
            ..Entry::new(Kind::Refusal, now).vouched(&verdict.vouched)
        };
        let written = self.book().and_then(|book| Ok(book.append(&entry, Durability::Flushed)?));
        match written {
            Ok(entry) => EngineError::Refused { refusal: Box::new(refusal), entry },
            Err(error) => error,
        }
    }

    /// The record of a container that is being made.
    pub(crate) fn record(
        &self,
        id: &ContainerId,
        request: RunRequest,
        image: &Image,
        decision: Decided,
        now: i64,
    ) -> Record {
        Record {
            version: VERSION,
            id: id.clone(),
            name: String::new(),
            other_name: None,
            image: image.digest.into(),
            image_name: request.image.clone(),
            below: Vec::new(),
            command: Vec::new(),
            created: now,
            decision,
            range: None,
            cgroup: place::cgroup(id, self.site.invoker),
            ports: Vec::new(),
            status: Status::Making,
            monitor: None,
            restarts: 0,
            health: None,
            stopped: false,
            restart_asked: false,
            request,
        }
    }

    /// A name that an orphan has may come free when the orphan is looked after.
    pub(crate) fn reserve(&self, record: Record) -> Result<Reservation, EngineError> {
        let name = match &record.request.name {
            Some(name) => NameChoice::Given(name.parse()?),
            None => NameChoice::Friendly,
        };
        let ids: Ids = idspace::choice(&record.request, self.site.invoker);
        match Reservation::make(&self.containers, record.clone(), &name, ids) {
            Err(StateError::NameInUse { name: taken, .. }) if self.is_free_after_all(&taken)? => {
                Ok(Reservation::make(&self.containers, record, &name, ids)?)
            }
            made => Ok(made?),
        }
    }

    fn is_free_after_all(&self, name: &str) -> Result<bool, EngineError> {
        match self.containers.find(name) {
            Ok(id) => Ok(self.settled(&id)?.is_none()),
            Err(StateError::Unknown(_)) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// From a permit to a running container. `wire` makes its streams, for the request and the host ids
    /// of its user.
    pub(crate) fn set_off<G: Into<Given>, W>(
        &self,
        reservation: &mut Reservation,
        permit: Permit,
        image: &Image,
        keeper: Keeper,
        wire: impl FnOnce(&RunRequest, (u32, u32)) -> Result<(G, W), EngineError>,
    ) -> Result<(Live, W), EngineError> {
        let ways = self.prepare_ways(&mut reservation.record, image)?;
        let (spec, owner) = self.confine(reservation, &permit, image)?;
        let (given, wiring) = wire(&reservation.record.request, owner)?;
        let (prepared, book, index) = self.prepare(permit, &spec, given.into(), &reservation.record)?;
        reservation.record.decision.permit = Some(index);
        let carriers = self
            .open_ways(ways, prepared.pidfd(), &reservation.record)
            .map_err(|error| self.not_started(error, &book, &reservation.record, Some(index)))?;
        let running = self.release(prepared, &book, &reservation.record)?;
        self.started(reservation, &spec, &running, keeper)?;
        Ok((Live { running, book, carriers }, wiring))
    }

    fn confine(
        &self,
        reservation: &Reservation,
        permit: &Permit,
        image: &Image,
    ) -> Result<(Spec, (u32, u32)), EngineError> {
        let record = &reservation.record;
        let Place { placement, owner } = self.place(reservation.held(), record, image)?;
        Ok((policy::confine(permit, &record.request, image, &placement)?, owner))
    }

    /// Sets the container up to its last step while the permit is flushed to the ledger. Only the exec
    /// waits for both.
    fn prepare(
        &self,
        permit: Permit,
        spec: &Spec,
        given: Given,
        record: &Record,
    ) -> Result<(Prepared, Book, u64), EngineError> {
        let request = request_digest(&record.request)
            .map_err(|error| EngineError::io("write the request")(error.into()))?;
        let entry = Entry::permit(&permit, request, &record.image_name, self.now()).for_container(record);
        let (prepared, book, index) = self.overlapped(&entry, || launch::prepare(permit, spec, given))?;
        match prepared {
            Ok(prepared) => Ok((prepared, book, index)),
            Err(error) => Err(self.not_started(error, &book, record, Some(index))),
        }
    }

    /// Sets a process up while the decision about it is flushed; it must not be released before.
    pub(crate) fn overlapped<P>(
        &self,
        decision: &Entry,
        set_up: impl FnOnce() -> P,
    ) -> Result<(P, Book, u64), EngineError> {
        std::thread::scope(|scope| {
            let history = scope.spawn(|| {
                let book = self.book()?;
                let index = book.append(decision, Durability::Flushed)?;
                Ok::<_, EngineError>((book, index))
            });
            let prepared = set_up();
            let lost = |_| EngineError::io("write the ledger")(std::io::ErrorKind::Other.into());
            let (book, index) = history.join().map_err(lost)??;
            Ok((prepared, book, index))
        })
    }

    fn release(&self, prepared: Prepared, book: &Book, record: &Record) -> Result<Running, EngineError> {
        let running = prepared
            .release()
            .map_err(|error| self.not_started(error, book, record, record.decision.permit))?;
        book.append(&Entry::about(Kind::Start, record, self.now()), Durability::Buffered)?;
        Ok(running)
    }

    fn not_started(
        &self,
        error: impl Into<EngineError> + std::fmt::Display,
        book: &Book,
        record: &Record,
        permit: Option<u64>,
    ) -> EngineError {
        let entry = Entry {
            detail: Some(error.to_string()),
            exit: Some(Ended::NeverStarted),
            ..Entry::following(Kind::Start, &record.id, permit, self.now())
        };
        match book.append(&entry, Durability::Buffered) {
            Ok(_) => error.into(),
            Err(lost) => lost.into(),
        }
    }

    /// Writes down what runs, while it runs already.
    fn started(
        &self,
        reservation: &mut Reservation,
        spec: &Spec,
        running: &Running,
        keeper: Keeper,
    ) -> Result<(), EngineError> {
        // One that has ended by now has no start time to read; its exit follows in a moment.
        let process = ProcessId::of(running.pid()).ok();
        let monitor = match keeper {
            Keeper::Command => None,
            Keeper::Monitor => Some(ProcessId::own().map_err(EngineError::io("read our own start time"))?),
        };
        let (since, permit) = (self.now(), reservation.record.decision.permit);
        let ports = std::mem::take(&mut reservation.record.ports);
        reservation.establish();
        reservation.change(|record| {
            record.ports = ports;
            record.command.clone_from(&spec.process.args);
            record.decision.permit = permit;
            record.monitor = monitor;
            if let Some(process) = process {
                record.status = Status::Running { process, since };
            }
        })?;
        reservation.held().write(START, &Start { spec, enforced: running.enforced() })?;
        Ok(())
    }

    /// Writes down how it ended; what was asked for with `--rm` is done.
    pub(crate) fn ended(
        &self,
        reservation: Reservation,
        exit: Ended,
        book: &Book,
    ) -> Result<Ended, EngineError> {
        let noted = self.note_exit(&reservation.record, exit, book);
        self.write_end(reservation, exit, book)?;
        noted?;
        Ok(exit)
    }

    /// The same without history.
    pub(crate) fn write_end(
        &self,
        reservation: Reservation,
        exit: Ended,
        book: &Book,
    ) -> Result<(), EngineError> {
        let at = self.now();
        if !reservation.record.request.remove {
            return Ok(reservation.end(AtEnd::Stay, |record| record.end(exit, at))?);
        }
        let entry = Entry::about(Kind::ContainerRemove, &reservation.record, at);
        let is_step = reservation.record.request.step.is_some();
        reservation.end(if is_step { AtEnd::RemoveAtOnce } else { AtEnd::Remove }, |_| {})?;
        book.append(&entry, Durability::Buffered)?;
        Ok(())
    }

    /// With the host's pid namespace the kernel ends nobody but the first process.
    pub(crate) fn end_the_rest(&self, record: &Record) -> Result<(), EngineError> {
        if record.request.host_namespaces.contains(&HostNamespace::Pid) {
            launch::cgroup::sweep(&record.cgroup)?;
        }
        Ok(())
    }

    /// One line of history about an end.
    pub(crate) fn note_exit(&self, record: &Record, exit: Ended, book: &Book) -> Result<(), EngineError> {
        let entry = Entry { exit: Some(exit), ..Entry::about(Kind::Exit, record, self.now()) };
        book.append(&entry, Durability::Buffered)?;
        Ok(())
    }
}

impl Decided {
    /// What is kept of a decision.
    pub(crate) fn of(permit: &Permit, verdict: &Verdict) -> Self {
        Self {
            outcome: permit.outcome(),
            level: permit.level(),
            applied: verdict.applied.len(),
            missing: permit.missing().to_vec(),
            exceptions: permit.exceptions().to_vec(),
            vouched: permit.vouched().clone(),
            permit: None,
        }
    }
}

/// How a container was started, as it is kept: one file, because files cost more than what is in them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Start<S, E> {
    /// The OCI runtime spec that was carried out.
    pub(crate) spec: S,
    /// What was really put in force.
    pub(crate) enforced: E,
}

impl From<launch::Exit> for Ended {
    fn from(exit: launch::Exit) -> Self {
        match exit {
            launch::Exit::Code(code) => Self::Code { code },
            launch::Exit::Signal(signal) => Self::Signal { signal },
            launch::Exit::OutOfMemory => Self::OutOfMemory,
        }
    }
}
