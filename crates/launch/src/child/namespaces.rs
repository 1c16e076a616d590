//! Settling into the new namespaces.

use std::os::fd::{AsFd as _, OwnedFd};

use rustix::fs::{CWD, Gid, Mode, OFlags, ResolveFlags, Uid, openat, openat2};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
use sys::clone::flag;

use super::At as _;
use crate::channel::{Channel, Fault, Message};
use crate::plan::Plan;
use crate::step::Step;

/// Waits for the id maps, becomes root of the user namespace, makes the namespaces that are left.
pub(super) fn enter(plan: &Plan, channel: &Channel) -> Result<(), Fault> {
    forbid_memfd_exec(plan)?;
    channel.expect(Message::Mapped).at(Step::Handshake, 0)?;
    if plan.has_user_namespace() {
        become_root()?;
    }
    if plan.unshare_flags != 0 {
        sys::namespace::unshare(plan.unshare_flags).at(Step::Namespaces, 0)?;
    }
    Ok(())
}

/// In a user namespace that was entered with another user's ids.
pub(super) fn become_root() -> Result<(), Fault> {
    rustix::thread::set_thread_groups(&[]).or_else(unmappable_groups).at(Step::BecomeRoot, 0)?;
    rustix::thread::set_thread_res_gid(Gid::ROOT, Gid::ROOT, Gid::ROOT).at(Step::BecomeRoot, 0)?;
    rustix::thread::set_thread_res_uid(Uid::ROOT, Uid::ROOT, Uid::ROOT).at(Step::BecomeRoot, 0)
}

/// The kernel gives the file to the host's root although the value belongs to our pid namespace, so it
/// is written while we still are that root. Nothing of the image is mounted yet: /proc is the host's.
fn forbid_memfd_exec(plan: &Plan) -> Result<(), Fault> {
    let Some(value) = &plan.memfd_noexec else { return Ok(()) };
    let flags = OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let file = openat(CWD, c"/proc/sys/vm/memfd_noexec", flags, Mode::empty()).at(Step::MemfdNoexec, 0)?;
    rustix::io::write(&file, value.as_bytes()).map(drop).at(Step::MemfdNoexec, 0)
}

/// A map of one user is written with `setgroups` denied: there are no groups to leave that way.
fn unmappable_groups(errno: rustix::io::Errno) -> Result<(), rustix::io::Errno> {
    if errno == rustix::io::Errno::PERM { Ok(()) } else { Err(errno) }
}

/// Host name and loopback.
pub(super) fn configure(plan: &Plan) -> Result<(), Fault> {
    if let Some(name) = &plan.hostname {
        rustix::system::sethostname(name.as_bytes()).at(Step::Hostname, 0)?;
    }
    if let Some(name) = &plan.domainname {
        rustix::system::setdomainname(name.as_bytes()).at(Step::Domainname, 0)?;
    }
    if (plan.clone_flags | plan.unshare_flags) & flag::NEWNET != 0 {
        let socket = socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None)
            .at(Step::Loopback, 0)?;
        sys::link::loopback_up(socket.as_fd()).at(Step::Loopback, 0)?;
    }
    Ok(())
}

/// Kernel parameters, which may be about a network device that a hook has brought.
pub(super) fn set_parameters(plan: &Plan, proc: &OwnedFd) -> Result<(), Fault> {
    for (index, (path, value)) in plan.sysctls.iter().enumerate() {
        write_proc(proc, path, value).at(Step::Sysctl, index)?;
    }
    Ok(())
}

/// Writes below a procfs that only we hold: no path of the image leads here (CVE-2025-52881).
fn write_proc(proc: &OwnedFd, path: &std::ffi::CStr, value: &str) -> rustix::io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_XDEV | ResolveFlags::NO_MAGICLINKS;
    let file = openat2(proc, path, flags, Mode::empty(), resolve)?;
    rustix::io::write(&file, value.as_bytes()).map(drop)
}
