//! The child: from clone to exec, with nothing but system calls.
//!
//! Invariant: no allocation, no lock, no panic, no destructor that matters. The parent may have had
//! other threads when it cloned, and their locks are held for ever on this side. Descriptors are closed
//! by exec; everything else was prepared in the [`Plan`].

pub(crate) mod devices;
pub(crate) mod enter;
pub(crate) mod maker;
pub(crate) mod visit;
mod clocks;
mod attributes;
mod labels;
mod confine;
mod exec;
mod files;
mod hooks;
mod lookup;
mod points;
mod filesystems;
mod copies;
mod cgroups;
mod made;
mod mounts;
mod masks;
pub(crate) mod namespaces;
mod root;
pub(crate) mod stage;
mod streams;

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::process::DumpableBehavior;

use crate::cgroup::Cgroup;
use crate::channel::{Channel, Fault, Message};
use crate::gate::Gate;
use crate::plan::{Keeper, Plan};
use crate::step::Step;

pub use hooks::await_end;

/// Everything that the child was given before the clone.
pub(crate) struct Inheritance<'a> {
    pub plan: &'a Plan,
    pub cgroup: &'a Cgroup,
    /// Names and directories of the container's own version 1 groups.
    pub cgroup_views: &'a [(std::ffi::CString, std::ffi::CString)],
    pub channel: &'a Channel,
    pub streams: Streams<'a>,
    /// Where it waits for a start that another process orders.
    pub gate: Option<&'a Gate>,
}

/// Where standard input, output and error come from.
#[derive(Clone, Copy)]
pub(crate) enum Streams<'a> {
    /// A terminal of the container's own, and as many descriptors of the caller as are said.
    Terminal { preserved: u32 },
    /// Pipes; without an input, the container's own /dev/null.
    Pipes { stdin: Option<BorrowedFd<'a>>, stdout: BorrowedFd<'a>, stderr: BorrowedFd<'a> },
    /// The container's own /dev/null, for all three.
    Nowhere,
    /// Those of the caller, and as many descriptors above them as are said.
    Inherited { preserved: u32 },
}

impl<'a> Streams<'a> {
    /// The lowest descriptor that is ours.
    fn first_of_ours(self) -> u32 {
        match self {
            Self::Inherited { preserved } | Self::Terminal { preserved } => 3_u32.saturating_add(preserved),
            _ => 3,
        }
    }

    /// The descriptors that they come from.
    fn descriptors(self) -> impl Iterator<Item = BorrowedFd<'a>> {
        let three = match self {
            Self::Pipes { stdin, stdout, stderr } => [stdin, Some(stdout), Some(stderr)],
            Self::Terminal { .. } | Self::Nowhere | Self::Inherited { .. } => [None; 3],
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
    let proc = mounts::private_proc(plan).at(Step::Proc, 0)?;
    namespaces::configure(plan)?;
    let mut early = filesystems::Early::make(plan)?;
    let mut trees = root::receive(channel)?;
    if plan.manner.keeper == Keeper::Nobody {
        withdraw()?;
    }
    let mut root = root::attach(plan, &mut trees)?;
    mounts::make_mount_points(plan, &root, &trees)?;
    mounts::bind_islands(plan, &root)?;
    let mut made = mounts::attach_all(inherited, &mut root, &proc, &mut trees, &mut early)?;
    devices::populate(plan, &root, &mut made, &mut early)?;
    files::inject(plan, &root, &made)?;
    let terminal = streams::open_terminal(inherited, &made)?;
    root::make_working_directory(plan, &root)?;
    halt(plan, channel)?;
    namespaces::set_parameters(plan, &proc)?;
    labels::apply(&plan.process.labels, &proc)?;
    masks::apply(plan, &root, &made)?;
    made.settle()?;
    root::protect(plan, &root)?;
    root::leave(plan, &root)?;
    streams::arrange(inherited, terminal)?;
    // No way back: descriptors that are owned above may be closed by now.
    give_up(channel, confine_and_exec(inherited))
}

/// A container that waits for its start may have company: those whose pid namespace it lives in, hooks of its
/// image, commands that enter it. What is not dumpable can be neither traced nor looked into by them, and so
/// they do not get hold of the program that it still executes, which is ours (CVE-2019-5736). The parent has
/// written by then what only who may look into it can write.
fn withdraw() -> Result<(), Fault> {
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable).at(Step::Session, 3)
}

/// Hooks of the host may still change what is inside, its network and its files above all; those that run
/// inside have the host's tree for the last time. Nothing is read-only or hidden yet.
fn halt(plan: &Plan, channel: &Channel) -> Result<(), Fault> {
    if !plan.hooks.halts {
        return Ok(());
    }
    channel.send(Message::Halted, &[]).at(Step::Handshake, 0)?;
    let state = channel.expect_with(Message::Resume).and_then(|state| state.ok_or(Errno::BADMSG));
    let state = state.at(Step::Handshake, 0)?;
    hooks::run_all(&plan.hooks.create, state.as_fd(), Step::CreateHook)
}

/// Comes back only with the reason why not.
fn confine_and_exec(inherited: &Inheritance<'_>) -> Result<(), Fault> {
    let Inheritance { plan, channel, gate, .. } = *inherited;
    attributes::apply(plan)?;
    confine::identity(plan)?;
    confine::restrict(plan, channel)?;
    exec::look(plan)?;
    channel.send(Message::Ready, &[]).at(Step::Handshake, 0)?;
    match gate {
        None => {
            let state = channel.expect_with(Message::Go).at(Step::Handshake, 0)?;
            start(plan, channel, state)
        }
        Some(gate) => {
            // Whoever creates us and is killed before all of it is written down has created nothing.
            channel.expect(Message::Stay).at(Step::Handshake, 0)?;
            let (starter, state) = gate.wait().at(Step::Handshake, 0)?;
            give_up(&starter, start(plan, &starter, state))
        }
    }
}

/// The last steps, once the start is ordered.
fn start(plan: &Plan, channel: &Channel, state: Option<OwnedFd>) -> Result<(), Fault> {
    if let Some(state) = state {
        hooks::run_all(&plan.hooks.start, state.as_fd(), Step::StartHook)?;
    }
    confine::finish(plan, channel)?;
    Err(exec::exec(plan))
}

/// Trees that the parent sent, by position.
pub(crate) struct Trees {
    slots: [Option<OwnedFd>; crate::channel::MAX_TREES],
}

impl Trees {
    pub(crate) fn get(&self, index: usize) -> Result<&OwnedFd, Errno> {
        self.slots.get(index).and_then(Option::as_ref).ok_or(Errno::BADMSG)
    }

    pub(crate) fn take(&mut self, index: usize) -> Result<OwnedFd, Errno> {
        self.slots.get_mut(index).and_then(Option::take).ok_or(Errno::BADMSG)
    }
}

#[cfg(test)]
mod tests;
