//! Giving up what a process that reads hostile bytes does not need, in the order in which each step still allows
//! the next.

use std::os::fd::BorrowedFd;

use model::spec::{Seccomp, SeccompAction, SeccompArg, SeccompOp, SeccompRule, Text};
use rustix::fs::{Gid, Uid};
use rustix::io::Errno;
use rustix::process::{DumpableBehavior, Pid, Resource, Rlimit};
use rustix::thread::CapabilitySet;
use sys::landlock::{Ruleset, right};
use sys::seccomp::{Flags, Instruction};
use sys::signal::SignalSet;

use super::Limits;
use crate::error::Confining;

/// What only the caller can say of the confinement.
#[derive(Debug, Clone)]
pub struct Guard {
    /// [`profile`], compiled for this machine.
    pub filter: Vec<Instruction>,
    /// The user and group that the process becomes; absent where it has no rights over others.
    pub identity: Option<(u32, u32)>,
    /// Whether it may read without Landlock.
    pub landlock: Landlock,
}

/// What a host without Landlock means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Landlock {
    /// Nothing is read.
    Needed,
    /// The other walls have to do.
    IfThere,
}

/// Its system calls, each for a reason; all others fail.
const CALLS: [(&str, &str); 37] = [
    ("brk", "memory"),
    ("capget", "which rights are left to give up"),
    ("capset", "the right to see opaque directories is given up before the first file is read"),
    ("clock_gettime", "the allocator and the standard library ask"),
    ("close", "files are done with"),
    ("exit", "a thread's end"),
    ("exit_group", "its end"),
    ("fgetxattr", "whether a directory is opaque"),
    ("flistxattr", "whether a directory has attributes at all"),
    ("fstat", "what a descriptor is"),
    ("futex", "threads wait for each other"),
    ("getdents64", "directories"),
    ("getpid", "its end, where something is wrong"),
    ("getrandom", "keys of hash tables"),
    ("gettid", "its end, where something is wrong"),
    ("lseek", "directories"),
    ("madvise", "memory"),
    ("mremap", "memory"),
    ("munmap", "memory"),
    ("newfstatat", "what a file is, where a listing does not say"),
    ("openat2", "files; Landlock says which"),
    ("poll", "the standard library asks"),
    ("pread64", "files"),
    ("read", "files"),
    ("readlinkat", "whose documents a package has"),
    ("restart_syscall", "a wait that was interrupted"),
    ("rseq", "a thread's beginning"),
    ("rt_sigaction", "its end, where something is wrong"),
    ("rt_sigprocmask", "a thread's beginning"),
    ("rt_sigreturn", "its end"),
    ("sched_getaffinity", "a thread's beginning"),
    ("sched_yield", "threads wait for each other"),
    ("set_robust_list", "a thread's beginning"),
    ("sigaltstack", "a thread's beginning"),
    ("statx", "what a file is"),
    ("tgkill", "its end, where something is wrong"),
    ("write", "what it has found"),
];

/// PROT_EXEC of mmap(2).
const EXECUTABLE: u64 = 4;

/// PR_SET_NAME and PR_CAP_AMBIENT of prctl(2): a thread's name, and which rights are left to give up.
const NAME: u64 = 15;
const AMBIENT: u64 = 47;

/// PR_CAP_AMBIENT_CLEAR_ALL.
const CLEAR: u64 = 4;

/// The bits of an argument of prctl(2) that the kernel looks at.
const WHOLE: u64 = 0xffff_ffff;

/// CLONE_THREAD of clone(2): with it a clone is a thread of this process and cannot be in other namespaces.
const THREAD: u64 = 0x0001_0000;

/// What makes the C library fall back to clone(2), whose flags a filter sees.
const NO_SUCH_CALL: u32 = 38;

/// The profile of its system call filter.
#[must_use]
pub fn profile() -> Seccomp {
    let rule = |names: &[&'static str], args| SeccompRule {
        names: names.iter().map(|name| Text::Borrowed(name)).collect(),
        action: SeccompAction::Allow,
        errno_ret: None,
        args,
    };
    let calls: Vec<&str> = CALLS.iter().map(|(name, _)| *name).collect();
    let masked = |index, mask, value| {
        vec![SeccompArg { index, value: mask, value_two: value, op: SeccompOp::MaskedEqual }]
    };
    let absent = SeccompRule {
        action: SeccompAction::Errno,
        errno_ret: Some(NO_SUCH_CALL),
        ..rule(&["clone3"], Vec::new())
    };
    Seccomp {
        default_action: SeccompAction::Errno,
        default_errno_ret: None,
        syscalls: vec![
            rule(&calls, Vec::new()),
            rule(&["mmap", "mprotect"], masked(2, EXECUTABLE, 0)),
            rule(&["clone"], masked(0, THREAD, THREAD)),
            rule(&["prctl"], masked(0, WHOLE, NAME)),
            rule(&["prctl"], [masked(0, WHOLE, AMBIENT), masked(1, u64::MAX, CLEAR)].concat()),
            absent,
        ],
        ..Seccomp::default()
    }
}

