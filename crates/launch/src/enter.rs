//! One more process for a container that runs, confined as the container itself is.
//!
//! It is set up as a container's first process is, step by step and up to a stop right before exec, but
//! for what the container has already: its namespaces, its mounts and its control group are joined. The
//! container is hostile and awake meanwhile; see `child::enter`.

use model::commission::Leave;
use model::spec::Spec;
use sys::clone::{Cloned, clone3, flag};

use crate::attributes;
use crate::cgroup::{Cgroup, Location};
use crate::channel::{Channel, Message};
use crate::child;
use crate::child::enter::{Birth, Entrance, Rights};
use crate::error::LaunchError;
use crate::plan::{Keyring, Manner, Plan, RootChange, may_mount};
use crate::running::Process;
use crate::start::{Io, Prepared, born, set_limits, streams, tell};
use crate::target::Target;

/// Carries out the process of `spec`, which is otherwise the one that `target` was started with, inside
/// its container and its control group at `location`, up to the last step before exec. The leave is consumed: it is good for one start.
///
/// # Errors
/// [`LaunchError`]; nothing of the process is left, and the container is as it was.
pub fn enter(
    leave: impl Into<Leave>,
    target: Target<'_>,
    location: &Location,
    spec: &Spec,
    io: Io,
) -> Result<Prepared, LaunchError> {
    let manner = match leave.into() {
        Leave::Permit(_) => Manner::OURS,
        Leave::Commission(_) => Manner::foreign(Keyring::Own, RootChange::Pivot),
    };
    let plan = Plan::entering(spec, manner)?;
    let foreign = foreign(&target, &plan)?;
    let cgroup = Cgroup::join(location)?;
    let (ours, theirs) = Channel::pair().map_err(LaunchError::host("make a socket pair", ""))?;
    let birth = if foreign & flag::NEWPID == 0 { Birth::Here } else { Birth::Inside };
    let begins_with_users = birth == Birth::Inside && foreign & flag::NEWUSER != 0 && !may_mount();
    let (rights, ahead) = match begins_with_users {
        true => (Rights::Inside, flag::NEWPID | flag::NEWUSER),
        false => (Rights::Ours, flag::NEWPID),
    };
    let entrance = Entrance {
        plan: &plan,
        cgroup: &cgroup,
        channel: &theirs,
        streams: streams(&io),
        target: target.pidfd,
        namespaces: foreign & !ahead,
        birth,
        rights,
    };
    let group = cgroup.clone_target().filter(|_| birth == Birth::Here);
    let everywhere = attributes::narrow(&plan)?;
    match clone3(0, group).map_err(LaunchError::host("clone a process", ""))? {
        Cloned::Child => {
            // The copy of the parent's end, or the parent's death would go unnoticed.
            drop(ours);
            child::enter::run(&entrance)
        }
        Cloned::Parent { pid, pidfd } => {
            attributes::widen(everywhere)?;
            drop(theirs);
            let (pid, pidfd) = match birth {
                Birth::Here => (pid, pidfd),
                Birth::Inside => born(&ours, &plan, &pidfd)?,
            };
            let mut process = Process::new(pid, pidfd, cgroup);
            process.adopted(&spec.linux.resources)?;
            // As long as it can be looked into: afterwards /proc gives its files to the host's root.
            set_limits(pid, &plan)?;
            tell(&ours, &plan, Message::Mapped, &[])?;
            Prepared::when_ready(process, plan, ours, &io, &mut |_| Err(LaunchError::Died))
        }
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
