//! Which standard streams and which further descriptors a process of the container gets.

use std::os::fd::BorrowedFd;

use launch::Io;
use model::spec::Process;

use crate::error::Failure;
use crate::options::Given;

/// systemd.socket(5) passes descriptors from here.
const FIRST: u32 = 3;
/// Most descriptors that are passed on.
const MOST: u32 = 1000;

/// The terminal that the specification asks for, or our own streams.
pub(crate) fn io(process: &Process, given: &Given) -> Result<Io, Failure> {
    if process.terminal {
        let size = process.console_size.map(|size| (size.width, size.height));
        return Ok(Io::Terminal { size });
    }
    Ok(Io::Inherited { preserved: preserved(given)? })
}

/// Those of `--preserve-fds` and of socket activation. Each must be open: otherwise the next that we open
/// would be in its place, and the container would have it.
fn preserved(given: &Given) -> Result<u32, Failure> {
    let asked = given.number::<u32>("preserve-fds")?.unwrap_or(0);
    let activated = std::env::var("LISTEN_FDS").ok().and_then(|count| count.parse().ok()).unwrap_or(0_u32);
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

/// The master side of a terminal goes to the engine's socket.
pub(crate) fn hand_over_terminal(terminal: Option<BorrowedFd<'_>>, given: &Given) -> Result<(), Failure> {
    match (terminal, given.value("console-socket")) {
        (Some(terminal), Some(path)) => crate::console::send(path, "/dev/ptmx", terminal),
        (None, Some(_)) => Err(given.wrong("`--console-socket` is for a process with a terminal".to_owned())),
        (Some(_), None) => {
            Err(given
                .wrong("a terminal needs `--console-socket`, which takes it when we are gone".to_owned()))
        }
        (None, None) => Ok(()),
    }
}
