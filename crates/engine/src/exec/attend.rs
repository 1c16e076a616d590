//! Whoever looks after a command in a container: in the foreground, or behind everybody's back.

use std::os::fd::{BorrowedFd, OwnedFd};

use launch::{Io, Running};
use model::exec::ExecRequest;
use rustix::event::{PollFd, PollFlags, poll};

use crate::error::EngineError;
use crate::foreground::{Detach, Foreground, Input, Signals, leave_terminal};
use crate::monitor::settle_in;
use crate::run::{Company, Wiring, accompany, wire};
use crate::state::Ended;

/// How a command is looked after.
pub(super) enum Manner {
    /// Its streams are ours.
    InFront(Wiring),
    /// Nobody types and nobody reads; to tell whoever waits for us.
    Behind(Option<OwnedFd>),
}

/// Makes the command's streams. `owner` is who its user is on this host.
pub(super) fn manner(
    foreground: Foreground,
    request: &ExecRequest,
    input: Input,
    owner: (u32, u32),
) -> Result<(Io, Manner), EngineError> {
    if request.detached {
        let io = if request.tty { Io::Terminal { size: None, preserved: 0 } } else { Io::Nowhere };
        let release = match foreground.detach {
            Detach::Through { release, .. } => Some(release),
            Detach::Here(_) | Detach::Unavailable => None,
        };
        return Ok((io, Manner::Behind(release)));
    }
    let signals = Signals::block().map_err(EngineError::io("take over the signals"))?;
    let (io, wiring) = wire(foreground, request.tty, input, owner, signals)?;
    Ok((io, Manner::InFront(wiring)))
}

/// Looks after the command until it ends.
pub(super) fn attend(running: Running, manner: Manner, input: Input) -> Result<Ended, EngineError> {
    let release = match manner {
        Manner::Behind(release) => release,
        Manner::InFront(wiring) => match accompany(wiring, &running, input)? {
            Company::Left(release) => release,
            Company::Kept(mut relay) => {
                let exit = running.wait()?;
                relay.drain().map_err(EngineError::io("carry the command's input and output"))?;
                return Ok(exit.into());
            }
        },
    };
    stay(&running, release);
    Ok(running.wait()?.into())
}

/// Lets whoever waits go, and is all that is left of the command line: the command does not outlive us.
fn stay(running: &Running, release: Option<OwnedFd>) {
    leave_terminal();
    let _nobody_waits = release.map(|release| rustix::io::write(release, b"d"));
    settle_in("coffer-exec");
    let mut terminal = running.terminal();
    while !has_ended(running.pidfd(), terminal) {
        // A program that prints must not be stuck because nobody reads.
        let read = terminal.map(|terminal| rustix::io::read(terminal, &mut [0; 4096]));
        terminal = terminal.filter(|_| matches!(read, Some(Ok(1..))));
    }
}

/// Waits until it has ended, or printed something.
fn has_ended(pidfd: BorrowedFd<'_>, terminal: Option<BorrowedFd<'_>>) -> bool {
    let mut fds: Vec<_> =
        [pidfd].into_iter().chain(terminal).map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
    let _interrupted = poll(&mut fds, None);
    fds.first().is_some_and(|process| !process.revents().is_empty())
}
