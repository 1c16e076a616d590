//! Ending containers, and waiting until they have ended.

use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use model::signal::Signal;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::book::{Entry, Kind};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::id::ContainerId;
use crate::monitor::LOOK_AGAIN;
use crate::state::{Ended, ProcessId, Record, StateError, Status};

/// Seconds between the request to end and SIGKILL (as Docker).
const GRACE: u64 = 10;
/// How long a container that was killed may take to be gone.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a container without a monitor is looked at: at first, and later.
const SOON: Duration = Duration::from_millis(1);
const LATER: Duration = Duration::from_millis(10);

/// How a container is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StopPlan {
    /// The signal's number.
    pub(crate) signal: i32,
    /// How long it may take.
    pub(crate) grace: Grace,
}

/// How long a container may take to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grace {
    /// So many seconds, and then it is killed.
    Seconds(u64),
    /// As long as it likes.
    ForEver,
}

impl Grace {
    /// Docker's number: negative is for ever.
    #[must_use]
    pub fn of(seconds: i64) -> Self {
        u64::try_from(seconds).map_or(Self::ForEver, Self::Seconds)
    }
}

impl StopPlan {
    /// What the request says, then the image, then the default. A name that the image has wrong counts
    /// as none.
    pub(crate) fn of(record: &Record, engine: &Engine) -> Self {
        let upkeep = &record.request.upkeep;
        let asked = upkeep.stop_signal.as_deref().and_then(|name| name.parse::<Signal>().ok());
        let image = || {
            let image = engine.image(&record.image.to_string()).ok()?;
            image.config.stop_signal.parse::<Signal>().ok()
        };
        let signal = asked.or_else(image).map_or(rustix::process::Signal::TERM.as_raw(), Signal::number);
        let grace = upkeep.stop_timeout.map_or(Grace::Seconds(GRACE), Grace::of);
        Self { signal, grace }
    }
}

/// What happens to a container that was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// It stays so.
    Stay,
    /// Its monitor starts it again.
    Again,
}

impl Engine {
    /// Asks a container to end, and kills it if it does not. Returns its id; one that has ended already
    /// is as was wanted.
    ///
    /// # Errors
    /// As [`Engine::container`]; [`StateError::Stuck`].
    pub fn stop(&self, text: &str, grace: Option<Grace>) -> Result<ContainerId, EngineError> {
        let record = self.container(text)?;
        if !record.status.is_settled() {
            self.end_it(&record, grace, Next::Stay)?;
            self.await_settled(&record.id)?;
        }
        Ok(record.id)
    }

    /// Stops a container so that it can be started again. `true`: its monitor has started it already;
    /// otherwise the caller has to.
    ///
    /// # Errors
    /// As [`Engine::stop`].
    pub fn stop_to_restart(&self, text: &str, grace: Option<Grace>) -> Result<bool, EngineError> {
        let record = self.container(text)?;
        if record.status.is_settled() {
            return Ok(false);
        }
        if record.monitor.is_none() {
            self.stop(text, grace)?;
            return Ok(false);
        }
        let before = record.status.clone();
        self.end_it(&record, grace, Next::Again)?;
        self.await_another_life(&record.id, &before)
    }

    /// Sends a signal to a container's first process.
    ///
    /// # Errors
    /// [`StateError::NotRunning`]; as [`Engine::container`].
    pub fn kill(&self, text: &str, signal: Signal) -> Result<ContainerId, EngineError> {
        let record = self.container(text)?;
        let Status::Running { process, .. } = &record.status else {
            return Err(StateError::NotRunning(record.name).into());
        };
        let number = signal.number();
        let ends =
            number == rustix::process::Signal::KILL.as_raw() || number == StopPlan::of(&record, self).signal;
        if ends {
            self.containers.change_record(&record.id, |record| record.stopped = true)?;
        }
        self.note(&Entry::about(Kind::Kill, &record, self.now()).with("signal", signal.to_string()))?;
        self.deliver(process, number)?;
        if number == rustix::process::Signal::KILL.as_raw() {
            self.thaw_for(&record)?;
        }
        Ok(record.id)
    }

    /// Waits until a container has ended, and says how. One that its monitor starts again has ended, too.
    ///
    /// # Errors
    /// As [`Engine::container`]; a container that is removed while it is waited for is unknown.
    pub fn wait(&self, text: &str) -> Result<Ended, EngineError> {
        let record = self.container(text)?;
        if let Status::Running { process, .. } = &record.status {
            if let Some(pidfd) = process.pidfd().map_err(EngineError::io("watch the container"))? {
                wait_for(&pidfd, None);
            }
            return self.await_end_of(&record.id, process);
        }
        match self.await_settled(&record.id)?.map(|record| record.status) {
            Some(Status::Exited { exit, .. } | Status::Restarting { exit, .. }) => Ok(exit),
            // It was made and never started: as Docker, that is no end.
            Some(_) => Ok(Ended::Code { code: 0 }),
            None => Err(StateError::Unknown(text.to_owned()).into()),
        }
    }