/// Files of a layer may be unreadable for all but root.
const READING: CapabilitySet = CapabilitySet::DAC_READ_SEARCH;

/// Root's overlays mark opaque directories with an attribute that only this right lets anybody see.
const SURVEYING: CapabilitySet = READING.union(CapabilitySet::SYS_ADMIN);

/// What failed, and the kernel's answer.
type Fault = (Confining, Errno);

/// Confines the calling process, which keeps the tree and its way to the keeper.
pub(super) fn confine(
    tree: BorrowedFd<'_>,
    report: BorrowedFd<'_>,
    guard: &Guard,
    limits: &Limits,
    keeper: Pid,
) -> Result<(), Fault> {
    let at = |step: Confining| move |errno: Errno| (step, errno);
    sys::signal::set_mask(SignalSet::FULL).map_err(at(Confining::Signals))?;
    sys::fds::streams_to_null().map_err(at(Confining::Descriptors))?;
    sys::fds::keep_only(3, &[tree, report]).map_err(at(Confining::Descriptors))?;
    limit(limits).map_err(at(Confining::Limits))?;
    rights(guard).map_err(at(Confining::Rights))?;
    bind_to(keeper).map_err(at(Confining::Keeper))?;
    rustix::thread::set_no_new_privs(true).map_err(at(Confining::Landlock))?;
    landlock(tree, guard.landlock).map_err(at(Confining::Landlock))?;
    sys::seccomp::install(&guard.filter, Flags::NONE).map(drop).map_err(at(Confining::Seccomp))
}

/// Gives up what only the survey needed. Comes before the first byte of a file.
pub(crate) fn read_only() -> Result<(), Errno> {
    sys::capability::keep_only(READING)
}

/// At the hard limit of processor time the kernel sends a signal that cannot be blocked.
fn limit(limits: &Limits) -> Result<(), Errno> {
    let both = |limit| Rlimit { current: Some(limit), maximum: Some(limit) };
    let processor = limits.time.as_secs().saturating_mul(limits.threads as u64).max(1);
    rustix::process::setrlimit(Resource::As, both(limits.memory))?;
    rustix::process::setrlimit(Resource::Cpu, both(processor))?;
    rustix::process::setrlimit(Resource::Nofile, both(limits.open_files))?;
    rustix::process::setrlimit(Resource::Fsize, both(0))?;
    rustix::process::setrlimit(Resource::Core, both(0))
}

/// The bounding set needs CAP_SETPCAP and the ids CAP_SETUID, so the sets go last.
fn rights(guard: &Guard) -> Result<(), Errno> {
    let held = rustix::thread::capabilities(None)?.permitted;
    if held.contains(CapabilitySet::SETPCAP) {
        sys::capability::drop_bounding(CapabilitySet::empty())?;
    }
    if let Some((uid, gid)) = guard.identity {
        let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
        rustix::thread::set_keep_capabilities(true)?;
        rustix::thread::set_thread_groups(&[])?;
        rustix::thread::set_thread_res_gid(gid, gid, gid)?;
        rustix::thread::set_thread_res_uid(uid, uid, uid)?;
        rustix::thread::set_keep_capabilities(false)?;
    }
    sys::capability::keep_only(SURVEYING)
}

/// A change of ids clears the signal, so this comes after it.
fn bind_to(keeper: Pid) -> Result<(), Errno> {
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    rustix::thread::set_name(c"coffer-scan")?;
    sys::signal::die_with(keeper)
}

/// Reading beneath the tree, no other path, and nobody outside the domain to signal.
fn landlock(tree: BorrowedFd<'_>, need: Landlock) -> Result<(), Errno> {
    let abi = sys::landlock::abi();
    if abi == 0 {
        return if need == Landlock::IfThere { Ok(()) } else { Err(Errno::OPNOTSUPP) };
    }
    let rules = Ruleset::new(sys::landlock::all_rights(abi), sys::landlock::all_scopes(abi))?;
    rules.allow(tree, right::READ_FILE | right::READ_DIR)?;
    rules.restrict_self()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_has_a_reason_and_comes_once_and_none_leads_out() {
        assert!(CALLS.windows(2).all(|pair| pair[0].0 < pair[1].0), "sorted");
        assert!(CALLS.iter().all(|(_, reason)| !reason.is_empty()));
        let others = [
            "clone",
            "clone3",
            "connect",
            "execve",
            "execveat",
            "ioctl",
            "kill",
            "mmap",
            "mprotect",
            "open",
            "open_by_handle_at",
            "openat",
            "prctl",
            "ptrace",
            "socket",
            "unlinkat",
        ];
        for name in others {
            assert!(CALLS.iter().all(|(allowed, _)| *allowed != name), "{name}");
        }
    }
}
