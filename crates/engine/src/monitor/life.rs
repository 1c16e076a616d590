//! One life of a container, from its start to its end: the monitor's loop.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::{Duration, Instant};

use launch::Running;
use model::upkeep::{Health, HealthCommand, OnUnhealthy};
use network::Errand;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::Signal;
use sys::signal::next_signal;

use super::checkup::{self, Checkup};
use super::guests::Knock;
use super::schedule::Schedule;
use super::streams::Streams;
use super::{LOOK_AGAIN, Monitor};
use crate::book::{Entry, Kind};
use crate::error::EngineError;
use crate::start::Live;
use crate::state::HealthState;
use crate::stop::{Grace, StopPlan};

/// Read at once; a pipe holds as much.
const BUFFER: usize = 64 * 1024;
/// Read again and again from one source before another has its turn.
const TURNS: usize = 16;

/// What the monitor itself wants to happen after this life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// What the restart policy says.
    Policy,
    /// Another life.
    Again,
    /// The end.
    End,
}

/// What a descriptor of the poll set is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Process,
    Signal,
    Source(usize),
    Knock(Knock),
    Checkup,
    Carrier(Errand),
}

/// What changes while the container runs.
struct State {
    wish: Wish,
    health: Option<(HealthCommand, Schedule)>,
    checkup: Option<Checkup>,
    /// When a container that was asked to end is killed.
    kill: Option<Instant>,
    network: Network,
    buffer: Vec<u8>,
}

/// Whether the container has the network that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Network {
    Served,
    Lost,
}

