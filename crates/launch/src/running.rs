//! A container that runs: signals, its terminal, its end.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use model::spec::Resources;
use rustix::io::Errno;
use rustix::process::{Signal, WaitId, WaitIdOptions, waitid};

use crate::cgroup::Cgroup;
use crate::enforced::Enforced;
use crate::error::LaunchError;
use crate::start::kill;

/// The container's first process and its control group. Dropping it kills the one and removes the other.
#[derive(Debug)]
pub(crate) struct Process {
    pid: i32,
    pidfd: OwnedFd,
    cgroup: Cgroup,
    reaped: bool,
}

impl Process {
    pub(crate) fn new(pid: i32, pidfd: OwnedFd, cgroup: Cgroup) -> Self {
        Self { pid, pidfd, cgroup, reaped: false }
    }

    pub(crate) fn pid(&self) -> i32 {
        self.pid
    }

    pub(crate) fn pidfd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }

    /// Where systemd moves processes: is moved into its group.
    pub(crate) fn adopted(&mut self, resources: &Resources) -> Result<(), LaunchError> {
        self.cgroup.adopt(self.pid, resources)
    }

    pub(crate) fn cgroup(&self) -> &Cgroup {
        &self.cgroup
    }

    /// Waits for the end. The kernel has killed everything else in the pid namespace by then.
    pub(crate) fn reap(&mut self) -> Result<Exit, Errno> {
        loop {
            match waitid(WaitId::PidFd(self.pidfd.as_fd()), WaitIdOptions::EXITED) {
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
                Ok(None) => return Err(Errno::CHILD),
                Ok(Some(status)) => {
                    self.reaped = true;
                    let signal = status.terminating_signal().map(Exit::Signal);
                    return Ok(signal.unwrap_or(Exit::Code(status.exit_status().unwrap_or(255) as u8)));
                }
            }
        }
    }
}

impl Process {
    /// Leaves it to itself: it neither ends nor loses its control group with us.
    pub(crate) fn let_go(self) {
        std::mem::forget(self);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.reaped {
            kill(self.pidfd.as_fd());
            self.cgroup.thaw();
            let _already_waited_for = self.reap();
        }
    }
}

/// How a container ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this code.
    Code(u8),
    /// By this signal.
    Signal(i32),
    /// By the kernel, because its control group had no memory left.
    OutOfMemory,
}

impl Exit {
    /// The code that a shell would see: 128 and the signal's number where it was one.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => 128_u8.saturating_add(signal as u8),
            Self::OutOfMemory => 128 + 9,
        }
    }
}

/// A container whose program was executed. Dropping it ends it.
#[derive(Debug)]
pub struct Running {
    process: Process,
    terminal: Option<OwnedFd>,
    enforced: Enforced,
}

impl Running {
    pub(crate) fn new(process: Process, terminal: Option<OwnedFd>, enforced: Enforced) -> Self {
        Self { process, terminal, enforced }
    }

    /// The process id of the container's first process, as this host sees it.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.process.pid
    }

    /// Readable once the first process has ended.
    #[must_use]
    pub fn pidfd(&self) -> BorrowedFd<'_> {
        self.process.pidfd.as_fd()
    }

    /// The master side of the container's terminal, if it has one.
    #[must_use]
    pub fn terminal(&self) -> Option<BorrowedFd<'_>> {
        self.terminal.as_ref().map(OwnedFd::as_fd)
    }

    /// What is in force, as the kernel reported it before exec.
    #[must_use]
    pub fn enforced(&self) -> &Enforced {
        &self.enforced
    }

    /// Leaves it to itself: dropping it ends nothing any more.
    pub fn let_go(self) {
        self.process.let_go();
    }

    /// Sends a signal to the first process; one that has ended is not an error.
    ///
    /// # Errors
    /// [`LaunchError::Host`] for a number that is no signal.
    pub fn signal(&self, signal: i32) -> Result<(), LaunchError> {
        match sys::signal::send(self.pidfd(), signal) {
            Ok(()) | Err(Errno::SRCH) => {}
            Err(errno) => return Err(LaunchError::host("send the signal", signal.to_string())(errno)),
        }
        if signal == Signal::KILL.as_raw() {
            self.process.cgroup.thaw();
        }
        Ok(())
    }

    /// Waits for the end and removes the control group.
    ///
    /// # Errors
    /// [`LaunchError::Host`] if somebody else waited for the process.
    pub fn wait(mut self) -> Result<Exit, LaunchError> {
        let exit = self.process.reap().map_err(LaunchError::host("wait for the container", ""))?;
        let starved = exit == Exit::Signal(Signal::KILL.as_raw()) && self.process.cgroup.ran_out_of_memory();
        Ok(if starved { Exit::OutOfMemory } else { exit })
    }
}
