//! Making and starting containers, in the foreground and behind a command: the order of the stages, in
//! one breath.

use std::os::fd::OwnedFd;

use launch::{Io, Running};
use model::image::Image;
use model::permit::Permit;
use model::request::RunRequest;

use crate::book::{Entry, Kind};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::foreground::{self, Foreground, Input, Left, Relay, Signals, Subject};
use crate::hostpaths;
use crate::id::ContainerId;
use crate::monitor::{self, Output};
use crate::start::{Keeper, Live};
use crate::state::{Decided, Ended, Lock, Record, Reservation, StateError, Status};

/// Tells a container's id: of one in the background, when it runs and this process is on its own.
pub type Announce<'a> = &'a mut dyn FnMut(&ContainerId);

impl Engine {
    /// Runs an image in the foreground, if policy permits it, and returns how it ended. If its terminal is
    /// left, this process becomes its monitor.
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
        self.run_named(request, foreground, progress, &mut |_| {})
    }

    /// The same, and tells the container's id before it starts.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn run_named(
        &self,
        request: RunRequest,
        foreground: Foreground,
        progress: &mut dyn store::Progress,
        announce: Announce<'_>,
    ) -> Result<Ended, EngineError> {
        foreground.check_terminal(&request)?;
        let (reservation, permit, image) = self.make(request, progress)?;
        announce(&reservation.record.id);
        self.in_front(reservation, permit, &image, foreground)
    }

    /// Runs an image behind the command: when it runs, this process is its monitor, and returns when it
    /// has ended for good.
    ///
    /// # Errors
    /// As [`Engine::run`] before the announcement. Afterwards there is nobody to tell.
    pub fn run_behind(
        &self,
        request: RunRequest,
        progress: &mut dyn store::Progress,
        announce: Announce<'_>,
    ) -> Result<(), EngineError> {
        let (reservation, permit, image) = self.make(request, progress)?;
        self.behind(reservation, permit, &image, announce)
    }

    /// Makes a container and does not start it: policy is asked, so that what could not run is not made.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn create(
        &self,
        request: RunRequest,
        progress: &mut dyn store::Progress,
    ) -> Result<ContainerId, EngineError> {
        let (mut reservation, permit, _image) = self.make(request, progress)?;
        // Good for one start, and this is none: each start asks again.
        drop(permit);
        self.note(&Entry::about(Kind::Create, &reservation.record, self.now()))?;
        reservation.establish();
        reservation.change(|record| record.status = Status::Created)?;
        Ok(reservation.record.id.clone())
    }

    /// Starts a container that was made or has ended, in the foreground.
    ///
    /// # Errors
    /// [`StateError`] where there is none or it runs already; as [`Engine::run`]. The container stays.
    pub fn start(&self, text: &str, foreground: Foreground) -> Result<Ended, EngineError> {
        let (reservation, permit, image) = self.take_up(text)?;
        foreground.check_terminal(&reservation.record.request)?;
        self.in_front(reservation, permit, &image, foreground)
    }

    /// The same behind the command, as [`Engine::run_behind`].
    ///
    /// # Errors
    /// As [`Engine::start`] before the announcement.
    pub fn start_behind(&self, text: &str, announce: Announce<'_>) -> Result<(), EngineError> {
        let (reservation, permit, image) = self.take_up(text)?;
        self.behind(reservation, permit, &image, announce)
    }

    /// A new container: admitted, permitted, reserved.
    fn make(
        &self,
        request: RunRequest,
        progress: &mut dyn store::Progress,
    ) -> Result<(Reservation, Permit, Image), EngineError> {
        let image = self.admit(&request.image, progress)?;
        let request = hostpaths::resolved(request)?;
        let id = ContainerId::random().map_err(EngineError::io("get random numbers"))?;
        let now = self.now();
        let (permit, verdict) = self.permitted(&request, &image, &id, now)?;
        let record = self.record(&id, request, &image, Decided::of(&permit, &verdict), now);
        Ok((self.reserve(record)?, permit, image))
    }

    /// A container that there is already, held and permitted anew.
    fn take_up(&self, text: &str) -> Result<(Reservation, Permit, Image), EngineError> {
        let id = self.containers.find(text)?;
        let unknown = || StateError::Unknown(text.to_owned());
        let record = self.settled(&id)?.ok_or_else(unknown)?;
        let running = || StateError::RunningAlready(record.name.clone());
        let held = match self.containers.lock(&id)? {
            Lock::Held(held) => held,
            Lock::Busy => return Err(running().into()),
            Lock::Gone => return Err(unknown().into()),
        };
        let record = held.record()?.ok_or_else(unknown)?;
        let mut reservation = Reservation::resume(&self.containers, held, record);
        // Another keeper than before may have its groups elsewhere.
        let cgroup = crate::place::cgroup(&id, self.site.invoker);
        let (permit, image) = self.permitted_again(&mut reservation, |record| {
            (record.stopped, record.monitor, record.restarts, record.cgroup) = (false, None, 0, cgroup);
        })?;
        Ok((reservation, permit, image))
    }

    /// A fresh decision about a container that there is: a permit is good for one start.
    pub(crate) fn permitted_again(
        &self,
        reservation: &mut Reservation,
        change: impl FnOnce(&mut Record),
    ) -> Result<(Permit, Image), EngineError> {
        let record = &reservation.record;
        let image = self.image(&record.image.to_string())?;
        let request = hostpaths::resolved(record.request.clone())?;
        let (permit, verdict) = self.permitted(&request, &image, &record.id, self.now())?;
        let decision = Decided::of(&permit, &verdict);
        reservation.change(|record| {
            (record.request, record.decision, record.status) = (request, decision, Status::Starting);
            change(record);
        })?;
        Ok((permit, image))
    }

    fn in_front(
        &self,
        mut reservation: Reservation,
        permit: Permit,
        image: &Image,
        foreground: Foreground,
    ) -> Result<Ended, EngineError> {
        let input = Input::of(reservation.record.request.interactive);
        let signals = Signals::block().map_err(EngineError::io("take over the signals"))?;
        let started = self.set_off(&mut reservation, permit, image, Keeper::Command, |request, owner| {
            wire(foreground, request.tty, input, owner, signals)
        });
        let (live, wiring) = started.map_err(|error| self.give_up(&mut reservation, error))?;
        // The relay holds our signals back until the end is written down.
        match accompany(wiring, &live.running, input)? {
            Company::Kept(mut relay) => {
                let Live { running, book, carriers } = live;
                let exit = running.wait()?.into();
                drop(carriers);
                self.end_the_rest(&reservation.record)?;
                relay.drain().map_err(EngineError::io("carry the container's input and output"))?;
                self.ended(reservation, exit, &book)
            }
            Company::Left(release) => {
                let streams = monitor::Streams::of_terminal(&live.running)?;
                let output = Output::open(&reservation, self.clock)?;
                self.keep(reservation, live, streams, output, || {
                    let _nobody_waits = release.map(|release| rustix::io::write(release, b"d"));
                })
            }
        }
    }

    fn behind(
        &self,
        mut reservation: Reservation,
        permit: Permit,
        image: &Image,
        announce: Announce<'_>,
    ) -> Result<(), EngineError> {
        let output = Output::open(&reservation, self.clock)?;
        let started = self.set_off(&mut reservation, permit, image, Keeper::Monitor, monitor::wire);
        let (live, streams) = started.map_err(|error| self.give_up(&mut reservation, error))?;
        let streams = streams.connect(&live.running)?;
        let id = reservation.record.id.clone();
        self.keep(reservation, live, streams, output, || announce(&id)).map(drop)
    }

    /// A start that failed: one that was made for it is gone with its reservation, one that was there
    /// before stays, as never started.
    pub(crate) fn give_up(&self, reservation: &mut Reservation, error: EngineError) -> EngineError {
        if !reservation.is_established() {
            return error;
        }
        let at = self.now();
        let noted = reservation.change(|record| record.end(Ended::NeverStarted, at));
        noted.map_or_else(EngineError::from, |()| error)
    }
}