impl Monitor<'_> {
    /// Looks after the container until its first process has ended and what it printed is read.
    pub(super) fn live_through(&mut self, live: &Live, streams: &mut Streams) -> Result<Wish, EngineError> {
        let failed = || EngineError::io("look after the container");
        let mut state = State::begin(self.health(), Instant::now());
        if state.health.is_some() {
            self.set_health(HealthState::Starting)?;
        }
        while self.step(live, streams, &mut state).map_err(failed())? == Going::On {}
        self.drain(streams, &mut state.buffer);
        if let Some(checkup) = state.checkup {
            drop(checkup.finish());
        }
        self.guests.see_off();
        Ok(state.wish)
    }

    /// The health check in force: the request's over the image's.
    fn health(&self) -> Option<(HealthCommand, Health)> {
        let record = &self.reservation.record;
        let image = self.engine.image(&record.image.to_string()).ok()?;
        let health = record.request.upkeep.health.over(&image.config.health);
        match health.command.clone()? {
            HealthCommand::Disabled => None,
            command => Some((command, health)),
        }
    }

    fn step(&mut self, live: &Live, streams: &mut Streams, state: &mut State) -> io::Result<Going> {
        let running = &live.running;
        for role in self.wait(live, streams, state)? {
            match role {
                Role::Process => return Ok(Going::Over),
                Role::Signal => self.obey(running, state),
                Role::Source(index) => self.read(streams, index, &mut state.buffer),
                Role::Knock(Knock::Door) => self.guests.open(),
                Role::Knock(Knock::Arriving(index)) => self.guests.hear(index, streams),
                Role::Checkup => self.hear_answer(running, state),
                Role::Carrier(errand) => self.lose_network(errand, running, state),
            }
        }
        self.tend(running, state);
        Ok(Going::On)
    }

    fn wait(&self, live: &Live, streams: &Streams, state: &State) -> io::Result<Vec<Role>> {
        let mut roles = vec![Role::Process, Role::Signal];
        let mut fds = vec![readable(live.running.pidfd()), readable(self.signals.as_fd())];
        let mut watch = |role, fd| {
            roles.push(role);
            fds.push(readable(fd));
        };
        if self.output.takes_more() {
            (0..streams.sources.len())
                .filter_map(|index| Some((index, streams.source(index)?.1)))
                .for_each(|(index, fd)| watch(Role::Source(index), fd));
        }
        self.guests.knocks().for_each(|(knock, fd)| watch(Role::Knock(knock), fd));
        if let Some(checkup) = &state.checkup {
            watch(Role::Checkup, checkup.pidfd());
        }
        if state.network == Network::Served {
            live.carriers.iter().for_each(|at| watch(Role::Carrier(at.errand()), at.pidfd()));
        }
        let wakes = [self.output.wakes(), state.wakes()].into_iter().flatten().min();
        let timeout = wakes.map(|at| timespec(at.saturating_duration_since(Instant::now())));
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(Vec::new()),
            Err(errno) => return Err(errno.into()),
        }
        let ready = roles.into_iter().zip(fds.iter().map(PollFd::revents));
        Ok(ready.filter(|(_, events)| !events.is_empty()).map(|(role, _)| role).collect())
    }

    /// Whoever carries its packets was killed: a container that nobody can reach any more, or that reaches
    /// nobody, is ended, so that its restart policy can give it others, and that is said where people look.
    fn lose_network(&mut self, errand: Errand, running: &Running, state: &mut State) {
        if state.network == Network::Lost {
            return;
        }
        state.network = Network::Lost;
        let entry = Entry {
            detail: Some(format!("{} has ended", errand.who())),
            ..Entry::about(Kind::Stop, &self.reservation.record, self.engine.now())
        };
        // A container that cannot be reached ends with or without a line about it.
        let _unwritten = self.engine.note(&entry);
        self.ask_to_end(running, state);
    }

    /// Passes on what one source has; the end of a source is closed here.
    fn read(&mut self, streams: &mut Streams, index: usize, buffer: &mut [u8]) {
        for _ in 0..TURNS {
            if !self.output.takes_more() {
                return;
            }
            let Some((stream, fd)) = streams.source(index) else { return };
            match rustix::io::read(fd, &mut *buffer) {
                Ok(0) => return streams.close(index),
                Ok(length) => {
                    let bytes = buffer.get(..length).unwrap_or_default();
                    self.guests.show(stream, bytes);
                    self.output.write(stream, bytes, Instant::now());
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                // EIO is how the last close of a terminal's other side is told; others end it as well.
                Err(_) => return streams.close(index),
            }
        }
    }

    /// Reads what an ended container left.
    fn drain(&mut self, streams: &mut Streams, buffer: &mut [u8]) {
        for index in 0..streams.sources.len() {
            while self.read_once_more(streams, index, buffer) {}
        }
    }

    fn read_once_more(&mut self, streams: &Streams, index: usize, buffer: &mut [u8]) -> bool {
        if !self.output.takes_more() {
            self.output.rest();
        }
        let Some((stream, fd)) = streams.source(index) else { return false };
        match rustix::io::read(fd, &mut *buffer) {
            Ok(length @ 1..) => {
                let bytes = buffer.get(..length).unwrap_or_default();
                self.guests.show(stream, bytes);
                self.output.write(stream, bytes, Instant::now());
                true
            }
            Err(Errno::INTR) => true,
            _ => false,
        }
    }

    /// Signals to a monitor: look at the record again, or end the container (a shutdown).
    fn obey(&mut self, running: &Running, state: &mut State) {
        while let Ok(Some(number)) = next_signal(self.signals.as_fd()) {
            match Signal::from_named_raw(number) {
                Some(Signal::TERM | Signal::INT | Signal::QUIT) => {
                    state.wish = Wish::End;
                    self.ask_to_end(running, state);
                }
                // Whoever stops a container ends it, unless it was about to be started when they looked.
                Some(LOOK_AGAIN) if self.is_stopped() => self.ask_to_end(running, state),
                _ => {}
            }
        }
    }

    fn is_stopped(&mut self) -> bool {
        self.reservation.change(|_| {}).is_ok() && self.reservation.record.stopped
    }

    fn ask_to_end(&self, running: &Running, state: &mut State) {
        let plan = StopPlan::of(&self.reservation.record, self.engine);
        // Its own process cannot be gone without our having noticed.
        let _ended_meanwhile = running.signal(plan.signal);
        state.kill = match plan.grace {
            Grace::Seconds(seconds) => Some(Instant::now() + Duration::from_secs(seconds)),
            Grace::ForEver => None,
        };
    }

    /// Does what is due.
    fn tend(&mut self, running: &Running, state: &mut State) {
        let now = Instant::now();
        self.output.tend(now);
        if state.kill.take_if(|at| *at <= now).is_some() {
            let _ended_meanwhile = running.signal(Signal::KILL.as_raw());
        }
        if state.checkup.as_ref().is_some_and(|checkup| checkup.ends() <= now) {
            self.hear_answer(running, state);
        }
        if let (Some((command, schedule)), None) = (&state.health, &state.checkup)
            && schedule.next() <= now
        {
            let (engine, record) = (self.engine, &self.reservation.record);
            // A host without room for a process has no answer; the next check is due soon.
            state.checkup = Checkup::begin(engine, record, command, schedule.timeout, now).ok();
            if state.checkup.is_none() {
                state.answered(false, now);
            }
        }
    }

    fn hear_answer(&mut self, running: &Running, state: &mut State) {
        let Some(checkup) = state.checkup.take() else { return };
        let result = checkup.finish();
        let changed = state.answered(result.exit == Some(0), Instant::now());
        let streak = state.health.as_ref().map_or(0, |(_, schedule)| schedule.failures());
        checkup::keep(self.reservation.held(), streak, &result, self.engine.now());
        let Some(health) = changed else { return };
        // What cannot be written down is shown by the next change.
        let _unwritten = self.set_health(health);
        if health == HealthState::Unhealthy {
            self.act_on_illness(running, state);
        }
    }

    fn act_on_illness(&mut self, running: &Running, state: &mut State) {
        match self.reservation.record.request.upkeep.on_unhealthy {
            OnUnhealthy::Nothing => {}
            OnUnhealthy::Restart => {
                state.wish = Wish::Again;
                self.ask_to_end(running, state);
            }
            OnUnhealthy::Stop => {
                state.wish = Wish::End;
                self.ask_to_end(running, state);
            }
            OnUnhealthy::Kill => {
                let _ended_meanwhile = running.signal(Signal::KILL.as_raw());
            }
        }
    }

    fn set_health(&mut self, health: HealthState) -> Result<(), EngineError> {
        self.reservation.change(|record| record.health = Some(health))?;
        if health == HealthState::Starting {
            return Ok(());
        }
        let entry = Entry::about(Kind::Health, &self.reservation.record, self.engine.now());
        self.engine.note(&entry.with("health", health.as_str()))
    }

    /// The pause before another life. `false`: somebody asked for the end meanwhile.
    pub(super) fn rest(&mut self, pause: Duration) -> Result<bool, EngineError> {
        let until = Instant::now() + pause;
        loop {
            self.reservation.change(|_| {})?;
            let record = &self.reservation.record;
            if record.restart_asked {
                return Ok(true);
            }
            if record.stopped {
                return Ok(false);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(true);
            }
            if self.ended_while_waiting(left) {
                return Ok(false);
            }
        }
    }

    fn ended_while_waiting(&self, left: Duration) -> bool {
        let mut fds = [readable(self.signals.as_fd())];
        let _time_or_signal = poll(&mut fds, Some(&timespec(left)));
        let heard = std::iter::from_fn(|| next_signal(self.signals.as_fd()).ok().flatten());
        let harmless = [LOOK_AGAIN, Signal::HUP].map(Signal::as_raw);
        // All of them are read, so that none ends the next pause.
        heard.filter(|number| !harmless.contains(number)).count() > 0
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Going {
    On,
    Over,
}

impl State {
    fn begin(health: Option<(HealthCommand, Health)>, now: Instant) -> Self {
        Self {
            wish: Wish::Policy,
            health: health.map(|(command, health)| (command, Schedule::new(&health, now))),
            checkup: None,
            kill: None,
            network: Network::Served,
            buffer: vec![0; BUFFER],
        }
    }

    fn wakes(&self) -> Option<Instant> {
        let check = match (&self.checkup, &self.health) {
            (Some(checkup), _) => Some(checkup.ends()),
            (None, Some((_, schedule))) => Some(schedule.next()),
            (None, None) => None,
        };
        [check, self.kill].into_iter().flatten().min()
    }

    fn answered(&mut self, well: bool, now: Instant) -> Option<HealthState> {
        self.health.as_mut().and_then(|(_, schedule)| schedule.answered(well, now))
    }
}

fn readable(fd: BorrowedFd<'_>) -> PollFd<'_> {
    PollFd::from_borrowed_fd(fd, PollFlags::IN)
}

/// Rounded up, so that a wait never ends right before what it is for.
fn timespec(duration: Duration) -> Timespec {
    let duration = duration + Duration::from_millis(1);
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: duration.subsec_nanos().into(),
    }
}
