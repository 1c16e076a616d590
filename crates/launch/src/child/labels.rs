//! What the process is to be at exec, told to the kernel's security modules.

use std::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{CWD, Mode, OFlags, PROC_SUPER_MAGIC, ResolveFlags, fstatfs, openat, openat2};
use rustix::io::Errno;

use super::At as _;
use crate::channel::Fault;
use crate::plan::Labels;
use crate::step::Step;

/// Through the procfs that only we hold: a write that an image could lead elsewhere would leave the
/// container unconfined (CVE-2019-16884, CVE-2025-52881).
pub(super) fn apply(labels: &Labels, proc: &OwnedFd) -> Result<(), Fault> {
    if let Some(profile) = &labels.apparmor {
        let own = c"thread-self/attr/apparmor/exec";
        match write(proc, own, profile) {
            // Before Linux 5.1 the modules shared one directory.
            Err(Errno::NOENT) if open(proc, own).is_err() => {
                write(proc, c"thread-self/attr/exec", profile).at(Step::AppArmor, 0)?;
            }
            other => other.at(Step::AppArmor, 0)?,
        }
    }
    if let Some(label) = &labels.selinux {
        // The keyring that is made next is the container's; exec forgets this one.
        write(proc, c"thread-self/attr/keycreate", label).at(Step::Selinux, 0)?;
        write(proc, c"thread-self/attr/exec", label).at(Step::Selinux, 0)?;
    }
    Ok(())
}

/// The same for one that enters a container, before it joins anything: /proc is the host's.
pub(super) fn apply_outside(labels: &Labels) -> Result<(), Fault> {
    let (None, None) = (&labels.apparmor, &labels.selinux) else {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let proc = openat(CWD, c"/proc", flags, Mode::empty()).at(Step::Proc, 0)?;
        return apply(labels, &proc);
    };
    Ok(())
}

fn open(proc: &OwnedFd, path: &CStr) -> Result<OwnedFd, Errno> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_XDEV | ResolveFlags::NO_MAGICLINKS;
    openat2(proc, path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty(), resolve)
}

fn write(proc: &OwnedFd, path: &CStr, text: &CStr) -> Result<(), Errno> {
    let file = open(proc, path)?;
    if fstatfs(file.as_fd())?.f_type != PROC_SUPER_MAGIC {
        return Err(Errno::XDEV);
    }
    let bytes = text.to_bytes();
    if rustix::io::write(&file, bytes)? == bytes.len() { Ok(()) } else { Err(Errno::IO) }
}