/// What is left to connect once the process runs.
pub(crate) enum Wiring {
    Streams(Relay),
    Terminal(Foreground, Signals),
}

/// How we parted from a process in the foreground.
pub(crate) enum Company {
    /// It has ended.
    Kept(Relay),
    /// Its terminal was left, and it runs on; to tell whoever waits.
    Left(Option<OwnedFd>),
}

/// Makes the streams of a process in the foreground, whose user `owner` is on this host.
pub(crate) fn wire(
    foreground: Foreground,
    tty: bool,
    input: Input,
    owner: (u32, u32),
    signals: Signals,
) -> Result<(Io, Wiring), EngineError> {
    if tty {
        let size = foreground::terminal_size(&foreground.stdin).map(|size| (size.ws_col, size.ws_row));
        return Ok((Io::Terminal { size, preserved: 0 }, Wiring::Terminal(foreground, signals)));
    }
    let (ends, relay) = foreground::pipes(foreground, input, owner, signals)?;
    let foreground::Ends { stdin, stdout, stderr } = ends;
    Ok((Io::Streams { stdin, stdout, stderr }, Wiring::Streams(relay)))
}

/// Is the process's terminal until it ends, or until somebody leaves it.
pub(crate) fn accompany(wiring: Wiring, running: &Running, input: Input) -> Result<Company, EngineError> {
    let failed = || EngineError::io("carry the container's input and output");
    let mut relay = match (wiring, running.terminal()) {
        (Wiring::Streams(relay), _) => relay,
        (Wiring::Terminal(foreground, signals), Some(theirs)) => {
            let source = theirs.try_clone_to_owned().map_err(failed())?;
            Relay::terminal(foreground, input, theirs, source, signals)?
        }
        (Wiring::Terminal(..), None) => return Err(failed()(std::io::ErrorKind::NotFound.into())),
    };
    let signal = |number| {
        // Only numbers that no signal has are refused, and these came from the kernel.
        let _ = running.signal(number);
    };
    match relay.run(&Subject { pidfd: running.pidfd(), signal: &signal }).map_err(failed())? {
        // Nobody but the container writes into these streams, so that their end is its own affair.
        Left::Ended | Left::CutOff => Ok(Company::Kept(relay)),
        Left::Running(release) => Ok(Company::Left(release)),
    }
}
