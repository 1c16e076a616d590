//! Looking after a container that nobody has in front of them.
//!
//! The monitor is the process that started the container, gone on behind its command: it holds the
//! container's lock, its first process, its streams and its terminal; writes its log, shows it to whoever
//! attaches, asks it whether it is well, notices its end, and starts it again if its restart policy says
//! so. One process with one thread and one loop, which waits for nobody: there is one for each container
//! in the background, so it is kept small.
//!
//! A container does not outlive its monitor (PR_SET_PDEATHSIG): without one nobody would read what it
//! prints or know how it ended. The next command notices that the lock is free.

mod streams;
mod guests;
mod restarts;
mod schedule;
mod checkup;
mod output;
mod life;
mod shrink;

pub(crate) use checkup::read as read_health;
pub use checkup::{Answer, HealthLog};
pub(crate) use guests::Admission;
pub(crate) use output::Output;
pub(crate) use shrink::settle_in;
pub(crate) use streams::{Streams, wire};

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use sys::signal::{SignalSet, set_mask, signalfd};

use crate::book::{Entry, Kind};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::foreground::{abandon_standard_streams, outlive_parent};
use crate::start::{Keeper, Live};
use crate::state::{Ended, ProcessId, Reservation, Status};

use guests::Guests;
use life::Wish;
use restarts::Restarts;

/// What a monitor listens to besides its container: requests to end, and to look at the record again.
const SIGNALS: [Signal; 6] =
    [Signal::TERM, Signal::INT, Signal::QUIT, Signal::HUP, Signal::USR1, Signal::USR2];

/// Asks a monitor to look at its container's record again.
pub(crate) const LOOK_AGAIN: Signal = Signal::USR1;

/// Everything that a monitor has, whether or not its container runs.
pub(crate) struct Monitor<'e> {
    engine: &'e Engine,
    reservation: Reservation,
    signals: OwnedFd,
    output: Output,
    guests: Guests,
    restarts: Restarts,
}

impl Engine {
    /// Looks after the container until it has ended for good. `announce` tells whoever waits for the
    /// start; afterwards this process is on its own.
    pub(crate) fn keep(
        &self,
        reservation: Reservation,
        live: Live,
        streams: Streams,
        output: Output,
        announce: impl FnOnce(),
    ) -> Result<Ended, EngineError> {
        let monitor = Monitor::new(self, reservation, output)?;
        outlive_parent();
        announce();
        abandon_standard_streams();
        settle_in(&format!("coffer-monitor {}", monitor.reservation.record.id.short()));
        monitor.look_after(live, streams)
    }
}

impl<'e> Monitor<'e> {
    fn new(engine: &'e Engine, mut reservation: Reservation, output: Output) -> Result<Self, EngineError> {
        let signals = take_signals().map_err(EngineError::io("take over the signals"))?;
        let guests = Guests::invite(reservation.held()).map_err(EngineError::io("make the attach socket"))?;
        if reservation.record.monitor.is_none() {
            let own = ProcessId::own().map_err(EngineError::io("read our own start time"))?;
            reservation.change(|record| record.monitor = Some(own))?;
        }
        Ok(Self { engine, reservation, signals, output, guests, restarts: Restarts::default() })
    }

    fn look_after(mut self, live: Live, streams: Streams) -> Result<Ended, EngineError> {
        let (mut live, mut streams) = (live, streams);
        loop {
            let began = Instant::now();
            let wish = self.live_through(&live, &mut streams)?;
            let Live { running, book, carriers } = live;
            let exit: Ended = running.wait()?.into();
            drop(carriers);
            self.engine.end_the_rest(&self.reservation.record)?;
            self.output.rest();
            let Some(delay) = self.again(exit, began.elapsed(), wish)? else {
                return self.engine.ended(self.reservation, exit, &book);
            };
            self.engine.note_exit(&self.reservation.record, exit, &book)?;
            drop((book, streams));
            match self.try_again(exit, delay)? {
                Some(next) => (live, streams) = next,
                None => return self.conclude(exit),
            }
        }
    }

    /// How long to wait before the container is started again; `None` if it is not.
    fn again(&mut self, exit: Ended, lasted: Duration, wish: Wish) -> Result<Option<Duration>, EngineError> {
        // Others may have changed it since.
        self.reservation.change(|_| {})?;
        let record = &self.reservation.record;
        if record.stopped || wish == Wish::End {
            return Ok(None);
        }
        if record.restart_asked || wish == Wish::Again {
            self.restarts.reset();
            return Ok(Some(Duration::ZERO));
        }
        Ok(self.restarts.after(record.request.upkeep.restart, exit, lasted))
    }

    /// Waits and starts the container again, until that succeeds or its policy gives up. `None`: it has
    /// ended for good.
    fn try_again(&mut self, exit: Ended, delay: Duration) -> Result<Option<(Live, Streams)>, EngineError> {
        let (mut exit, mut delay) = (exit, delay);
        loop {
            let at = self.engine.now();
            self.reservation.change(|record| {
                (record.status, record.health) = (Status::Restarting { exit, at }, None);
            })?;
            if !self.rest(delay)? {
                return Ok(None);
            }
            match self.start_again() {
                Ok(next) => return Ok(Some(next)),
                Err(EngineError::Refused { .. }) => return Ok(None),
                Err(_written_down) => exit = Ended::NeverStarted,
            }
            match self.again(exit, Duration::ZERO, Wish::Policy)? {
                Some(longer) => delay = longer,
                None => return Ok(None),
            }
        }
    }

    fn start_again(&mut self) -> Result<(Live, Streams), EngineError> {
        let asked = self.reservation.record.restart_asked;
        let entry = Entry::about(Kind::Restart, &self.reservation.record, self.engine.now());
        self.engine.note(&entry.with("reason", if asked { "asked" } else { "policy" }))?;
        let (permit, image) = self.engine.permitted_again(&mut self.reservation, |record| {
            record.restarts = if asked { 0 } else { record.restarts + 1 };
            record.restart_asked = false;
        })?;
        let started = self.engine.set_off(&mut self.reservation, permit, &image, Keeper::Monitor, wire);
        let (live, streams) = started.map_err(|error| self.engine.give_up(&mut self.reservation, error))?;
        let streams = streams.connect(&live.running)?;
        shrink::give_memory_back();
        Ok((live, streams))
    }

    /// The end was written into history already.
    fn conclude(self, exit: Ended) -> Result<Ended, EngineError> {
        let book = self.engine.book()?;
        self.engine.write_end(self.reservation, exit, &book)?;
        Ok(exit)
    }
}

fn take_signals() -> std::io::Result<OwnedFd> {
    let set = SignalSet::of(&SIGNALS.map(Signal::as_raw));
    set_mask(set)?;
    Ok(signalfd(set)?)
}
