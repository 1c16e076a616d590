//! The maker: it goes ahead into namespaces that are there already, and makes the container's first
//! process there.
//!
//! A namespace of pids can only be lived in by who is born in it, and one of the host can no longer be
//! joined from inside a new user namespace. The first process is a child of the maker's parent: the maker
//! has nothing else to do, and ends.

use std::os::fd::AsFd as _;

use rustix::io::Errno;
use sys::clone::{Cloned, flag};

use super::{At as _, Inheritance, clocks, give_up};
use crate::channel::{Fault, Message};
use crate::plan::Plan;
use crate::step::Step;

/// Makes the first process, or reports why not.
pub(crate) fn run(inherited: &Inheritance<'_>) -> ! {
    let Inheritance { plan, channel, cgroup, .. } = *inherited;
    let made = clocks::set(plan)
        .and_then(|()| super::withdraw())
        .and_then(|()| join_all(plan))
        .and_then(|()| sys::clone::sibling(plan.clone_flags, cgroup.clone_target()).at(Step::Join, 3));
    match made {
        Ok(Cloned::Child) => super::run(inherited),
        Ok(Cloned::Parent { pid, pidfd }) => {
            let told = channel.send(Message::Born(pid), &[pidfd.as_fd()]);
            sys::exec::exit(i32::from(told.is_err()))
        }
        Err(fault) => give_up(channel, Err(fault)),
    }
}

/// The user namespace last, as long as we have rights over the others; those that only its root may join
/// come after it. Its rights are enough for that: whoever took its ids as well could not put the first
/// process into a control group of ours.
fn join_all(plan: &Plan) -> Result<(), Fault> {
    let mut later = 0_u64;
    for (index, joined) in plan.joined.iter().enumerate().filter(|(_, joined)| joined.kind != flag::NEWUSER) {
        match sys::namespace::setns(joined.descriptor.as_fd(), joined.kind) {
            Err(Errno::PERM) => later |= joined.kind,
            other => other.at(Step::JoinPath, index)?,
        }
    }
    if let Some((index, user)) =
        plan.joined.iter().enumerate().find(|(_, joined)| joined.kind == flag::NEWUSER)
    {
        sys::namespace::setns(user.descriptor.as_fd(), user.kind).at(Step::JoinPath, index)?;
    }
    for (index, joined) in plan.joined.iter().enumerate().filter(|(_, joined)| joined.kind & later != 0) {
        sys::namespace::setns(joined.descriptor.as_fd(), joined.kind).at(Step::JoinPath, index)?;
    }
    Ok(())
}
