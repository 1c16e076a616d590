//! A program in the foreground: signals go in, its terminal goes through us, its end comes out.

mod raw;
mod flow;

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use launch::Running;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::stdio::{stdin, stdout};
use sys::signal::{SignalSet, next_signal, set_mask, signalfd};

use crate::error::Failure;
use flow::{Input, Output};
use raw::Raw;

/// signal(7): HUP, INT, QUIT, USR1, USR2, ALRM, TERM, CONT, WINCH, PWR.
const FORWARDED: [i32; 10] = [1, 2, 3, 10, 12, 14, 15, 18, 28, 30];
const WINCH: i32 = 28;

const NONE: PollFlags = PollFlags::empty();

/// How long is waited for what a program that has ended said last, where others have its terminal too; and
/// until it is seen whether somebody has a terminal again that nobody had.
const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// Signals that are for the program.
#[derive(Debug)]
pub(crate) struct Signals(OwnedFd);

impl Signals {
    /// From now on they wait until somebody passes them on. Whoever makes a program first takes them, or
    /// one that comes too early would end us and leave the program behind.
    pub(crate) fn take() -> Result<Self, Failure> {
        let set = SignalSet::of(&FORWARDED);
        let taken = set_mask(set).and_then(|_| signalfd(set));
        taken.map(Self).map_err(Failure::system("wait for", "signals"))
    }
}

/// Stays until the program has ended; its exit code.
pub(crate) fn until_the_end(running: Running, signals: &Signals) -> Result<u8, Failure> {
    let fault = |errno| Failure::system("wait for", "the program")(errno);
    match running.terminal() {
        None => attend(&running, signals)?,
        Some(master) => {
            let raw = Raw::enter()?;
            let relayed = relay(&running, signals, master);
            // Whatever happens to the program is told on a terminal that is as it was.
            drop(raw);
            relayed.map_err(fault)?;
        }
    }
    Ok(running.wait()?.code())
}

/// Without a terminal of its own only signals go through us.
fn attend(running: &Running, signals: &Signals) -> Result<(), Failure> {
    loop {
        let wanted = [(running.pidfd(), PollFlags::IN), (signals.0.as_fd(), PollFlags::IN)];
        let [ended, _] = wait_for(wanted, None).map_err(Failure::system("wait for", "the program"))?;
        forward(running, signals);
        if !ended.is_empty() {
            return Ok(());
        }
    }
}

fn relay(running: &Running, signals: &Signals, master: BorrowedFd<'_>) -> Result<(), Errno> {
    let (mut input, mut output) = (Input::new(master)?, Output::new(master));
    loop {
        let wanted = [
            (running.pidfd(), PollFlags::IN),
            (signals.0.as_fd(), PollFlags::IN),
            (master, if output.is_open() { output.awaits_source() | input.awaits_target() } else { NONE }),
            (stdin(), input.awaits_source()),
            (stdout(), output.awaits_target()),
        ];
        let [ended, _, terminal, source, target] = wait_for(wanted, (!output.is_open()).then_some(&PAUSE))?;
        forward(running, signals);
        input.go_on(source, terminal);
        output.go_on(terminal, target);
        if !ended.is_empty() {
            return output.finish(PAUSE);
        }
    }
}

/// Waits for any of it. Where nothing is wanted nothing is asked: the end of a stream would be told again
/// and again.
fn wait_for<const N: usize>(
    wanted: [(BorrowedFd<'_>, PollFlags); N],
    time: Option<&Timespec>,
) -> Result<[PollFlags; N], Errno> {
    let asked = wanted.iter().filter(|(_, events)| !events.is_empty());
    let mut waits: Vec<_> = asked.map(|(fd, events)| PollFd::from_borrowed_fd(*fd, *events)).collect();
    wait(&mut waits, time)?;
    let mut answers = waits.iter().map(PollFd::revents);
    Ok(wanted.map(|(_, events)| if events.is_empty() { NONE } else { answers.next().unwrap_or(NONE) }))
}

/// A program that is gone gets no signals any more, and that is all right.
fn forward(running: &Running, signals: &Signals) {
    while let Ok(Some(signal)) = next_signal(signals.0.as_fd()) {
        match (signal, running.terminal()) {
            (WINCH, Some(master)) => raw::copy_size(master),
            _ => drop(running.signal(signal)),
        }
    }
}

fn wait(waits: &mut [PollFd<'_>], time: Option<&Timespec>) -> Result<usize, Errno> {
    loop {
        match poll(waits, time) {
            Err(Errno::INTR) => {}
            other => return other,
        }
    }
}
