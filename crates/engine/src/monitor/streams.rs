//! The container's streams, seen from its monitor.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use launch::{Io, Running};
use model::request::RunRequest;
use rustix::fs::{Gid, Uid};
use rustix::pipe::{PipeFlags, pipe_with};

use crate::error::EngineError;
use crate::foreground::{ForegroundError, nonblocking};
use crate::logs::Stream;

/// What a container's monitor reads, and where it can be written to.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    /// To read; gone once it has ended.
    pub(super) sources: Vec<(Stream, Option<OwnedFd>)>,
    /// What somebody who attaches types goes here: its terminal, or its standard input if that was kept
    /// open with `-i`.
    pub(super) input: Option<OwnedFd>,
    /// Whether that is a terminal.
    pub(super) kind: Kind,
}

/// What a container has instead of a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Pipes,
    Terminal,
}

/// Streams before there is a process.
pub(crate) struct Unconnected(Option<Streams>);

/// Makes the streams of a container that starts in the background. They belong to its user, so that a
/// program without privilege can open /dev/stdout anew.
pub(crate) fn wire(request: &RunRequest, owner: (u32, u32)) -> Result<(Io, Unconnected), EngineError> {
    if request.tty {
        return Ok((Io::Terminal { size: None, preserved: 0 }, Unconnected(None)));
    }
    let made = pipes(request, owner).map_err(ForegroundError::io("make the container's pipes"))?;
    Ok((made.0, Unconnected(Some(made.1))))
}

fn pipes(request: &RunRequest, (uid, gid): (u32, u32)) -> io::Result<(Io, Streams)> {
    let owned = |end: &OwnedFd| rustix::fs::fchown(end, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)));
    let (output, stdout) = pipe_with(PipeFlags::CLOEXEC)?;
    let (errors, stderr) = pipe_with(PipeFlags::CLOEXEC)?;
    let (mut stdin, mut input) = (None, None);
    if request.interactive {
        let (theirs, ours) = pipe_with(PipeFlags::CLOEXEC)?;
        owned(&theirs)?;
        (stdin, input) = (Some(theirs), Some(ours));
    }
    for (theirs, ours) in [(&stdout, &output), (&stderr, &errors)] {
        owned(theirs)?;
        nonblocking(ours)?;
    }
    let sources = vec![(Stream::Output, Some(output)), (Stream::Errors, Some(errors))];
    Ok((Io::Streams { stdin, stdout, stderr }, Streams { sources, input, kind: Kind::Pipes }))
}

impl Unconnected {
    /// The same once the container's first process is there.
    pub(crate) fn connect(self, running: &Running) -> Result<Streams, EngineError> {
        self.0.map_or_else(|| Streams::of_terminal(running), Ok)
    }
}

impl Streams {
    /// Those of a container that has a terminal.
    pub(crate) fn of_terminal(running: &Running) -> Result<Self, EngineError> {
        let connect = || -> io::Result<Self> {
            let terminal = running.terminal().ok_or(io::ErrorKind::NotFound)?;
            let source = terminal.try_clone_to_owned()?;
            nonblocking(&source)?;
            let input = Some(terminal.try_clone_to_owned()?);
            Ok(Self { sources: vec![(Stream::Output, Some(source))], input, kind: Kind::Terminal })
        };
        Ok(connect().map_err(ForegroundError::io("connect the terminal"))?)
    }

    /// A source by its place.
    pub(super) fn source(&self, index: usize) -> Option<(Stream, BorrowedFd<'_>)> {
        let (stream, fd) = self.sources.get(index)?;
        Some((*stream, fd.as_ref()?.as_fd()))
    }

    /// It has come to its end.
    pub(super) fn close(&mut self, index: usize) {
        if let Some((_, fd)) = self.sources.get_mut(index) {
            *fd = None;
        }
    }
}
