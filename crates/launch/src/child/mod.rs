//! The child: from clone to exec, with nothing but system calls.
//!
//! Invariant: no allocation, no lock, no panic, no destructor that matters. The parent may have had
//! other threads when it cloned, and their locks are held for ever on this side. Descriptors are closed
//! by exec; everything else was prepared in the [`Plan`].

pub(crate) mod devices;
pub(crate) mod enter;
pub(crate) mod visit;
mod confine;
mod exec;
mod files;
mod masks;
mod mounts;
pub(crate) mod namespaces;
mod root;
pub(crate) mod stage;
mod streams;

use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::io::Errno;

use crate::cgroup::Cgroup;
use crate::channel::{Channel, Fault, Message};
use crate::plan::Plan;
use crate::step::Step;

/// Everything that the child was given before the clone.
pub(crate) struct Inheritance<'a> {
    pub plan: &'a Plan,
    pub cgroup: &'a Cgroup,
    /// Names and directories of the container's own version 1 groups.
    pub cgroup_views: &'a [(std::ffi::CString, std::ffi::CString)],
    pub channel: &'a Channel,
    pub streams: Streams<'a>,
}

/// Where standard input, output and error come from.
#[derive(Clone, Copy)]
pub(crate) enum Streams<'a> {
    /// A terminal of the container's own.
    Terminal,
    /// Pipes; without an input, the container's own /dev/null.
    Pipes { stdin: Option<BorrowedFd<'a>>, stdout: BorrowedFd<'a>, stderr: BorrowedFd<'a> },
    /// The container's own /dev/null, for all three.
    Nowhere,
}

impl<'a> Streams<'a> {
    /// The descriptors that they come from.
    fn descriptors(self) -> impl Iterator<Item = BorrowedFd<'a>> {
        let three = match self {
            Self::Pipes { stdin, stdout, stderr } => [stdin, Some(stdout), Some(stderr)],
            Self::Terminal | Self::Nowhere => [None; 3],
        };
        three.into_iter().flatten()
    }
}

/// Attaches where and why to an errno.
pub(crate) trait At<T> {
    fn at(self, step: Step, index: usize) -> Result<T, Fault>;
}

impl<T> At<T> for Result<T, Errno> {
    fn at(self, step: Step, index: usize) -> Result<T, Fault> {
        self.map_err(|errno| Fault { step, index: index as u16, errno })
    }
}

/// Becomes the container, or reports why not and exits.
pub(crate) fn run(inherited: &Inheritance<'_>) -> ! {
    give_up(inherited.channel, become_container(inherited))
}

/// What a process that should not have come back says before it ends.
fn give_up(channel: &Channel, came_back: Result<(), Fault>) -> ! {
    if let Err(fault) = came_back {
        // If the parent is gone there is nobody left to tell.
        let _nobody = channel.send(Message::Failed(fault), &[]);
    }
    sys::exec::exit(125)
}

/// The order matters: what a step needs must not yet have been given up.
fn become_container(inherited: &Inheritance<'_>) -> Result<(), Fault> {
    let Inheritance { plan, channel, .. } = *inherited;
    inherited.cgroup.enter().at(Step::Cgroup, 0)?;
    namespaces::enter(plan, channel)?;
    let proc = mounts::private_proc().at(Step::Proc, 0)?;
    namespaces::configure(plan, &proc)?;
    let mut early = mounts::Early::make(plan)?;
    let mut trees = root::receive(channel)?;
    let root = root::attach(&mut trees)?;
    mounts::make_mount_points(plan, &root, &trees)?;
    mounts::bind_islands(plan, &root)?;
    let made = mounts::attach_all(inherited, &root, &proc, &mut trees, &mut early)?;
    devices::populate(plan, &root, &made, &mut early)?;
    files::inject(plan, &root, &made)?;
    masks::apply(plan, &root, &made)?;
    let terminal = streams::open_terminal(inherited, &made)?;
    root::protect(plan, &root)?;
    root::make_working_directory(plan, &root)?;
    root::pivot(&root)?;
    streams::arrange(inherited.streams, terminal)?;
    confine_and_exec(plan, channel)
}

/// Comes back only with the reason why not.
fn confine_and_exec(plan: &Plan, channel: &Channel) -> Result<(), Fault> {
    confine::identity(plan)?;
    confine::restrict(plan)?;
    channel.send(Message::Ready, &[]).at(Step::Handshake, 0)?;
    channel.expect(Message::Go).at(Step::Handshake, 0)?;
    Err(exec::exec(plan))
}

/// Trees that the parent sent, by position.
pub(crate) struct Trees {
    slots: [Option<OwnedFd>; crate::channel::MAX_DESCRIPTORS],
}

impl Trees {
    pub(crate) fn get(&self, index: usize) -> Result<&OwnedFd, Errno> {
        self.slots.get(index).and_then(Option::as_ref).ok_or(Errno::BADMSG)
    }

    pub(crate) fn take(&mut self, index: usize) -> Result<OwnedFd, Errno> {
        self.slots.get_mut(index).and_then(Option::take).ok_or(Errno::BADMSG)
    }
}
