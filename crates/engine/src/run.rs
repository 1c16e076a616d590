//! A run, from what a person typed to the exit code: the order of the stages, in one breath.

use launch::{Io, Prepared, Running};
use ledger::Durability;
use model::image::Image;
use model::permit::Permit;
use model::request::RunRequest;
use model::spec::Spec;
use model::verdict::Verdict;
use policy::decide::request_digest;
use policy::{Decision, Refusal};
use serde::{Deserialize, Serialize};

use crate::book::{Book, Entry, Kind};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::foreground::{self, Foreground, Input, Relay, Signals, Subject};
use crate::id::ContainerId;
use crate::place::{self, Place};
use crate::state::{
    AtEnd, Decided, Ended, Ids, NameChoice, ProcessId, Record, Reservation, START, StateError, Status,
    VERSION,
};
use crate::{hostpaths, idspace};

impl Engine {
    /// Runs an image in the foreground, if policy permits it, and returns how it ended.
    ///
    /// # Errors
    /// [`EngineError`]; [`EngineError::exit_code`] is what a shell should see. Nothing of the container
    /// is left then.
    pub fn run(
        &self,
        request: RunRequest,
        foreground: Foreground,
        progress: &mut dyn store::Progress,
    ) -> Result<Ended, EngineError> {
        let image = self.admit(&request.image, progress)?;
        let request = hostpaths::resolved(request)?;
        let input = Input::of(&request);
        foreground.check_terminal(&request)?;

        let id = ContainerId::random().map_err(EngineError::io("get random numbers"))?;
        let now = self.now();
        let Decision { verdict, permit } = self.decide(&request, &image, id.as_str(), now);
        let permit = permit.map_err(|refusal| self.refused(refusal, &request, &image, &verdict, now))?;

        let record = self.record(&id, request, &image, &permit, &verdict, now);
        let mut reservation = self.reserve(record)?;
        let sockets = self.bind_ports(&mut reservation.record, &image)?;
        let (spec, owner) = self.confine(&reservation, &permit, &image)?;

        let signals = Signals::block().map_err(EngineError::io("take over the signals"))?;
        let (io, wiring) = wire(foreground, &reservation.record.request, owner, signals)?;
        let (prepared, book, index) = self.prepare(permit, &spec, io, &reservation.record)?;
        reservation.record.decision.permit = Some(index);

        let ports = self
            .serve_ports(sockets, prepared.pidfd(), &reservation.record)
            .map_err(|error| self.not_started(error, &book, &reservation.record, Some(index)))?;
        let running = self.release(prepared, &book, &reservation.record)?;
        self.started(&mut reservation, &spec, &running)?;
        // The relay holds our signals back until the end is written down.
        let (exit, _relay) = accompany(wiring, running, input)?;
        // Whoever sees that the container has ended can have its ports.
        drop(ports);
        self.ended(reservation, exit, &book)
    }

