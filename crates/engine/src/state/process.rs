//! Which process a number means: pids are reused, so start time and boot are kept beside it.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

/// One process of one boot, never mistaken for a later one with the same number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessId {
    /// Its number on the host.
    pub pid: i32,
    /// Clock ticks from boot to its start (field 22 of /proc/PID/stat, proc_pid_stat(5)).
    pub start_ticks: u64,
    /// /proc/sys/kernel/random/boot_id of the boot it belongs to.
    pub boot: String,
}

impl ProcessId {
    /// The process that has the number now.
    ///
    /// # Errors
    /// `ENOENT` or `ESRCH` where there is none.
    pub(crate) fn of(pid: i32) -> std::io::Result<Self> {
        let stat = std::fs::read(format!("/proc/{pid}/stat"))?;
        let start_ticks = start_ticks(&stat).ok_or(std::io::ErrorKind::InvalidData)?;
        Ok(Self { pid, start_ticks, boot: boot_id()? })
    }

    /// This process.
    ///
    /// # Errors
    /// /proc cannot be read.
    pub(crate) fn own() -> std::io::Result<Self> {
        Self::of(rustix::process::getpid().as_raw_nonzero().get())
    }

    /// Whether it is of this boot, and not one that a shutdown took with it.
    pub(crate) fn is_of_this_boot(&self) -> bool {
        boot_id().is_ok_and(|boot| boot == self.boot)
    }

    /// Sends a signal to the process, if it is still this process. `false`: it is not.
    ///
    /// # Errors
    /// `EPERM`.
    pub(crate) fn signal(&self, signal: Signal) -> std::io::Result<bool> {
        let Some(pidfd) = self.pidfd()? else { return Ok(false) };
        match pidfd_send_signal(pidfd, signal) {
            Ok(()) => Ok(true),
            Err(Errno::SRCH) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    /// The process's directory in /proc, if it is still this process. The descriptor stays with the
    /// process: once it is gone, reads fail, whoever has the number then.
    pub(crate) fn open(&self) -> Option<ProcDir> {
        if boot_id().ok()? != self.boot {
            return None;
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = ProcDir(rustix::fs::open(format!("/proc/{}", self.pid), flags, Mode::empty()).ok()?);
        (start_ticks(&dir.read("stat").ok()?) == Some(self.start_ticks)).then_some(dir)
    }

    /// The process as a descriptor, if it is still this process. It is opened before the look, so that it
    /// never stands for another that gets the number meanwhile.
    pub(crate) fn pidfd(&self) -> std::io::Result<Option<OwnedFd>> {
        let Some(pid) = Pid::from_raw(self.pid) else { return Ok(None) };
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(pidfd) => Ok(self.open().map(|_| pidfd)),
            Err(Errno::SRCH) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Whether a signal to the process is certainly lost: the kernel drops those that the first process of
    /// a pid namespace has neither a handler for nor waits for (pid_namespaces(7)).
    pub(crate) fn is_deaf_to(&self, signal: i32) -> bool {
        let Some(status) = self.open().and_then(|dir| dir.text("status")) else { return false };
        let first_of_its_namespace = status.lines().any(|line| {
            line.strip_prefix("NSpid:").is_some_and(|ids| {
                let ids: Vec<&str> = ids.split_whitespace().collect();
                ids.len() > 1 && ids.last() == Some(&"1")
            })
        });
        let mask = |name: &str| {
            let field = status.lines().find_map(|line| line.strip_prefix(name));
            field.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or(u64::MAX)
        };
        let bit = 1_u64.checked_shl(u32::try_from(signal - 1).unwrap_or(u32::MAX)).unwrap_or(u64::MAX);
        first_of_its_namespace && ["SigCgt:", "SigBlk:", "SigIgn:"].iter().all(|name| mask(name) & bit == 0)
    }

    /// Kills the process, if it is still this process.
    pub(crate) fn kill(&self) -> std::io::Result<()> {
        let Some(pidfd) = self.pidfd()? else { return Ok(()) };
        match pidfd_send_signal(pidfd, Signal::KILL) {
            Ok(()) | Err(Errno::SRCH) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }
}

/// An open /proc/PID.
#[derive(Debug)]
pub(crate) struct ProcDir(OwnedFd);

impl AsFd for ProcDir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl ProcDir {
    /// The directory of whatever process has the number now.
    pub(crate) fn of(pid: i32) -> Option<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::open(format!("/proc/{pid}"), flags, Mode::empty()).ok().map(Self)
    }

    /// Reads one of its files, at most 1 MiB.
    pub(crate) fn read(&self, name: &str) -> std::io::Result<Vec<u8>> {
        use std::io::Read as _;
        let file = rustix::fs::openat(&self.0, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        let mut bytes = Vec::new();
        std::fs::File::from(file).take(1 << 20).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The same as text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.read(name).ok().and_then(|bytes| String::from_utf8(bytes).ok())
    }

    /// Reads one of its links: `ns/pid`.
    pub(crate) fn link(&self, name: &str) -> Option<String> {
        rustix::fs::readlinkat(self.0.as_fd(), name, Vec::new()).ok()?.into_string().ok()
    }
}

/// This boot's id.
pub(crate) fn boot_id() -> std::io::Result<String> {
    Ok(std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim_end().to_owned())
}

/// Field 22 of a stat line; the second field is the program's name and may hold anything, `)` too.
fn start_ticks(stat: &[u8]) -> Option<u64> {
    after_name(stat)?.split_ascii_whitespace().nth(19)?.parse().ok()
}

/// Everything behind the program's name, from field 3 on.
pub(crate) fn after_name(stat: &[u8]) -> Option<&str> {
    let name_end = stat.iter().rposition(|byte| *byte == b')')?;
    std::str::from_utf8(stat.get(name_end + 1..)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_s_name_cannot_forge_its_start_time() {
        let fields = (4..=21).map(|n| n.to_string()).collect::<Vec<_>>().join(" ");
        let stat = format!("7 (a) S 1 2 3) S {fields} 4242 0");
        assert_eq!(start_ticks(stat.as_bytes()), Some(4242));
        assert_eq!(start_ticks(b"7 (a) S 1"), None);
    }

    #[test]
    fn this_process_is_itself_and_nobody_else() {
        let me = ProcessId::of(std::process::id().try_into().unwrap()).unwrap();
        assert!(me.open().unwrap().text("status").unwrap().contains("Pid:"));
        assert!(ProcessId { start_ticks: me.start_ticks + 1, ..me.clone() }.open().is_none());
        assert!(ProcessId { boot: "another".into(), ..me }.open().is_none());
    }

    #[test]
    fn only_the_process_that_was_meant_is_killed() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let meant = ProcessId::of(child.id().try_into().unwrap()).unwrap();
        ProcessId { start_ticks: meant.start_ticks + 1, ..meant.clone() }.kill().unwrap();
        assert!(child.try_wait().unwrap().is_none());
        meant.kill().unwrap();
        assert!(!child.wait().unwrap().success());
        meant.kill().unwrap();
    }
}
