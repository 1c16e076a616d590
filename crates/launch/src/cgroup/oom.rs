//! Being told when the kernel kills for lack of memory.

use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::event::{EventfdFlags, eventfd};
use rustix::fs::inotify::{CreateFlags, Reader, WatchFlags, add_watch, init};
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;

use super::usage::field;
use super::{Group, Version, fault};
use crate::error::LaunchError;

/// Watches a group; its descriptor is readable when there may be something to notice.
#[derive(Debug)]
pub struct OomWatch {
    source: Source,
    /// `memory.events`, or version 1's `memory.oom_control`.
    file: PathBuf,
    kills: u64,
}

#[derive(Debug)]
enum Source {
    /// Version 2: events of the file.
    Inotify(OwnedFd),
    /// Version 1: an eventfd that the kernel counts up.
    Eventfd {
        counter: OwnedFd,
        /// The kernel's notice ends with it.
        _control: OwnedFd,
    },
}

/// What has happened since somebody looked last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noticed {
    /// Nothing of interest.
    Nothing,
    /// The kernel has killed this many processes, or found no memory this often.
    Kills(u64),
    /// The group has been removed.
    Gone,
}

impl Group {
    /// Begins to watch for lack of memory.
    ///
    /// # Errors
    /// [`LaunchError::Host`], or [`LaunchError::Controller`] without the memory controller.
    pub fn oom(&self) -> Result<OomWatch, LaunchError> {
        let directory = self.needed("memory")?;
        let kills = self.oom_kills().ok_or(LaunchError::Controller { controller: "memory".into() })?;
        if self.version() == Version::V2 {
            let file = directory.join("memory.events");
            let source = Source::Inotify(watched(&file).map_err(fault("watch", &file))?);
            return Ok(OomWatch { source, file, kills });
        }
        let file = directory.join("memory.oom_control");
        let source = counted(&directory, &file).map_err(fault("watch", &file))?;
        Ok(OomWatch { source, file, kills })
    }
}

fn watched(file: &Path) -> Result<OwnedFd, Errno> {
    let inotify = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
    add_watch(&inotify, file, WatchFlags::MODIFY | WatchFlags::DELETE_SELF)?;
    Ok(inotify)
}

/// cgroup-v1/memory.rst "OOM Control": the numbers of both descriptors go into `cgroup.event_control`.
fn counted(directory: &Path, file: &Path) -> Result<Source, Errno> {
    let counter = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
    let control = openat(CWD, file, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    let events = openat(CWD, directory.join("cgroup.event_control"), flags, Mode::empty())?;
    let line = format!("{} {}", counter.as_raw_fd(), control.as_raw_fd());
    rustix::io::write(&events, line.as_bytes())?;
    Ok(Source::Eventfd { counter, _control: control })
}

impl OomWatch {
    /// What has happened; never waits.
    pub fn take(&mut self) -> Noticed {
        let notices = self.drain();
        let Ok(text) = std::fs::read_to_string(&self.file) else { return Noticed::Gone };
        let kills = field(&text, "oom_kill").unwrap_or(self.kills);
        let more = kills.saturating_sub(std::mem::replace(&mut self.kills, kills));
        match (more, notices) {
            (0, 0) => Noticed::Nothing,
            // Version 1 tells also of processes that wait for memory because the killer is switched off.
            (0, notices) if matches!(self.source, Source::Eventfd { .. }) => Noticed::Kills(notices),
            (0, _) => Noticed::Nothing,
            (more, _) => Noticed::Kills(more),
        }
    }

    /// How many notices there were; the descriptor is not readable afterwards.
    fn drain(&self) -> u64 {
        match &self.source {
            Source::Inotify(inotify) => {
                let mut buffer = [std::mem::MaybeUninit::uninit(); 512];
                let mut reader = Reader::new(inotify, &mut buffer);
                let mut seen = 0;
                while reader.next().is_ok() {
                    seen += 1;
                }
                seen
            }
            Source::Eventfd { counter, .. } => {
                let mut count = [0; 8];
                rustix::io::read(counter, &mut count).map_or(0, |_| u64::from_ne_bytes(count))
            }
        }
    }
}

impl AsFd for OomWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.source {
            Source::Inotify(inotify) => inotify.as_fd(),
            Source::Eventfd { counter, .. } => counter.as_fd(),
        }
    }
}
