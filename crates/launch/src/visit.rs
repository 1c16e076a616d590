//! A process of ours among the files of a container that runs, for what is to be read or written there
//! as the container's own root would. Nothing is executed.

use std::os::fd::{AsFd as _, BorrowedFd};

use rustix::io::Errno;
use sys::clone::{Cloned, clone3, flag};

use crate::cgroup::Cgroup;
use crate::channel::{Channel, Message};
use crate::child;
use crate::error::LaunchError;
use crate::running::{Exit, Process};
use crate::target::Target;

/// The visitor. Dropping it ends it.
#[derive(Debug)]
pub struct Visitor(Process);

/// Does `work` in a process of its own in the container's user and mount namespaces: its root is the
/// container's, and so are its ids and its rights, of which only those over files are left. It has the
/// descriptors of `kept` and the standard streams, and nobody in the container can look into it. What
/// `work` returns is its exit code.
///
/// The caller must have no other thread: the visitor would wait for ever for a lock that one of them had.
///
/// # Errors
/// [`LaunchError`]; the work was not begun.
pub fn visit(
    target: Target<'_>,
    kept: &[BorrowedFd<'_>],
    work: impl FnOnce() -> i32,
) -> Result<Visitor, LaunchError> {
    let kinds = target.foreign()? & (flag::NEWUSER | flag::NEWNS);
    if kinds & flag::NEWNS == 0 {
        let (planned, actual) = ("the container's".to_owned(), "ours".to_owned());
        return Err(LaunchError::Floor { what: "the mount namespace", planned, actual });
    }
    let group = Cgroup::join("")?;
    let (ours, theirs) = Channel::pair().map_err(LaunchError::host("make a socket pair", ""))?;
    let companions = [kept, &[theirs.as_fd(), target.pidfd]].concat();
    match clone3(0, None).map_err(LaunchError::host("clone a visitor of the container", ""))? {
        Cloned::Child => {
            // The copy of the parent's end, or the parent's death would go unnoticed.
            drop(ours);
            let arrived = child::visit::go_in(target.pidfd, kinds, &companions);
            let said = arrived.err().map_or(Message::Ready, Message::Failed);
            let told = theirs.send(said, &[]);
            drop(theirs);
            sys::exec::exit(if said == Message::Ready && told.is_ok() { work() } else { 125 })
        }
        Cloned::Parent { pid, pidfd } => {
            drop(theirs);
            let visitor = Visitor(Process::new(pid, pidfd, group));
            match ours.receive(drop) {
                Ok(Some(Message::Ready)) => Ok(visitor),
                Ok(Some(Message::Failed(fault))) => {
                    Err(LaunchError::Step { step: fault.step, subject: String::new(), errno: fault.errno })
                }
                Ok(_) | Err(Errno::CONNRESET) => Err(LaunchError::Died),
                Err(errno) => Err(LaunchError::host("talk to the visitor of the container", "")(errno)),
            }
        }
    }
}

impl Visitor {
    /// Readable once it has ended.
    #[must_use]
    pub fn pidfd(&self) -> BorrowedFd<'_> {
        self.0.pidfd()
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// [`LaunchError::Host`] if somebody else waited for the process.
    pub fn wait(mut self) -> Result<Exit, LaunchError> {
        self.0.reap().map_err(LaunchError::host("wait for the visitor of the container", ""))
    }
}
