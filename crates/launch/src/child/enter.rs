//! Entering a container that runs: from clone to exec, with nothing but system calls.
//!
//! The container sees this process as soon as it is in its pid namespace, and could do to it what its
//! rights over its own user namespace allow. So nothing of ours comes along: the process can be neither
//! traced nor looked into before it joins anything (CVE-2016-9962), and has closed what it does not need.

use std::os::fd::{AsFd as _, BorrowedFd};

use rustix::process::DumpableBehavior;
use sys::clone::{Cloned, flag};

use super::{
    At as _, Inheritance, Streams, attributes, confine_and_exec, give_up, labels, namespaces, streams,
};
use crate::cgroup::Cgroup;
use crate::channel::{Channel, Fault, Message};
use crate::plan::Plan;
use crate::step::Step;

/// Everything that the child was given before the clone.
pub(crate) struct Entrance<'a> {
    pub plan: &'a Plan,
    pub cgroup: &'a Cgroup,
    pub channel: &'a Channel,
    pub streams: Streams<'a>,
    /// The container's first process.
    pub target: BorrowedFd<'a>,
    /// Its namespaces that are to be joined, all but the pid namespace: see [`beget`].
    pub namespaces: u64,
    pub birth: Birth,
    pub rights: Rights,
}

/// Where the process is born.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Birth {
    /// The container shares our pid namespace.
    Here,
    /// In the container's own.
    Inside,
}

/// Whose rights open the way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rights {
    /// Our own.
    Ours,
    /// Those that we have in the container's user namespace, and nowhere else.
    Inside,
}

/// Most descriptors that come along: the channel, the target and three streams.
const COMPANIONS: usize = 5;

/// Becomes a process of the container, or makes the one that does; or reports why not and exits.
pub(crate) fn run(entrance: &Entrance<'_>) -> ! {
    match entrance.birth {
        Birth::Here => give_up(entrance.channel, become_one_of_them(entrance)),
        Birth::Inside => beget(entrance),
    }
}

/// Makes the process in the container's pid namespace, which only those can be in who are born there. It is
/// a child of our parent: who has joined a pid namespace cannot always go back, so that this process was
/// made to end here.
fn beget(entrance: &Entrance<'_>) -> ! {
    let joined = match entrance.rights {
        Rights::Ours => sys::namespace::setns(entrance.target, flag::NEWPID),
        // The process is visible inside as soon as it is there: nobody may look into it then.
        Rights::Inside => rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
            .and_then(|()| sys::namespace::setns(entrance.target, flag::NEWUSER | flag::NEWPID)),
    };
    match joined.and_then(|()| sys::clone::sibling(0, entrance.cgroup.clone_target())).at(Step::Join, 3) {
        Ok(Cloned::Child) => give_up(entrance.channel, become_one_of_them(entrance)),
        Ok(Cloned::Parent { pid, pidfd }) => {
            let told = entrance.channel.send(Message::Born(pid), &[pidfd.as_fd()]);
            sys::exec::exit(i32::from(told.is_err()))
        }
        Err(fault) => give_up(entrance.channel, Err(fault)),
    }
}

fn become_one_of_them(entrance: &Entrance<'_>) -> Result<(), Fault> {
    let Entrance { plan, channel, streams, target, .. } = *entrance;
    channel.expect(Message::Mapped).at(Step::Handshake, 0)?;
    entrance.cgroup.enter().at(Step::Cgroup, 0)?;
    attributes::settle(plan)?;
    labels::apply_outside(&plan.process.labels)?;
    // The places that are left over name the target once more.
    let mut companions = [target; COMPANIONS];
    let others = streams.descriptors().chain([channel.as_fd()]);
    companions.iter_mut().skip(1).zip(others).for_each(|(place, other)| *place = other);
    join(target, entrance.namespaces, streams.first_of_ours(), &companions)?;
    if entrance.rights == Rights::Inside {
        namespaces::become_root()?;
    }
    let terminal = streams::open_terminal_inside(streams, plan, channel)?;
    let inherited =
        Inheritance { plan, cgroup: entrance.cgroup, cgroup_views: &[], channel, streams, gate: None };
    streams::arrange(&inherited, terminal)?;
    give_up(channel, confine_and_exec(&inherited))
}

/// Leaves everything from `first` upwards behind but the descriptors of `kept`, and goes in as root of the container.
pub(super) fn join(
    target: BorrowedFd<'_>,
    kinds: u64,
    first: u32,
    kept: &[BorrowedFd<'_>],
) -> Result<(), Fault> {
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable).at(Step::Join, 0)?;
    sys::fds::keep_only(first, kept).at(Step::Join, 1)?;
    sys::namespace::setns(target, kinds).at(Step::Join, 2)?;
    if kinds & flag::NEWUSER != 0 {
        namespaces::become_root()?;
    }
    Ok(())
}
