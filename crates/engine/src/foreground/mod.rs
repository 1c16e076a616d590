//! Being the container's terminal, or its three pipes, until it ends.
//!
//! Without a terminal the container gets pipes that belong to its own user, so that a program without
//! privilege can open /dev/stdout anew. Nothing here ever waits on one descriptor: a reader that does
//! not read holds up its own stream, and neither signals nor the end of the container.

mod detach;
mod pump;
mod relay;
mod signals;
mod terminal;

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use model::request::RunRequest;
use rustix::fs::{Gid, Uid};
use rustix::pipe::{PipeFlags, pipe_with};

pub use detach::{DetachKeys, DetachSyntax};
pub(crate) use pump::nonblocking;
pub(crate) use relay::{Left, Relay, Subject};
pub use signals::Interruptions;
pub(crate) use signals::Signals;
pub(crate) use terminal::size as terminal_size;

use pump::{Pump, Sink, WhenUnread};

/// Our side of a foreground run: descriptors of the caller's terminal, files or pipes.
#[derive(Debug)]
pub struct Foreground {
    /// Read only with `-i`.
    pub stdin: OwnedFd,
    /// Where the container's output goes.
    pub stdout: OwnedFd,
    /// Where its errors go.
    pub stderr: OwnedFd,
    /// How a terminal can be left.
    pub detach: Detach,
}

/// Whether the container can be left running.
#[derive(Debug)]
pub enum Detach {
    /// It cannot: keys are passed on as typed.
    Unavailable,
    /// By these keys, after which this process has nothing more to do with it.
    Here(DetachKeys),
    /// A parent of ours waits in our place. It exits with status 0 when it reads a byte from the other
    /// end of `release`, and from then on this process is on its own.
    Through {
        /// The sequence to listen for.
        keys: DetachKeys,
        /// To tell the parent.
        release: OwnedFd,
    },
}

/// For a process that stays behind when its parent ends.
pub(crate) fn leave_terminal() {
    outlive_parent();
    abandon_standard_streams();
}

/// The first half of it: whoever started us may go, and still be told something.
pub(crate) fn outlive_parent() {
    // A session of our own, so that the end of the terminal is not ours. It fails only for a group's
    // leader, which our parent is.
    let _ = rustix::process::setsid();
    // A session's outside ends when we let it go, and must not take us with it.
    let _ = rustix::process::set_parent_process_death_signal(None);
}

/// Whoever waits for the end of a pipe that we inherited shall not wait for us.
pub(crate) fn abandon_standard_streams() {
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC;
    let Ok(null) = rustix::fs::open("/dev/null", flags, rustix::fs::Mode::empty()) else { return };
    let null = null.as_fd();
    // Duplicating an open descriptor over an open one cannot fail.
    let _ = rustix::stdio::dup2_stdin(null);
    let _ = rustix::stdio::dup2_stdout(null);
    let _ = rustix::stdio::dup2_stderr(null);
}

/// Why the foreground could not be set up or kept up.
#[derive(Debug, thiserror::Error)]
pub enum ForegroundError {
    /// `-i -t` with something else as standard input.
    #[error("`-t` with `-i` needs a terminal, and standard input is none")]
    NoTerminal,
    /// The kernel refused.
    #[error("cannot {doing}: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The kernel's answer.
        source: io::Error,
    },
}

impl ForegroundError {
    pub(crate) fn io<E: Into<io::Error>>(doing: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::Io { doing, source: source.into() }
    }

    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoTerminal => "E-run-no-terminal",
            Self::Io { .. } => "E-run-io",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NoTerminal => "leave `-t` out when standard input is a file or a pipe",
            Self::Io { .. } => "check the limit on open files: `ulimit -n`",
        }
        .into()
    }
}

/// Whether our standard input is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    /// `-i`.
    Ours,
    /// The container reads nothing.
    Empty,
}

impl Input {
    /// What `-i` asks for.
    pub(crate) fn of(interactive: bool) -> Self {
        if interactive { Self::Ours } else { Self::Empty }
    }
}

impl Foreground {
    /// Checks, before anything is made, that a terminal run has a terminal to take keys from.
    pub(crate) fn check_terminal(&self, request: &RunRequest) -> Result<(), ForegroundError> {
        if request.tty { self.check_keys(Input::of(request.interactive)) } else { Ok(()) }
    }

    /// The same for one that has a terminal.
    pub(crate) fn check_keys(&self, input: Input) -> Result<(), ForegroundError> {
        if input == Input::Ours && !io::IsTerminal::is_terminal(&self.stdin) {
            return Err(ForegroundError::NoTerminal);
        }
        Ok(())
    }
}

/// The container's ends of its three streams.
#[derive(Debug)]
pub(crate) struct Ends {
    /// Absent where the container reads nothing.
    pub(crate) stdin: Option<OwnedFd>,
    pub(crate) stdout: OwnedFd,
    pub(crate) stderr: OwnedFd,
}

/// Pipes between the container and us. `uid` and `gid` are the host ids of the container's user.
pub(crate) fn pipes(
    foreground: Foreground,
    input: Input,
    (uid, gid): (u32, u32),
    signals: Signals,
) -> Result<(Ends, Relay), ForegroundError> {
    let make = || -> io::Result<(Ends, Relay)> {
        let (stdin, keys) = input_stream(foreground.stdin, input)?;
        let (stdout, output) = output_stream(foreground.stdout)?;
        let (stderr, errors) = output_stream(foreground.stderr)?;
        for end in stdin.iter().chain([&stdout, &stderr]) {
            rustix::fs::fchown(end, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))?;
        }
        Ok((Ends { stdin, stdout, stderr }, Relay::streams(keys, output, errors, signals)))
    };
    make().map_err(ForegroundError::io("make the container's pipes"))
}

/// Between us and a container whose monitor shows us what it prints in these pipes; `input` is where it
/// reads, where that is open.
pub(crate) fn attached(
    foreground: Foreground,
    input: Option<OwnedFd>,
    output: OwnedFd,
    errors: OwnedFd,
    signals: Signals,
) -> Result<Relay, ForegroundError> {
    let Foreground { stdin, stdout, stderr, .. } = foreground;
    let make = || -> io::Result<Relay> {
        let keys = |feed| Ok::<_, io::Error>(Pump::new(stdin, Sink::own(feed)?, WhenUnread::Close));
        let keys = input.map(keys).transpose()?;
        let pump = |source, sink| Pump::new(source, Sink::shared(sink), WhenUnread::Close);
        Ok(Relay::streams(keys, pump(output, stdout), pump(errors, stderr), signals))
    };
    make().map_err(ForegroundError::io("connect the container's streams"))
}

fn input_stream(ours: OwnedFd, input: Input) -> io::Result<(Option<OwnedFd>, Option<Pump>)> {
    if input == Input::Empty {
        return Ok((None, None));
    }
    let (theirs, feed) = pipe_with(PipeFlags::CLOEXEC)?;
    Ok((Some(theirs), Some(Pump::new(ours, Sink::own(feed)?, WhenUnread::Close))))
}

fn output_stream(ours: OwnedFd) -> io::Result<(OwnedFd, Pump)> {
    let (source, theirs) = pipe_with(PipeFlags::CLOEXEC)?;
    pump::nonblocking(&source)?;
    Ok((theirs, Pump::new(source, Sink::shared(ours), WhenUnread::Close)))
}

#[cfg(test)]
mod tests;
