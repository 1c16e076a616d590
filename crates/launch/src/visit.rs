//! A process of ours among the files of a container, for what is to be read or written there as the
//! container's own root would. Nothing is executed.
//!
//! Whatever a container does to its files meanwhile, the kernel looks up every name of the visitor in the
//! container's own root: there is no way out to be raced for. Of a container that does not run the files
//! are put together for the visitor, and the mounts are gone when it ends.

use std::os::fd::{AsFd as _, BorrowedFd};

use model::spec::{Resources, Spec};
use rustix::io::Errno;
use sys::clone::{Cloned, clone3, flag};

use crate::cgroup::{Cgroup, Location};
use crate::channel::{Channel, Fault, Message};
use crate::child::{self, Inheritance};
use crate::error::LaunchError;
use crate::plan::Plan;
use crate::running::{Exit, Process};
use crate::start::{Io, await_ready, converse};
use crate::target::Target;

/// The visitor. Dropping it ends it.
#[derive(Debug)]
pub struct Visitor(Process);

/// Whose files are visited.
#[derive(Debug, Clone, Copy)]
pub enum Tree<'a> {
    /// Those of a container that runs.
    Running(Target<'a>),
    /// Those of one that does not. Of the specification only the root, the ids, the islands and the bind
    /// mounts are carried out.
    Staged(&'a Spec),
}

/// How much of them is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// What the container sees.
    Whole,
    /// The root alone, without anything that is mounted on it.
    Bare,
}

/// Does `work` in a process of its own in the container's user and mount namespaces: its root is the
/// container's, and so are its ids and its rights, of which only those over files are left. The root that
/// it sees is its working directory. It has the descriptors of `kept` and the standard streams, and nobody
/// in the container can look into it. What `work` returns is its exit code.
///
/// The caller must have no other thread: the visitor would wait for ever for a lock that one of them had.
///
/// # Errors
/// [`LaunchError`]; the work was not begun.
pub fn visit(
    tree: Tree<'_>,
    sight: Sight,
    kept: &[BorrowedFd<'_>],
    work: impl FnOnce() -> i32,
) -> Result<Visitor, LaunchError> {
    match tree {
        Tree::Running(target) => go_in(target, sight, kept, work),
        Tree::Staged(spec) => stage(spec, sight, kept, work),
    }
}

fn go_in(
    target: Target<'_>,
    sight: Sight,
    kept: &[BorrowedFd<'_>],
    work: impl FnOnce() -> i32,
) -> Result<Visitor, LaunchError> {
    let kinds = target.foreign()? & (flag::NEWUSER | flag::NEWNS);
    if kinds & flag::NEWNS == 0 {
        let (planned, actual) = ("the container's".to_owned(), "ours".to_owned());
        return Err(LaunchError::Floor { what: "the mount namespace", planned, actual });
    }
    let group = Cgroup::join(&Location::default())?;
    let (ours, theirs) = Channel::pair().map_err(LaunchError::host("make a socket pair", ""))?;
    let companions = [kept, &[theirs.as_fd(), target.pidfd]].concat();
    match clone3(0, None).map_err(LaunchError::host("clone a visitor of the container", ""))? {
        Cloned::Child => {
            // The copy of the parent's end, or the parent's death would go unnoticed.
            drop(ours);
            let arrived = child::visit::go_in(target.pidfd, kinds, sight, &companions);
            report_and_work(theirs, arrived, work)
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

fn stage(
    spec: &Spec,
    sight: Sight,
    kept: &[BorrowedFd<'_>],
    work: impl FnOnce() -> i32,
) -> Result<Visitor, LaunchError> {
    let plan = Plan::of_files(spec)?;
    let group = Cgroup::create(&Location::default(), &Resources::default())?;
    let (ours, theirs) = Channel::pair().map_err(LaunchError::host("make a socket pair", ""))?;
    let streams = child::Streams::Nowhere;
    let inherited =
        Inheritance { plan: &plan, cgroup: &group, cgroup_views: &[], channel: &theirs, streams, gate: None };
    let companions = [kept, &[theirs.as_fd()]].concat();
    let cloned =
        clone3(plan.clone_flags, None).map_err(LaunchError::host("clone a visitor of the container", ""))?;
    let (pid, pidfd) = match cloned {
        Cloned::Child => {
            drop(ours);
            let arrived =
                child::stage::put_together(&inherited).and_then(|()| child::visit::stay(sight, &companions));
            report_and_work(theirs, arrived, work)
        }
        Cloned::Parent { pid, pidfd } => (pid, pidfd),
    };
    drop(theirs);
    let visitor = Visitor(Process::new(pid, pidfd, group));
    converse(&visitor.0, &plan, &ours)?;
    await_ready(&visitor.0, &plan, &ours, &Io::Nowhere, &mut |_| Err(LaunchError::Died))?;
    Ok(visitor)
}

/// In the visitor: says whether it has arrived, and then works.
fn report_and_work(channel: Channel, arrived: Result<(), Fault>, work: impl FnOnce() -> i32) -> ! {
    let said = arrived.err().map_or(Message::Ready, Message::Failed);
    let told = channel.send(said, &[]);
    drop(channel);
    sys::exec::exit(if said == Message::Ready && told.is_ok() { work() } else { 125 })
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