    /// How the life ended whose first process is gone. Its keeper writes that down in a moment; of one
    /// that is removed at its end the ledger knows it.
    pub(crate) fn await_end_of(&self, id: &ContainerId, process: &ProcessId) -> Result<Ended, EngineError> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            match self.settled(id)?.map(|record| record.status) {
                Some(Status::Running { process: now, .. }) if now == *process => {}
                Some(Status::Exited { exit, .. } | Status::Restarting { exit, .. }) => return Ok(exit),
                // It runs again already, or is gone: only history knows.
                _ => return Ok(self.last_exit(id)?.unwrap_or(Ended::Unknown)),
            }
            pause(begun);
        }
        Err(StateError::Stuck(id.short().to_owned()).into())
    }

    fn last_exit(&self, id: &ContainerId) -> Result<Option<Ended>, EngineError> {
        /// An exit is among the last entries, unless the host is very busy.
        const RECENT: u64 = 1000;
        let lines = self.book()?.lines(Some(RECENT))?;
        let of_it = |entry: &Entry| entry.container.as_deref() == Some(id.as_str());
        Ok(lines.into_iter().rev().filter(|line| of_it(&line.entry)).find_map(|line| line.entry.exit))
    }

    fn end_it(&self, record: &Record, grace: Option<Grace>, next: Next) -> Result<(), EngineError> {
        let plan = StopPlan::of(record, self);
        let grace = grace.unwrap_or(plan.grace);
        self.note_stop(record, plan, grace, next)?;
        self.containers.change_record(&record.id, |record| {
            (record.stopped, record.restart_asked) = (next == Next::Stay, next == Next::Again);
        })?;
        match &record.status {
            Status::Running { process, .. } => {
                // A frozen process hears nothing.
                self.thaw_for(record)?;
                self.end_process(process, plan.signal, grace)
            }
            // Its monitor waits before it starts it again.
            _ => record.monitor.as_ref().map_or(Ok(()), |monitor| {
                monitor.signal(LOOK_AGAIN).map(drop).map_err(EngineError::io("wake the container's monitor"))
            }),
        }
    }

    fn note_stop(
        &self,
        record: &Record,
        plan: StopPlan,
        grace: Grace,
        next: Next,
    ) -> Result<(), EngineError> {
        if next == Next::Again {
            // The monitor writes that down.
            return Ok(());
        }
        let timeout = match grace {
            Grace::Seconds(seconds) => seconds.to_string(),
            Grace::ForEver => "none".to_owned(),
        };
        let entry = Entry::about(Kind::Stop, record, self.now());
        self.note(&entry.with("signal", plan.signal.to_string()).with("timeout", timeout))
    }

    /// The signal, time to act on it, SIGKILL.
    pub(crate) fn end_process(
        &self,
        process: &ProcessId,
        signal: i32,
        grace: Grace,
    ) -> Result<(), EngineError> {
        let failed = || EngineError::io("end the container");
        let Some(pidfd) = process.pidfd().map_err(failed())? else { return Ok(()) };
        self.deliver(process, signal)?;
        let deadline = match grace {
            Grace::Seconds(seconds) => Some(Duration::from_secs(seconds)),
            Grace::ForEver => None,
        };
        let deaf = signal != rustix::process::Signal::KILL.as_raw() && process.is_deaf_to(signal);
        let patience = if deaf { Some(Duration::ZERO) } else { deadline };
        if !wait_for(&pidfd, patience) {
            process.kill().map_err(failed())?;
            wait_for(&pidfd, Some(PATIENCE));
        }
        Ok(())
    }

    fn deliver(&self, process: &ProcessId, number: i32) -> Result<(), EngineError> {
        let failed = || EngineError::io("send the signal");
        let Some(pidfd) = process.pidfd().map_err(failed())? else { return Ok(()) };
        match sys::signal::send(pidfd.as_fd(), number) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(errno) => Err(failed()(errno.into())),
        }
    }

    /// Waits until nobody looks after the container any more. `None`: it is gone.
    pub(crate) fn await_settled(&self, id: &ContainerId) -> Result<Option<Record>, EngineError> {
        let begun = Instant::now();
        loop {
            match self.settled(id)? {
                Some(record) if !record.status.is_settled() => {
                    // A monitor ends when it is done, which is noticed at once.
                    let monitor = record.monitor.as_ref().and_then(|monitor| monitor.pidfd().ok().flatten());
                    match monitor {
                        Some(monitor) => drop(wait_for(&monitor, Some(Duration::from_secs(1)))),
                        None => pause(begun),
                    }
                }
                settled => return Ok(settled),
            }
        }
    }

    /// Waits until the container lives again, or has ended for good.
    fn await_another_life(&self, id: &ContainerId, before: &Status) -> Result<bool, EngineError> {
        let begun = Instant::now();
        loop {
            match self.settled(id)?.map(|record| record.status) {
                Some(status @ Status::Running { .. }) if status != *before => return Ok(true),
                Some(status) if status.is_settled() => return Ok(false),
                Some(_) => pause(begun),
                None => return Err(StateError::Unknown(id.short().to_owned()).into()),
            }
        }
    }
}

fn pause(begun: Instant) {
    let young = begun.elapsed() < LATER.saturating_mul(10);
    std::thread::sleep(if young { SOON } else { LATER });
}

/// Waits for the end of the process; `false` if that takes longer.
fn wait_for(pidfd: &std::os::fd::OwnedFd, patience: Option<Duration>) -> bool {
    let until = patience.map(|patience| Instant::now() + patience);
    loop {
        let mut fds = [PollFd::new(pidfd, PollFlags::IN)];
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let timeout = left.map(|left| Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        });
        match poll(&mut fds, timeout.as_ref()) {
            Ok(0) => return false,
            Ok(_) => return true,
            Err(_interrupted) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_timeout_is_for_ever() {
        assert_eq!(
            (Grace::of(-1), Grace::of(0), Grace::of(7)),
            (Grace::ForEver, Grace::Seconds(0), Grace::Seconds(7))
        );
    }
}
