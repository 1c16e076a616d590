//! The life of a process of ours beside a container: made by its keeper, confined, at work, ended.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, pidfd_send_signal, waitid};
use sys::clone::{Cloned, clone3};

use crate::confine::Fault;
use crate::error::{Confining, Errand, NetworkError};

/// What the process says when it is confined and about to work.
const READY: u8 = 0xff;

/// Something that a process of its own does for a container.
pub(crate) trait Worker {
    /// What it is for.
    const ERRAND: Errand;

    /// Gives up everything that the work does not need, but for `status`; `keeper` is who made the process.
    fn confine(&self, status: BorrowedFd<'_>, keeper: Pid) -> Result<(), Fault>;

    /// Works until the container has ended.
    fn work(self);
}

/// Lets `worker` work in a process of its own. When this returns, it is confined.
///
/// The caller must have a single thread.
pub(crate) fn employ<W: Worker>(worker: W) -> Result<Serving, NetworkError> {
    let fork = |errno: Errno| NetworkError::Fork { errand: W::ERRAND, source: errno.into() };
    let (report, status) = pipe_with(PipeFlags::CLOEXEC).map_err(fork)?;
    let keeper = rustix::process::getpid();
    match clone3(0, None).map_err(fork)? {
        Cloned::Child => begin(worker, status, keeper),
        Cloned::Parent { pidfd, .. } => {
            drop((worker, status));
            let serving = Serving { pidfd, errand: W::ERRAND };
            answer(&report, W::ERRAND)?;
            Ok(serving)
        }
    }
}

/// The process itself.
fn begin(worker: impl Worker, status: OwnedFd, keeper: Pid) -> ! {
    let report = match worker.confine(status.as_fd(), keeper) {
        Ok(()) => vec![READY],
        Err((step, errno)) => [&[step.to_byte()], errno.raw_os_error().to_ne_bytes().as_slice()].concat(),
    };
    let told = rustix::io::write(&status, &report);
    if told.is_err() || report != [READY] {
        sys::exec::exit(1);
    }
    drop(status);
    worker.work();
    sys::exec::exit(0)
}

/// Reads what the process says of itself.
fn answer(report: &OwnedFd, errand: Errand) -> Result<(), NetworkError> {
    let mut said = [0; 5];
    let length = loop {
        match rustix::io::read(report, &mut said) {
            Err(Errno::INTR) => {}
            length => break length.unwrap_or(0),
        }
    };
    let [step, errno @ ..] = said;
    match (length, Confining::from_byte(step)) {
        (1, None) if step == READY => Ok(()),
        (5, Some(step)) => {
            let source = std::io::Error::from_raw_os_error(i32::from_ne_bytes(errno));
            Err(NetworkError::Confine { errand, step, source })
        }
        _ => Err(NetworkError::Died { errand }),
    }
}

/// A process at work for a container. Dropping it ends it.
#[derive(Debug)]
pub struct Serving {
    pidfd: OwnedFd,
    errand: Errand,
}

impl Serving {
    /// Readable once it has ended, which before the container's end is a fault.
    #[must_use]
    pub fn pidfd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }

    /// What it does for the container.
    #[must_use]
    pub fn errand(&self) -> Errand {
        self.errand
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ended_already = pidfd_send_signal(&self.pidfd, Signal::KILL);
        let wait = || waitid(WaitId::PidFd(self.pidfd.as_fd()), WaitIdOptions::EXITED);
        while matches!(wait(), Err(Errno::INTR)) {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_a_step_and_an_errno_or_the_word_that_all_is_well() {
        let say = |bytes: &[u8]| {
            let (report, status) = pipe_with(PipeFlags::CLOEXEC).unwrap();
            rustix::io::write(&status, bytes).unwrap();
            drop(status);
            answer(&report, Errand::Ports)
        };
        assert!(say(&[READY]).is_ok());
        assert!(matches!(say(&[]), Err(NetworkError::Died { errand: Errand::Ports })));
        let errno = Errno::PERM.raw_os_error().to_ne_bytes();
        let failed = say(&[&[Confining::Namespace.to_byte()], errno.as_slice()].concat()).unwrap_err();
        let words = "the process that forwards ports could not enter the container's network: Operation not permitted (os error 1)";
        assert_eq!(failed.to_string(), words);
    }
}
