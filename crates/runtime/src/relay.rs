//! A container in the foreground: signals go in, its terminal goes through us, its end comes out.

use std::os::fd::{AsFd as _, BorrowedFd};

use launch::Running;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize};
use sys::signal::{SignalSet, next_signal, set_mask, signalfd};

use crate::error::Failure;

/// signal(7): HUP, INT, QUIT, USR1, USR2, TERM, CONT, WINCH.
const FORWARDED: [i32; 8] = [1, 2, 3, 10, 12, 15, 18, 28];
const WINCH: i32 = 28;

/// Stays until the container's first process has ended; its exit code.
pub(crate) fn until_the_end(running: Running) -> Result<u8, Failure> {
    let raw = running.terminal().map(|master| Raw::enter(master)).transpose()?;
    let relayed = relay(&running);
    drop(raw);
    relayed?;
    Ok(running.wait()?.code())
}

fn relay(running: &Running) -> Result<(), Failure> {
    let fault = |errno| Failure::system("wait for", "the container")(errno);
    let set = SignalSet::of(&FORWARDED);
    set_mask(set).map_err(fault)?;
    let signals = signalfd(set).map_err(fault)?;
    let mut from_us = running.terminal().is_some();
    loop {
        let stdin = rustix::stdio::stdin();
        let master = running.terminal();
        let mut waits = vec![
            PollFd::from_borrowed_fd(running.pidfd(), PollFlags::IN),
            PollFd::from_borrowed_fd(signals.as_fd(), PollFlags::IN),
        ];
        if let Some(master) = master {
            waits.push(PollFd::from_borrowed_fd(master, PollFlags::IN));
            if from_us {
                waits.push(PollFd::from_borrowed_fd(stdin, PollFlags::IN));
            }
        }
        match poll(&mut waits, None) {
            Err(Errno::INTR) => continue,
            other => other.map_err(fault)?,
        };
        let ready = |index: usize| waits.get(index).is_some_and(|wait| !wait.revents().is_empty());
        if ready(1) {
            forward(running, signals.as_fd())?;
        }
        let heard = ready(2) && master.is_some_and(|master| copy(master, rustix::stdio::stdout()).is_ok());
        if ready(3) && master.is_some_and(|master| copy(stdin, master).is_err()) {
            from_us = false;
        }
        // What it said last is still in its terminal.
        if ready(0) && !heard {
            return Ok(());
        }
    }
}

fn forward(running: &Running, signals: BorrowedFd<'_>) -> Result<(), Failure> {
    while let Ok(Some(signal)) = next_signal(signals) {
        match (signal, running.terminal()) {
            (WINCH, Some(master)) => copy_size(master),
            _ => running.signal(signal)?,
        }
    }
    Ok(())
}

/// One piece; `Err` at the end.
fn copy(from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> Result<(), Errno> {
    let mut piece = [0; 4096];
    let length = rustix::io::read(from, &mut piece)?;
    let mut rest = piece.get(..length).unwrap_or_default();
    if rest.is_empty() {
        return Err(Errno::PIPE);
    }
    while !rest.is_empty() {
        let written = rustix::io::write(to, rest)?;
        rest = rest.get(written..).unwrap_or_default();
    }
    Ok(())
}

fn copy_size(master: BorrowedFd<'_>) {
    if let Ok(size) = tcgetwinsize(rustix::stdio::stdin()) {
        // A terminal without a size works.
        let _as_it_was = tcsetwinsize(master, size);
    }
}

/// Our own terminal, passing every key on; it is as before when this is dropped.
struct Raw(Option<Termios>);

impl Raw {
    fn enter(master: BorrowedFd<'_>) -> Result<Self, Failure> {
        let stdin = rustix::stdio::stdin();
        if !isatty(stdin) {
            return Ok(Self(None));
        }
        copy_size(master);
        let fault = |errno| Failure::system("use", "the terminal")(errno);
        let before = tcgetattr(stdin).map_err(fault)?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(stdin, OptionalActions::Now, &raw).map_err(fault)?;
        Ok(Self(Some(before)))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _the_terminal_is_gone = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, before);
        }
    }
}
