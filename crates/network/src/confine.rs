//! Giving up what a forwarder does not need, in the order in which each step still allows the next.

use std::os::fd::BorrowedFd;

use model::spec::{Seccomp, SeccompAction, SeccompArg, SeccompOp, SeccompRule, Text};
use rustix::fs::{Gid, Uid};
use rustix::io::Errno;
use rustix::net::AddressFamily;
use rustix::process::{DumpableBehavior, Pid, Resource, Rlimit};
use rustix::thread::CapabilitySet;
use sys::clone::flag;
use sys::landlock::Ruleset;
use sys::seccomp::{Flags, Instruction};
use sys::signal::SignalSet;

use crate::error::Confining;

/// What only the caller can say of a forwarder's confinement.
#[derive(Debug)]
pub struct Guard {
    /// [`profile`], compiled for this machine.
    pub filter: Vec<Instruction>,
    /// The user and group that it becomes; absent where it has no rights over others.
    pub identity: Option<(u32, u32)>,
}

/// Its system calls, each for a reason; all others fail.
const CALLS: [(&str, &str); 26] = [
    ("accept4", "clients come"),
    ("brk", "memory"),
    ("clock_gettime", "datagram peers that are silent are forgotten"),
    ("close", "connections end"),
    ("connect", "into the container"),
    ("exit", "its end"),
    ("exit_group", "its end"),
    ("futex", "the allocator's locks"),
    ("getsockopt", "whether a connection was made"),
    ("madvise", "memory"),
    ("mmap", "memory"),
    ("mremap", "memory"),
    ("munmap", "memory"),
    ("poll", "waiting"),
    ("ppoll", "waiting"),
    ("read", "connections"),
    ("recvfrom", "connections and datagrams"),
    ("restart_syscall", "a wait that was interrupted"),
    ("rt_sigprocmask", "its end"),
    ("rt_sigreturn", "its end"),
    ("sendto", "connections and datagrams"),
    ("setsockopt", "clients that are gone are noticed"),
    ("shutdown", "one direction of a connection ends before the other"),
    ("sigaltstack", "its end"),
    ("tgkill", "its end, where something is wrong"),
    ("write", "the report that it is ready"),
];

/// The profile of its system call filter.
#[must_use]
pub fn profile() -> Seccomp {
    let allow =
        |names: Vec<Text>, args| SeccompRule { names, action: SeccompAction::Allow, errno_ret: None, args };
    let family = AddressFamily::INET.as_raw().into();
    let inet = SeccompArg { index: 0, value: family, value_two: 0, op: SeccompOp::Equal };
    Seccomp {
        default_action: SeccompAction::Errno,
        default_errno_ret: None,
        syscalls: vec![
            allow(CALLS.iter().map(|(name, _)| Text::Borrowed(name)).collect(), Vec::new()),
            allow(vec![Text::Borrowed("socket")], vec![inet]),
        ],
        ..Seccomp::default()
    }
}

/// What failed, and the kernel's answer.
type Fault = (Confining, Errno);

/// Confines the calling process, which goes on in the network namespace of `container` (a pidfd) with
/// `kept` as its only descriptors.
pub(crate) fn confine(
    container: BorrowedFd<'_>,
    kept: &[BorrowedFd<'_>],
    open_files: u64,
    guard: &Guard,
    keeper: Pid,
) -> Result<(), Fault> {
    let at = |step: Confining| move |errno: Errno| (step, errno);
    sys::signal::set_mask(SignalSet::FULL).map_err(at(Confining::Signals))?;
    descriptors(kept).map_err(at(Confining::Descriptors))?;
    let limit = Rlimit { current: Some(open_files), ..rustix::process::getrlimit(Resource::Nofile) };
    rustix::process::setrlimit(Resource::Nofile, limit).map_err(at(Confining::OpenFiles))?;
    sys::namespace::setns(container, flag::NEWNET).map_err(at(Confining::Namespace))?;
    rights(guard).map_err(at(Confining::Rights))?;
    bind_to(keeper).map_err(at(Confining::Keeper))?;
    rustix::thread::set_no_new_privs(true).map_err(at(Confining::Landlock))?;
    landlock().map_err(at(Confining::Landlock))?;
    sys::seccomp::install(&guard.filter, Flags::NONE).map(drop).map_err(at(Confining::Seccomp))
}

fn descriptors(kept: &[BorrowedFd<'_>]) -> Result<(), Errno> {
    sys::fds::streams_to_null()?;
    sys::fds::keep_only(3, kept)
}

/// The bounding set needs CAP_SETPCAP and the ids CAP_SETUID, so the sets go last.
fn rights(guard: &Guard) -> Result<(), Errno> {
    sys::capability::drop_bounding(CapabilitySet::empty())?;
    if let Some((uid, gid)) = guard.identity {
        let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
        rustix::thread::set_thread_groups(&[])?;
        rustix::thread::set_thread_res_gid(gid, gid, gid)?;
        rustix::thread::set_thread_res_uid(uid, uid, uid)?;
    }
    sys::capability::keep_only(CapabilitySet::empty())
}

/// A change of ids clears the signal, so this comes after it.
fn bind_to(keeper: Pid) -> Result<(), Errno> {
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    rustix::thread::set_name(c"coffer-ports")?;
    sys::signal::die_with(keeper)
}

/// No path at all, and nobody outside the domain to signal.
fn landlock() -> Result<(), Errno> {
    let abi = sys::landlock::abi();
    if abi == 0 {
        return Err(Errno::OPNOTSUPP);
    }
    Ruleset::new(sys::landlock::all_rights(abi), sys::landlock::all_scopes(abi))?.restrict_self()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_has_a_reason_and_comes_once_and_none_opens_anything() {
        assert!(CALLS.windows(2).all(|pair| pair[0].0 < pair[1].0), "sorted");
        assert!(CALLS.iter().all(|(_, reason)| !reason.is_empty()));
        for name in
            ["open", "openat", "execve", "clone", "clone3", "bind", "listen", "setns", "ptrace", "kill"]
        {
            assert!(CALLS.iter().all(|(allowed, _)| *allowed != name), "{name}");
        }
    }
}
