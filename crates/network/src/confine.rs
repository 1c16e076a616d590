//! Giving up what a process of ours does not need, in the order in which each step still allows the next.

use std::ffi::CStr;
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

use crate::error::{Confining, Errand};

/// What only the caller can say of a process's confinement.
#[derive(Debug)]
pub struct Guard {
    /// [`Errand::profile`], compiled for this machine.
    pub filter: Vec<Instruction>,
    /// The user and group that it becomes; absent where it has no rights over others.
    pub identity: Option<(u32, u32)>,
}

/// System calls that both need, each for a reason; all others fail.
const BOTH: [(&str, &str); 23] = [
    ("brk", "memory"),
    ("clock_gettime", "datagram peers that are silent are forgotten"),
    ("close", "connections end"),
    ("connect", "a connection has two ends"),
    ("exit", "its end"),
    ("exit_group", "its end"),
    ("futex", "the allocator's locks"),
    ("getsockopt", "whether a connection was made"),
    ("madvise", "memory"),
    ("mmap", "memory"),
    ("mremap", "memory"),
    ("munmap", "memory"),
    ("read", "connections"),
    ("recvfrom", "connections and datagrams"),
    ("restart_syscall", "a wait that was interrupted"),
    ("rt_sigprocmask", "its end"),
    ("rt_sigreturn", "its end"),
    ("sendto", "connections and datagrams"),
    ("setsockopt", "ends that are gone are noticed"),
    ("shutdown", "one direction of a connection ends before the other"),
    ("sigaltstack", "its end"),
    ("tgkill", "its end, where something is wrong"),
    ("write", "the report that it is ready"),
];

/// What a forwarder needs besides.
const PORTS: [(&str, &str); 3] = [("accept4", "clients come"), ("poll", "waiting"), ("ppoll", "waiting")];

/// What a process that carries outward needs besides.
const OUTBOUND: [(&str, &str); 7] = [
    ("epoll_create1", "waiting"),
    ("epoll_ctl", "connections come and go"),
    ("epoll_pwait", "waiting"),
    ("epoll_pwait2", "waiting"),
    ("epoll_wait", "waiting"),
    ("getrandom", "a table in which nobody can make everything collide"),
    ("writev", "packets for the container"),
];

impl Errand {
    /// The profile of the process's system call filter.
    #[must_use]
    pub fn profile(self) -> Seccomp {
        let (own, families): (&[_], &[_]) = match self {
            Self::Ports => (&PORTS, &[AddressFamily::INET]),
            Self::Outbound => (&OUTBOUND, &[AddressFamily::INET, AddressFamily::INET6]),
        };
        let allow = |names: Vec<Text>, args| SeccompRule {
            names,
            action: SeccompAction::Allow,
            errno_ret: None,
            args,
        };
        let family = |family: &AddressFamily| {
            let value = family.as_raw().into();
            let same = SeccompArg { index: 0, value, value_two: 0, op: SeccompOp::Equal };
            allow(vec![Text::Borrowed("socket")], vec![same])
        };
        let calls = BOTH.iter().chain(own).map(|(name, _)| Text::Borrowed(name)).collect();
        let rules = std::iter::once(allow(calls, Vec::new())).chain(families.iter().map(family));
        Seccomp {
            default_action: SeccompAction::Errno,
            default_errno_ret: None,
            syscalls: rules.collect(),
            ..Seccomp::default()
        }
    }
}

/// Where a process works, and what it takes along.
pub(crate) struct Place<'a> {
    /// A pidfd whose network namespace it enters; without one it stays in the host's.
    pub(crate) network: Option<BorrowedFd<'a>>,
    /// Its only descriptors.
    pub(crate) kept: &'a [BorrowedFd<'a>],
    /// Most descriptors at once.
    pub(crate) open_files: u64,
    /// What it is called.
    pub(crate) name: &'a CStr,
}

/// What failed, and the kernel's answer.
pub(crate) type Fault = (Confining, Errno);

/// Confines the calling process.
pub(crate) fn confine(place: &Place<'_>, guard: &Guard, keeper: Pid) -> Result<(), Fault> {
    let at = |step: Confining| move |errno: Errno| (step, errno);
    sys::signal::set_mask(SignalSet::FULL).map_err(at(Confining::Signals))?;
    descriptors(place.kept).map_err(at(Confining::Descriptors))?;
    let limit = Rlimit { current: Some(place.open_files), ..rustix::process::getrlimit(Resource::Nofile) };
    rustix::process::setrlimit(Resource::Nofile, limit).map_err(at(Confining::OpenFiles))?;
    if let Some(container) = place.network {
        sys::namespace::setns(container, flag::NEWNET).map_err(at(Confining::Namespace))?;
    }
    rights(guard).map_err(at(Confining::Rights))?;
    bind_to(keeper, place.name).map_err(at(Confining::Keeper))?;
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
fn bind_to(keeper: Pid, name: &CStr) -> Result<(), Errno> {
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    rustix::thread::set_name(name)?;
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
        for own in [&PORTS[..], &OUTBOUND[..]] {
            for calls in [&BOTH[..], own] {
                assert!(calls.windows(2).all(|pair| pair[0].0 < pair[1].0), "sorted");
                assert!(calls.iter().all(|(_, reason)| !reason.is_empty()));
            }
            let all: Vec<&str> = BOTH.iter().chain(own).map(|(name, _)| *name).collect();
            assert!(own.iter().all(|(name, _)| all.iter().filter(|other| *other == name).count() == 1));
            for name in
                ["open", "openat", "execve", "clone", "clone3", "bind", "listen", "setns", "ptrace", "kill"]
            {
                assert!(!all.contains(&name), "{name}");
            }
        }
    }
}
