//! The agent that signs for whoever builds: a step sees a socket of ours, and a process of ours between it and
//! the agent, which passes on requests to sign and nothing else.
//!
//! The agent's own socket would be a way to add keys, to lock it, or to hand over open files; and agents
//! answer nobody but their user, whom a step is not.

mod relay;

use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::path::Path;

use build::plan::{Mount, Run};
use model::request::MountSource;
use rustix::io::Errno;
use rustix::process::{DumpableBehavior, Pid, Signal, WaitId, WaitIdOptions, pidfd_send_signal, waitid};
use sys::clone::{Cloned, clone3};
use sys::seccomp::{Flags, Instruction};
use sys::signal::SignalSet;

use super::Agents;
use crate::building::error::{BuildError, StepError};
use crate::engine::Engine;
use crate::idspace::IdSpace;
use crate::state::Reservation;

/// The process between one socket and its agent. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Proxy {
    pidfd: OwnedFd,
}

/// The name of the socket for the mount of that number, in the container's directory.
pub(super) fn socket_name(number: usize) -> String {
    format!("agent-{number}")
}

/// Every agent that the step cannot do without was given.
pub(super) fn check(run: &Run, given: &Agents) -> Result<(), StepError> {
    let missing = run.mounts.iter().find_map(|mount| match mount {
        Mount::Ssh { id, required: true, .. } => Some(id).filter(|id| !given.contains_key(*id)),
        _ => None,
    });
    missing.map_or(Ok(()), |id| Err(StepError::NoAgent(id.clone())))
}

impl Engine {
    /// Makes the sockets that the step's mounts need, and begins to serve them. This process must have no other
    /// thread.
    pub(super) fn serve_agents(
        &self,
        reservation: &Reservation,
        given: &Agents,
    ) -> Result<Vec<Proxy>, BuildError> {
        let (held, record) = (reservation.held(), &reservation.record);
        let mut proxies = Vec::new();
        for (number, mount) in record.request.mounts.iter().enumerate() {
            let MountSource::Agent { id, mode, owner } = &mount.source else { continue };
            let agent = given.get(id).ok_or_else(|| StepError::NoAgent(id.clone()))?;
            let space = IdSpace::new(&record.request, record.range)?;
            let owner = (space.outside(owner.0), space.outside(owner.1));
            let filter = launch::seccomp::compile(&relay::profile()).map_err(launch::LaunchError::from)?;
            let proxy = listen(held.dir(), number, owner, *mode)
                .and_then(|listener| Ok(Proxy::start(listener, agent, filter.program())?));
            proxies.push(proxy.map_err(|source| StepError::Agent { id: id.clone(), source })?);
        }
        Ok(proxies)
    }
}

/// A socket in the directory, reached through its descriptor: the path may be longer than addresses are.
fn listen(
    directory: BorrowedFd<'_>,
    number: usize,
    (uid, gid): (u32, u32),
    mode: u32,
) -> std::io::Result<UnixListener> {
    let path = format!("/proc/self/fd/{}/{}", directory.as_raw_fd(), socket_name(number));
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, PermissionsExt::from_mode(mode & 0o777))?;
    chown(&path, Some(uid), Some(gid))?;
    Ok(listener)
}

impl Proxy {
    fn start(listener: UnixListener, agent: &Path, filter: &[Instruction]) -> Result<Self, Errno> {
        let keeper = rustix::process::getpid();
        match clone3(0, None)? {
            Cloned::Child => {
                let confined = confine(&listener, filter, keeper);
                if confined.is_ok() {
                    relay::run(&listener, agent);
                }
                sys::exec::exit(i32::from(confined.is_err()))
            }
            Cloned::Parent { pidfd, .. } => Ok(Self { pidfd }),
        }
    }
}

/// Gives up everything but the socket and what it takes to reach the agent. It stays its user, as the agent
/// answers nobody else.
fn confine(listener: &UnixListener, filter: &[Instruction], keeper: Pid) -> Result<(), Errno> {
    sys::signal::set_mask(SignalSet::FULL)?;
    sys::fds::streams_to_null()?;
    sys::fds::keep_only(3, &[listener.as_fd()])?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    rustix::thread::set_name(c"coffer-agent")?;
    sys::signal::die_with(keeper)?;
    rustix::thread::set_no_new_privs(true)?;
    sys::seccomp::install(filter, Flags::NONE).map(drop)
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ended_already = pidfd_send_signal(&self.pidfd, Signal::KILL);
        let wait = || waitid(WaitId::PidFd(self.pidfd.as_fd()), WaitIdOptions::EXITED);
        while matches!(wait(), Err(Errno::INTR)) {}
    }
}
