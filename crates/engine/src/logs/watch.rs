//! Waiting until something happens in a container's directory.

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;

use crate::state::RECORD;

/// How often it is looked where the kernel has no more watches for this user.
const POLL: Duration = Duration::from_millis(100);

/// A watch over a directory.
#[derive(Debug)]
pub(super) struct Watch {
    /// Absent where the user has as many as there may be.
    inotify: Option<OwnedFd>,
}

/// Why the waiting is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Woken {
    /// The log has grown, and nothing else happened.
    ByLog,
    /// The container's record is another one, or nothing can be said.
    Perhaps,
}

impl Watch {
    pub(super) fn over(directory: &Path) -> Self {
        let grows = WatchFlags::MODIFY | WatchFlags::CREATE | WatchFlags::MOVED_TO;
        let goes = WatchFlags::DELETE | WatchFlags::MOVE_SELF;
        let flags = grows | goes | WatchFlags::ONLYDIR;
        let watch = || -> rustix::io::Result<OwnedFd> {
            let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
            inotify::add_watch(&inotify, directory, flags)?;
            Ok(inotify)
        };
        Self { inotify: watch().ok() }
    }

    /// Waits for a change, at most so long.
    pub(super) fn wait(&self, longest: Duration) -> Woken {
        let Some(inotify) = &self.inotify else {
            std::thread::sleep(POLL.min(longest));
            return Woken::Perhaps;
        };
        let until = Instant::now() + longest;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let timeout = Timespec::try_from(left).ok();
            match poll(&mut [PollFd::new(inotify, PollFlags::IN)], timeout.as_ref()) {
                Err(Errno::INTR) => {}
                Ok(1..) => return changes(inotify),
                Ok(0) | Err(_) => return Woken::Perhaps,
            }
        }
    }
}

/// Takes every change that has been noticed.
fn changes(inotify: &OwnedFd) -> Woken {
    let mut space = [MaybeUninit::uninit(); 4096];
    let mut events = inotify::Reader::new(inotify, &mut space);
    let mut woken = Woken::ByLog;
    while let Ok(event) = events.next() {
        let is_log = event.file_name().is_some_and(|name| name.to_bytes() != RECORD.as_bytes());
        if !is_log {
            woken = Woken::Perhaps;
        }
    }
    woken
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    #[test]
    fn output_is_told_from_everything_else() {
        let dir = tempfile::tempdir().unwrap();
        let watch = Watch::over(dir.path());
        std::fs::write(dir.path().join("log.json"), "x").unwrap();
        assert_eq!(watch.wait(LONG), Woken::ByLog);
        let fd = crate::state::open_dir(dir.path()).unwrap();
        crate::state::replace_file(&fd, RECORD, b"{}").unwrap();
        assert_eq!(watch.wait(LONG), Woken::Perhaps);
        let aside = dir.path().with_extension("aside");
        std::fs::rename(dir.path(), &aside).unwrap();
        assert_eq!(watch.wait(LONG), Woken::Perhaps);
        std::fs::rename(aside, dir.path()).unwrap();
    }

    #[test]
    fn without_a_watch_and_without_a_change_the_waiting_ends_too() {
        let short = Duration::from_millis(1);
        assert_eq!(Watch { inotify: None }.wait(short), Woken::Perhaps);
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Watch::over(dir.path()).wait(short), Woken::Perhaps);
    }
}
