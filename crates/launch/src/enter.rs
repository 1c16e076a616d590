//! One more process for a container that runs, confined as the container itself is.
//!
//! It is set up as a container's first process is, step by step and up to a stop right before exec, but
//! for what the container has already: its namespaces, its mounts and its control group are joined. The
//! container is hostile and awake meanwhile; see `child::enter`.

use std::os::fd::{AsFd as _, OwnedFd};

use model::permit::Permit;
use model::spec::Spec;
use rustix::process::{WaitId, WaitIdOptions, waitid};
use sys::clone::{Cloned, clone3, flag};

use crate::cgroup::Cgroup;
use crate::channel::{Channel, Message};
use crate::child;
use crate::child::enter::{Birth, Entrance};
use crate::error::LaunchError;
use crate::plan::Plan;
use crate::running::Process;
use crate::start::{Io, Prepared, listen, set_limits, streams, tell};
use crate::target::Target;

/// Carries out the process of `spec`, which is otherwise the one that `target` was started with, inside
/// its container, up to the last step before exec. The permit is consumed: it is good for one start.
///
/// # Errors
/// [`LaunchError`]; nothing of the process is left, and the container is as it was.
pub fn enter(permit: Permit, target: Target<'_>, spec: &Spec, io: Io) -> Result<Prepared, LaunchError> {
    drop(permit);
    let plan = Plan::entering(spec)?;
    let foreign = foreign(&target, &plan)?;
    let cgroup = Cgroup::join(&spec.linux.cgroups_path)?;
    let (ours, theirs) = Channel::pair().map_err(LaunchError::host("make a socket pair", ""))?;
    let birth = if foreign & flag::NEWPID == 0 { Birth::Here } else { Birth::Inside };
    let entrance = Entrance {
        plan: &plan,
        cgroup: &cgroup,
        channel: &theirs,
        streams: streams(&io),
        target: target.pidfd,
        namespaces: foreign & !flag::NEWPID,
        birth,
    };
    let group = cgroup.clone_target().filter(|_| birth == Birth::Here);
    match clone3(0, group).map_err(LaunchError::host("clone a process", ""))? {
        Cloned::Child => {
            // The copy of the parent's end, or the parent's death would go unnoticed.
            drop(ours);
            child::enter::run(&entrance)
        }
        Cloned::Parent { pid, pidfd } => {
            drop(theirs);
            let (pid, pidfd) = match birth {
                Birth::Here => (pid, pidfd),
                Birth::Inside => born(&ours, &plan, &pidfd)?,
            };
            let process = Process::new(pid, pidfd, cgroup);
            // As long as it can be looked into: afterwards /proc gives its files to the host's root.
            set_limits(pid, &plan)?;
            tell(&ours, &plan, Message::Mapped, &[])?;
            Prepared::when_ready(process, plan, ours, &io)
        }
    }
}

/// The process that `maker` has made in the container's pid namespace, as a child of ours.
fn born(channel: &Channel, plan: &Plan, maker: &OwnedFd) -> Result<(i32, OwnedFd), LaunchError> {
    let mut pidfd = None;
    let said = listen(channel, plan, |descriptor| pidfd = Some(descriptor));
    // It has nothing else to do, and ends by itself.
    waitid(WaitId::PidFd(maker.as_fd()), WaitIdOptions::EXITED)
        .map_err(LaunchError::host("wait for a process of ours", ""))?;
    match (said?, pidfd) {
        (Some(Message::Born(pid)), Some(pidfd)) => Ok((pid, pidfd)),
        _ => Err(LaunchError::Died),
    }
}

/// The namespaces to join. One that should be the container's own and is ours would leave the process
/// outside.
fn foreign(target: &Target<'_>, plan: &Plan) -> Result<u64, LaunchError> {
    let foreign = target.foreign()?;
    let planned = plan.clone_flags | plan.unshare_flags;
    if planned & !foreign == 0 {
        return Ok(foreign);
    }
    let hex = |bits: u64| format!("{bits:#x}");
    Err(LaunchError::Floor { what: "the namespaces", planned: hex(planned), actual: hex(foreign) })
}
