//! Which standard streams and which further descriptors a process of the container gets.

use launch::{Io, Prepared};
use model::spec::Process;
use rustix::stdio::stdin;
use rustix::termios::tcgetwinsize;

use crate::error::Failure;
use crate::options::Given;

/// systemd.socket(5) passes descriptors from here.
const FIRST: u32 = 3;
/// Most descriptors that are passed on.
const MOST: u32 = 1000;

/// Who keeps the terminal of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeper {
    /// We do, until it ends.
    Us,
    /// Somebody else, who listens at `--console-socket`.
    Engine,
}

impl Keeper {
    /// Whoever leaves a process to itself keeps nothing of it.
    pub(crate) fn of(given: &Given) -> Self {
        if given.is_on("detach") { Self::Engine } else { Self::Us }
    }
}

/// The terminal that the specification asks for, or our own streams, and `preserved` descriptors of ours.
pub(crate) fn io(process: &Process, preserved: u32, keeper: Keeper) -> Io {
    if !process.terminal {
        return Io::Inherited { preserved };
    }
    // Before there is a program that could ask.
    let ours = (keeper == Keeper::Us).then(|| tcgetwinsize(stdin()).ok()).flatten();
    let asked = process.console_size.map(|size| (size.width, size.height));
    Io::Terminal { size: ours.map(|size| (size.ws_col, size.ws_row)).or(asked), preserved }
}

/// How many descriptors come along: those of `--preserve-fds`, above those of socket activation. Each must
/// be open: otherwise the next that we open would be in its place, and the container would have it.
pub(crate) fn preserved(given: &Given, activated: u32) -> Result<u32, Failure> {
    let asked = given.number::<u32>("preserve-fds")?.unwrap_or(0);
    let count = asked.saturating_add(activated);
    if count > MOST {
        return Err(
            given.wrong(format!("{count} descriptors are more than the {MOST} that can be passed on"))
        );
    }
    match sys::fds::first_closed(FIRST, count) {
        None => Ok(count),
        Some(number) => Err(given.wrong(format!("descriptor {number} is to be passed on, and is not open"))),
    }
}

/// sd_listen_fds(3): how many descriptors systemd has passed to us, if it was us that it meant.
pub(crate) fn activated() -> u32 {
    let number = |name| std::env::var(name).ok().and_then(|value| value.parse::<u32>().ok());
    let meant = number("LISTEN_PID").is_none_or(|pid| pid == std::process::id());
    number("LISTEN_FDS").filter(|_| meant).unwrap_or(0)
}

/// What tells the container's first process of them.
pub(crate) fn announce(process: &mut Process, activated: u32) {
    if activated > 0 {
        process.env.extend([format!("LISTEN_FDS={activated}"), "LISTEN_PID=1".to_owned()]);
    }
}

/// Whether somebody takes the terminal, before there is one.
pub(crate) fn check(process: &Process, given: &Given, keeper: Keeper) -> Result<(), Failure> {
    let refuse = |why: &str| Err(given.wrong(why.to_owned()));
    match (process.terminal, given.value("console-socket"), keeper) {
        (false, Some(_), _) => refuse("`--console-socket` is for a process with a terminal"),
        (true, Some(_), Keeper::Us) => refuse("`--console-socket` is for a process that is left to itself"),
        (true, None, Keeper::Engine) => {
            refuse("a terminal needs `--console-socket`, which takes it when we are gone")
        }
        _ => Ok(()),
    }
}

/// What the engine's sockets take: the master side of the terminal, and the process.
pub(crate) fn hand_over(prepared: &Prepared, given: &Given) -> Result<(), Failure> {
    if let (Some(terminal), Some(path)) = (prepared.terminal(), given.value("console-socket")) {
        crate::console::send(path, "/dev/ptmx", terminal)?;
    }
    match given.value("pidfd-socket") {
        Some(path) => crate::console::send(path, "pidfd", prepared.pidfd()),
        None => Ok(()),
    }
}
