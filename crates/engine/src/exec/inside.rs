//! A container that runs, opened: descriptors that stay with its first process, and how it was started.

use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};

use launch::Target;
use model::spec::Spec;
use rustix::fs::{FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::state::{ProcDir, ProcessId, Record, StateError, Status};

/// How often a lookup is tried that the kernel gives up because something on the host was renamed
/// meanwhile (openat2(2), `EAGAIN`).
const ATTEMPTS: usize = 1000;

/// A container that runs.
#[derive(Debug)]
pub(crate) struct Inside {
    pub(crate) record: Record,
    /// How its first process was started.
    pub(crate) spec: Spec,
    pidfd: OwnedFd,
    proc: ProcDir,
}

impl Engine {
    /// Opens the container of that name, id, or beginning of an id.
    ///
    /// # Errors
    /// [`StateError::NotRunning`], [`StateError::Paused`]; as [`Engine::container`].
    pub(crate) fn inside(&self, text: &str) -> Result<Inside, EngineError> {
        let record = self.container(text)?;
        let not_running = || StateError::NotRunning(record.name.clone());
        let start = self.start_of(&record)?.ok_or_else(not_running)?;
        Inside::open(record, start.spec).map_err(EngineError::from)
    }
}

impl Inside {
    /// Opens the container of a record, which was started with `spec`.
    pub(crate) fn open(record: Record, spec: Spec) -> Result<Self, StateError> {
        let name = || record.name.clone();
        let Status::Running { process, .. } = &record.status else {
            return Err(StateError::NotRunning(name()));
        };
        let (pidfd, proc) = opened(process).ok_or_else(|| StateError::NotRunning(name()))?;
        if launch::cgroup::Group::at(&record.cgroup).is_some_and(|group| group.is_frozen()) {
            return Err(StateError::Paused(name()));
        }
        Ok(Self { record, spec, pidfd, proc })
    }

    /// For launch.
    pub(crate) fn target(&self) -> Target<'_> {
        Target { pidfd: self.pidfd.as_fd(), proc: self.proc.as_fd() }
    }

    /// Whether its first process has ended since it was opened.
    pub(crate) fn has_ended(&self) -> bool {
        let fd = rustix::event::PollFd::new(&self.pidfd, rustix::event::PollFlags::IN);
        rustix::event::poll(&mut [fd], Some(&rustix::event::Timespec::default())).is_ok_and(|ready| ready > 0)
    }

    /// Reads a regular file of the container of at most `limit` bytes; `None` if there is none. Whatever
    /// the container has made of the path, it leads nowhere outside of the container.
    ///
    /// # Errors
    /// `EFBIG` for a larger one, and what the kernel says.
    pub(crate) fn read(&self, path: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::openat(&self.proc, "root", flags, Mode::empty())?;
        let file = match open_in(&root, path) {
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            opened => opened?,
        };
        // A pipe or a device would have its own idea of an end.
        if FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode) != FileType::RegularFile {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        std::fs::File::from(file).take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit { Err(Errno::FBIG.into()) } else { Ok(Some(bytes)) }
    }
}

fn open_in(root: &OwnedFd, path: &str) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    let open = || rustix::fs::openat2(root, path, flags, Mode::empty(), resolve);
    let mut attempts = (1..ATTEMPTS).map(|_| open());
    attempts.find(|opened| !matches!(opened, Err(Errno::AGAIN))).unwrap_or_else(open)
}

pub(crate) fn opened(process: &ProcessId) -> Option<(OwnedFd, ProcDir)> {
    Some((process.pidfd().ok()??, process.open()?))
}
