//! Processes of the host, told apart from those that get their numbers later.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// A process that runs: both descriptors stay with it, whoever gets its number later.
#[derive(Debug)]
pub(crate) struct Alive {
    pub(crate) pidfd: OwnedFd,
    pub(crate) proc: OwnedFd,
}

impl Alive {
    /// The process `pid`, if it is the one that was started at `start` (ticks since boot), and runs.
    pub(crate) fn find(pid: i32, start: u64) -> Result<Option<Self>, Errno> {
        let Some(number) = Pid::from_raw(pid).filter(|_| pid > 0) else { return Ok(None) };
        let pidfd = match pidfd_open(number, PidfdFlags::empty()) {
            Err(Errno::SRCH) => return Ok(None),
            other => other?,
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let proc = match rustix::fs::openat(CWD, format!("/proc/{pid}"), flags, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(None),
            other => other?,
        };
        // Opened after the descriptor of the process was: if the time is right, so are both.
        let same = stat(proc.as_fd()).is_some_and(|stat| stat.start == start && !stat.has_ended);
        Ok(same.then_some(Self { pidfd, proc }))
    }
}

/// When the process `pid` was started, in ticks since boot.
pub(crate) fn start_time(pid: i32) -> Result<u64, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let proc = rustix::fs::openat(CWD, format!("/proc/{pid}"), flags, Mode::empty())?;
    stat(proc.as_fd()).map(|stat| stat.start).ok_or(Errno::SRCH)
}

struct Stat {
    start: u64,
    has_ended: bool,
}

/// proc_pid_stat(5): the name may hold anything, so fields are counted behind its last parenthesis.
fn stat(proc: BorrowedFd<'_>) -> Option<Stat> {
    let file = rustix::fs::openat(proc, c"stat", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let mut buffer = [0; 1024];
    let length = rustix::io::read(&file, &mut buffer).ok()?;
    parse(buffer.get(..length)?)
}

fn parse(text: &[u8]) -> Option<Stat> {
    let end = text.iter().rposition(|byte| *byte == b')')?;
    let mut fields = std::str::from_utf8(text.get(end + 1..)?).ok()?.split_ascii_whitespace();
    let state = fields.next()?;
    // The state is the third field, the time of the start the twenty-second.
    let start = fields.nth(18)?.parse().ok()?;
    Some(Stat { start, has_ended: matches!(state, "Z" | "X" | "x") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_its_start() {
        let pid = std::process::id() as i32;
        let start = start_time(pid).unwrap();
        assert!(Alive::find(pid, start).unwrap().is_some());
        assert!(Alive::find(pid, start + 1).unwrap().is_none());
        assert!(Alive::find(0, 0).unwrap().is_none());
    }

    #[test]
    fn a_name_may_hold_anything() {
        let text = b"7 (a) S 1 (b)) Z 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20";
        let stat = parse(text).unwrap();
        assert!(stat.has_ended);
        assert_eq!(stat.start, 4711);
    }
}
