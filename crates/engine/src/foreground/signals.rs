//! Signals that reach us while a container runs: they are the container's.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Signal;
use sys::signal::{SignalSet, is_ignored, next_signal, set_mask, signalfd};

/// Signals that are passed on to the container's first process.
const FORWARDED: [Signal; 6] =
    [Signal::HUP, Signal::INT, Signal::QUIT, Signal::USR1, Signal::USR2, Signal::TERM];

/// So many requests to end make us insist: a first process without handlers never hears the others.
const PATIENCE: u32 = 3;

/// Blocked signals, read from a descriptor; unblocked again when dropped.
#[derive(Debug)]
pub(crate) struct Signals {
    fd: OwnedFd,
    before: SignalSet,
    patience: Patience,
}

/// Requests to end ourselves, held back by one who has something to clear up first. While a container
/// runs in the foreground they are the container's, as ever.
#[derive(Debug)]
pub struct Interruptions(Signals);

/// How often we were asked to end the container.
#[derive(Debug, Default)]
struct Patience {
    requests: u32,
}

/// What a signal means to a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// The container's first process shall have this one.
    Forward(i32),
    /// Our terminal has another size.
    Resized,
    /// We were stopped, and continue: the terminal may have other modes.
    Continued,
}

impl Signals {
    /// Blocks the signals on this thread and on those it starts from now on.
    ///
    /// # Errors
    /// signalfd(2)'s.
    pub(crate) fn block() -> std::io::Result<Self> {
        Self::block_those(|_| true)
    }

    fn block_those(meant: impl Fn(Signal) -> bool) -> std::io::Result<Self> {
        let all = FORWARDED.iter().chain(&[Signal::WINCH, Signal::CONT]).copied();
        let numbers: Vec<i32> = all.filter(|signal| meant(*signal)).map(Signal::as_raw).collect();
        let set = SignalSet::of(&numbers);
        let before = set_mask(set)?;
        match signalfd(set) {
            Ok(fd) => Ok(Self { fd, before, patience: Patience::default() }),
            Err(errno) => {
                set_mask(before)?;
                Err(errno.into())
            }
        }
    }

    /// Readable when a signal waits.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// The next signal that waits.
    pub(super) fn next(&mut self) -> Option<Heard> {
        let number = next_signal(self.fd()).ok().flatten()?;
        Some(self.patience.meaning(number))
    }
}

impl Interruptions {
    /// Holds them back, from this thread and from those that it starts, until this value is dropped. What whoever
    /// started us wants ignored, as nohup(1) does, is no request.
    ///
    /// # Errors
    /// signalfd(2)'s.
    pub fn hold() -> std::io::Result<Self> {
        Signals::block_those(|signal| !is_ignored(signal)).map(Self)
    }

    /// Readable when a signal waits.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.0.fd()
    }

    /// The number of a signal that waits and asks us to end.
    pub fn asked(&self) -> Option<i32> {
        let waiting = || next_signal(self.0.fd()).ok().flatten();
        let ends = [Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM].map(Signal::as_raw);
        std::iter::from_fn(waiting).find(|number| ends.contains(number))
    }
}

impl Interruptions {
    /// Waits for so long, or until a signal comes; its number if it asks us to end.
    pub fn within(&self, time: Duration) -> Option<i32> {
        let mut watched = [PollFd::from_borrowed_fd(self.0.fd(), PollFlags::IN)];
        let time = Timespec::try_from(time).ok();
        // Whatever woke us, what waits is looked at next.
        let _woken = poll(&mut watched, time.as_ref());
        self.asked()
    }
}

impl Patience {
    fn meaning(&mut self, number: i32) -> Heard {
        match Signal::from_named_raw(number) {
            Some(Signal::WINCH) => Heard::Resized,
            Some(Signal::CONT) => Heard::Continued,
            Some(Signal::INT | Signal::TERM) => {
                self.requests += 1;
                let insist = self.requests >= PATIENCE;
                Heard::Forward(if insist { Signal::KILL.as_raw() } else { number })
            }
            _ => Heard::Forward(number),
        }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        // Only a wrong address could make this fail.
        let _ = set_mask(self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_request_to_end_insists() {
        let (int, term, kill) = (Signal::INT.as_raw(), Signal::TERM.as_raw(), Signal::KILL.as_raw());
        let mut patience = Patience::default();
        let heard = [int, term, Signal::USR1.as_raw(), int].map(|number| patience.meaning(number));
        let expected = [int, term, Signal::USR1.as_raw(), kill].map(Heard::Forward);
        assert_eq!(heard, expected);
    }

    #[test]
    fn the_terminal_s_signals_are_for_us() {
        let mut patience = Patience::default();
        assert_eq!(patience.meaning(Signal::WINCH.as_raw()), Heard::Resized);
        assert_eq!(patience.meaning(Signal::CONT.as_raw()), Heard::Continued);
    }
}
