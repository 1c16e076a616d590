//! clone3(2) as fork: a child with its own copy of memory, in new namespaces from its first instruction.

use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};

use rustix::io::Errno;

use crate::raw::syscall;

/// Namespaces and flags for a clone; the kernel's own bits.
pub mod flag {
    /// New mount namespace.
    pub const NEWNS: u64 = libc::CLONE_NEWNS as u64;
    /// New cgroup namespace.
    pub const NEWCGROUP: u64 = libc::CLONE_NEWCGROUP as u64;
    /// New UTS namespace.
    pub const NEWUTS: u64 = libc::CLONE_NEWUTS as u64;
    /// New IPC namespace.
    pub const NEWIPC: u64 = libc::CLONE_NEWIPC as u64;
    /// New user namespace.
    pub const NEWUSER: u64 = libc::CLONE_NEWUSER as u64;
    /// New pid namespace.
    pub const NEWPID: u64 = libc::CLONE_NEWPID as u64;
    /// New network namespace.
    pub const NEWNET: u64 = libc::CLONE_NEWNET as u64;
    /// New time namespace (Linux 5.6).
    pub const NEWTIME: u64 = 0x80;
    /// Reset all signal handlers to their defaults in the child (Linux 5.5).
    pub(super) const CLEAR_SIGHAND: u64 = 0x1_0000_0000;
    /// Put the child straight into a cgroup v2 (Linux 5.7).
    pub(super) const INTO_CGROUP: u64 = 0x2_0000_0000;
    /// Make a sibling instead of a child.
    pub(super) const PARENT: u64 = libc::CLONE_PARENT as u64;
    /// Hand back a pidfd.
    pub(super) const PIDFD: u64 = libc::CLONE_PIDFD as u64;
}

/// struct clone_args, version 2 (88 bytes).
#[repr(C, align(8))]
#[derive(Default)]
struct CloneArgs {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

/// Which side of the clone this is.
#[derive(Debug)]
pub enum Cloned {
    /// The new process. It has the caller's memory but only this one thread: it must not allocate,
    /// lock or panic if the caller had other threads, and must end in `exec` or [`crate::exec::exit`].
    Child,
    /// The caller.
    Parent {
        /// The child's process id, as the caller sees it.
        pid: i32,
        /// The child, immune to id reuse.
        pidfd: OwnedFd,
    },
}

/// Clones the calling process with `namespaces` (bits of [`flag`]) and default signal handlers, inside
/// `cgroup` (a cgroup v2 directory) if one is given.
///
/// # Errors
/// clone3(2): `EPERM`, `ENOSPC` or `EUSERS` (namespace limits), `EAGAIN` (process limits), `ENOSYS`
/// (kernels before 5.3, or a filter around us).
pub fn clone3(namespaces: u64, cgroup: Option<BorrowedFd<'_>>) -> Result<Cloned, Errno> {
    call(namespaces, libc::SIGCHLD as u64, cgroup)
}

/// The same for a child of the caller's parent, which waits for it; whoever is its child's parent here is
/// the one that made it.
///
/// # Errors
/// As [`clone3`].
pub fn sibling(namespaces: u64, cgroup: Option<BorrowedFd<'_>>) -> Result<Cloned, Errno> {
    // Its end is told in the way in which the caller's own is.
    call(namespaces | flag::PARENT, 0, cgroup)
}

fn call(flags: u64, exit_signal: u64, cgroup: Option<BorrowedFd<'_>>) -> Result<Cloned, Errno> {
    let mut pidfd: i32 = -1;
    let mut flags = flags | flag::PIDFD | flag::CLEAR_SIGHAND;
    if cgroup.is_some() {
        flags |= flag::INTO_CGROUP;
    }
    let arguments = CloneArgs {
        flags,
        pidfd: (&raw mut pidfd) as u64,
        exit_signal,
        cgroup: cgroup.map_or(0, |fd| fd.as_raw_fd() as u64),
        ..CloneArgs::default()
    };
    let size = size_of::<CloneArgs>();
    // SAFETY: `arguments` is a clone_args of the size given and outlives the call; `pidfd` is writable.
    // Without CLONE_VM the child runs on a copy of this stack, so both sides return normally.
    let pid = unsafe { syscall(libc::SYS_clone3, [(&raw const arguments) as usize, size, 0, 0, 0, 0])? };
    if pid == 0 {
        return Ok(Cloned::Child);
    }
    // SAFETY: the kernel stored a fresh descriptor, which nobody else owns.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    Ok(Cloned::Parent { pid: pid as i32, pidfd })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::{WaitIdOptions, waitid};
    use std::os::fd::AsFd as _;

    #[test]
    fn a_clone_runs_and_its_exit_status_comes_back() {
        match clone3(0, None).unwrap() {
            Cloned::Child => crate::exec::exit(7),
            Cloned::Parent { pid, pidfd } => {
                assert!(pid > 0);
                let id = rustix::process::WaitId::PidFd(pidfd.as_fd());
                let status = waitid(id, WaitIdOptions::EXITED).unwrap().unwrap();
                assert_eq!(status.exit_status(), Some(7));
            }
        }
    }

    #[test]
    fn a_sibling_is_the_child_of_its_maker_s_parent() {
        let (told, tell) = rustix::pipe::pipe().unwrap();
        match clone3(0, None).unwrap() {
            Cloned::Child => match sibling(0, None) {
                Ok(Cloned::Child) => crate::exec::exit(7),
                Ok(Cloned::Parent { pid, .. }) => {
                    crate::exec::exit(i32::from(rustix::io::write(tell, &pid.to_le_bytes()).is_err()))
                }
                Err(_) => crate::exec::exit(1),
            },
            Cloned::Parent { .. } => {
                let mut pid = [0; 4];
                assert_eq!(rustix::io::read(told, &mut pid), Ok(4));
                let id = rustix::process::WaitId::Pid(
                    rustix::process::Pid::from_raw(i32::from_le_bytes(pid)).unwrap(),
                );
                let status = waitid(id, WaitIdOptions::EXITED).unwrap().unwrap();
                assert_eq!(status.exit_status(), Some(7));
            }
        }
    }
}