    /// A refusal is history before it is an answer.
    fn refused(
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
            ..Entry::new(Kind::Refusal, now)
        };
        let written = self.book().and_then(|book| Ok(book.append(&entry, Durability::Flushed)?));
        match written {
            Ok(entry) => EngineError::Refused { refusal: Box::new(refusal), entry },
            Err(error) => error,
        }
    }

    fn record(
        &self,
        id: &ContainerId,
        request: RunRequest,
        image: &Image,
        permit: &Permit,
        verdict: &Verdict,
        now: i64,
    ) -> Record {
        Record {
            version: VERSION,
            id: id.clone(),
            name: String::new(),
            image: image.digest.into(),
            image_name: request.image.clone(),
            command: Vec::new(),
            created: now,
            decision: Decided {
                outcome: permit.outcome(),
                level: permit.level(),
                applied: verdict.applied.len(),
                missing: permit.missing().to_vec(),
                exceptions: permit.exceptions().to_vec(),
                permit: None,
            },
            range: None,
            cgroup: place::cgroup(id, self.site.invoker),
            ports: Vec::new(),
            status: Status::Starting,
            monitor: None,
            restarts: 0,
            health: None,
            stopped: false,
            request,
        }
    }

    /// A name that an orphan has may come free when the orphan is looked after.
    fn reserve(&self, record: Record) -> Result<Reservation, EngineError> {
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
        io: Io,
        record: &Record,
    ) -> Result<(Prepared, Book, u64), EngineError> {
        let request = request_digest(&record.request)
            .map_err(|error| EngineError::io("write the request")(error.into()))?;
        let entry =
            Entry::permit(&permit, request, &record.image_name, record.created).with("name", &record.name);
        std::thread::scope(|scope| {
            let history = scope.spawn(|| {
                let book = self.book()?;
                let index = book.append(&entry, Durability::Flushed)?;
                Ok::<_, EngineError>((book, index))
            });
            let prepared = launch::prepare(permit, spec, io);
            let lost = |_| EngineError::io("write the ledger")(std::io::ErrorKind::Other.into());
            let (book, index) = history.join().map_err(lost)??;
            match prepared {
                Ok(prepared) => Ok((prepared, book, index)),
                Err(error) => Err(self.not_started(error, &book, record, Some(index))),
            }
        })
    }

    fn release(&self, prepared: Prepared, book: &Book, record: &Record) -> Result<Running, EngineError> {
        let running = prepared
            .release()
            .map_err(|error| self.not_started(error, book, record, record.decision.permit))?;
        let entry = Entry::about(Kind::Start, record, self.now());
        book.append(&entry, Durability::Buffered)?;
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
    ) -> Result<(), EngineError> {
        let record = &mut reservation.record;
        record.command.clone_from(&spec.process.args);
        // One that has ended by now has no start time to read; its exit follows in a moment.
        if let Ok(process) = ProcessId::of(running.pid()) {
            record.status = Status::Running { process, since: (self.clock)() };
        }
        let held = reservation.held();
        held.write_record(&reservation.record)?;
        held.write(START, &Start { spec, enforced: running.enforced() })?;
        Ok(())
    }

    fn ended(&self, reservation: Reservation, exit: Ended, book: &Book) -> Result<Ended, EngineError> {
        let (record, now) = (&reservation.record, self.now());
        let entry = Entry { exit: Some(exit), ..Entry::about(Kind::Exit, record, now) };
        let noted = book.append(&entry, Durability::Buffered);
        let removal = if record.request.remove { AtEnd::Remove } else { AtEnd::Stay };
        reservation.end(Status::Exited { exit, at: now }, removal)?;
        noted?;
        Ok(exit)
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

/// What is left to connect once the container runs.
enum Wiring {
    Streams(Relay),
    Terminal(Foreground, Signals),
}

fn wire(
    foreground: Foreground,
    request: &RunRequest,
    owner: (u32, u32),
    signals: Signals,
) -> Result<(Io, Wiring), EngineError> {
    if request.tty {
        let size = foreground::terminal_size(&foreground.stdin).map(|size| (size.ws_col, size.ws_row));
        return Ok((Io::Terminal { size }, Wiring::Terminal(foreground, signals)));
    }
    let (ends, relay) = foreground::pipes(foreground, Input::of(request), owner, signals)?;
    let foreground::Ends { stdin, stdout, stderr } = ends;
    Ok((Io::Streams { stdin, stdout, stderr }, Wiring::Streams(relay)))
}

/// Is the container's terminal until it ends.
fn accompany(wiring: Wiring, running: Running, input: Input) -> Result<(Ended, Relay), EngineError> {
    let failed = || EngineError::io("carry the container's input and output");
    let mut relay = match (wiring, running.terminal()) {
        (Wiring::Streams(relay), _) => relay,
        (Wiring::Terminal(foreground, signals), Some(theirs)) => {
            Relay::terminal(foreground, input, theirs, signals)?
        }
        (Wiring::Terminal(..), None) => return Err(failed()(std::io::ErrorKind::NotFound.into())),
    };
    let signal = |number| {
        // Only numbers that no signal has are refused, and these came from the kernel.
        let _ = running.signal(number);
    };
    relay.run(&Subject { pidfd: running.pidfd(), signal: &signal }).map_err(failed())?;
    let exit = running.wait()?;
    relay.drain().map_err(failed())?;
    Ok((exit.into(), relay))
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
