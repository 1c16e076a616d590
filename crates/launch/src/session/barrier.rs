//! Why a host gives a user no session, and how it can give one to coffer.

use std::fmt;
use std::os::fd::AsFd as _;

use rustix::io::Errno;
use rustix::mount::{FsOpenFlags, fsopen};
use rustix::process::{WaitId, WaitIdOptions, geteuid, waitid};
use sys::clone::{Cloned, clone3, flag};

use crate::error::LaunchError;

/// What keeps users from having user namespaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Barrier {
    /// `user.max_user_namespaces` is 0, or all of them are in use.
    Count,
    /// `kernel.unprivileged_userns_clone` is 0: Debian's own setting.
    Switch,
    /// `kernel.apparmor_restrict_unprivileged_userns` is 1: Ubuntu's default.
    AppArmor,
    /// No setting says so: a filter or a security module, mostly that of a container around us.
    Around,
}

impl fmt::Display for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Count => "user.max_user_namespaces leaves none",
            Self::Switch => "kernel.unprivileged_userns_clone is 0",
            Self::AppArmor => "AppArmor keeps them for programs with a profile",
            Self::Around => "a system call filter or a container around us forbids them",
        })
    }
}

impl Barrier {
    /// What ends it: for coffer alone where that can be.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Count => "sudo sysctl -w user.max_user_namespaces=15000",
            Self::Switch => "sudo sysctl -w kernel.unprivileged_userns_clone=1",
            Self::AppArmor => {
                "give them to coffer alone:\n\
                 `coffer system check --apparmor-profile | sudo tee /etc/apparmor.d/coffer`, then\n\
                 `sudo apparmor_parser -r /etc/apparmor.d/coffer`"
            }
            Self::Around => {
                "start the container around us with user namespaces allowed, as with `--security-opt seccomp=unconfined`, or run coffer outside of it"
            }
        }
    }

    /// What stands before this process now, tried rather than deduced: in a session whether it has the
    /// right to mount, outside whether a session could be made.
    #[must_use]
    pub fn now() -> Option<Self> {
        if geteuid().is_root() {
            return powerless();
        }
        match clone3(flag::NEWUSER | flag::NEWNS, None) {
            Ok(Cloned::Child) => sys::exec::exit(0),
            Ok(Cloned::Parent { pidfd, .. }) => {
                let _only_reaped = waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED);
                None
            }
            Err(errno) => Self::behind(errno),
        }
    }

    /// What is behind a refusal to make a user namespace.
    fn behind(errno: Errno) -> Option<Self> {
        match errno {
            Errno::NOSPC | Errno::USERS => Some(Self::Count),
            Errno::PERM | Errno::ACCESS => Some(Self::set().unwrap_or(Self::Around)),
            _ => None,
        }
    }

    /// The setting that forbids them.
    fn set() -> Option<Self> {
        let is = |name, value| {
            let text = std::fs::read_to_string(format!("/proc/sys/{name}"));
            text.is_ok_and(|text| text.trim() == value)
        };
        if is("user/max_user_namespaces", "0") {
            Some(Self::Count)
        } else if is("kernel/unprivileged_userns_clone", "0") {
            Some(Self::Switch)
        } else if is("kernel/apparmor_restrict_unprivileged_userns", "1") {
            Some(Self::AppArmor)
        } else {
            None
        }
    }
}

/// In the words of a start that failed.
pub(super) fn refused(errno: Errno) -> LaunchError {
    match Barrier::behind(errno) {
        Some(barrier) => LaunchError::Session { barrier },
        None => LaunchError::host("make a session", "")(errno),
    }
}

/// Ubuntu lets a user namespace be made, and takes its root every right.
pub(super) fn powerless() -> Option<Barrier> {
    match fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC) {
        Err(errno @ (Errno::PERM | Errno::ACCESS)) => Barrier::behind(errno),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_without_a_setting_that_explains_it_comes_from_around_us() {
        assert_eq!(Barrier::behind(Errno::NOSPC), Some(Barrier::Count));
        assert_eq!(Barrier::behind(Errno::PERM), Some(Barrier::set().unwrap_or(Barrier::Around)));
        assert_eq!(Barrier::behind(Errno::NOSYS), None);
        let error = refused(Errno::USERS);
        assert_eq!(error.code(), "E-launch-session");
        assert!(error.to_string().ends_with("user.max_user_namespaces leaves none"));
    }

    #[test]
    fn nothing_stands_before_root() {
        assert!(!geteuid().is_root() || Barrier::now().is_none());
    }
}
