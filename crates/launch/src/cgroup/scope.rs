//! Control groups for users, from the systemd that runs as them.
//!
//! The group of a login belongs to root. What the user's systemd makes belongs to the user: a transient
//! scope with `Delegate=yes` around the process that asks. Groups with limits have no processes of their
//! own, so the process then moves into a leaf of the scope, and containers get theirs beside it. The scope
//! ends with the last process in it.

use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use rustix::io::Errno;
use rustix::process::getpid;

use super::layout::{ROOT, own_groups};
use super::make::mkdir;
use super::systemd::{Unit, Value};
use super::{Version, version};

/// The leaf of a scope in which its processes live.
const LEAF: &str = "keeper";

/// Whether this process may make groups with limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delegation {
    /// The group around it is the user's.
    Given,
    /// It is not, and nobody was there to give one.
    Missing,
}

/// The group below which groups of ours can be made: the parent of our own, if it is ours to divide.
#[must_use]
pub fn divisible() -> Option<String> {
    let own = own()?;
    let (parent, _) = own.rsplit_once('/')?;
    let directory = Path::new(ROOT).join(parent.trim_start_matches('/'));
    let ours = [directory.clone(), directory.join("cgroup.procs")];
    ours.iter().all(|path| access(path, Access::WRITE_OK).is_ok()).then(|| parent.to_owned())
}

/// The socket of the user's bus, where their systemd listens; pam_systemd(8) puts it there.
#[must_use]
pub fn bus(uid: u32) -> PathBuf {
    runtime_directory(uid).join("bus")
}

/// The group of the user's systemd, below which it makes all others.
#[must_use]
pub fn manager(uid: u32) -> PathBuf {
    Path::new(ROOT).join(format!("user.slice/user-{uid}.slice/user@{uid}.service"))
}

/// Asks the user's systemd for a scope if our own group is not ours to divide. The caller must be outside
/// of any user namespace, in which nobody would know it.
#[must_use]
pub fn delegate(uid: u32) -> Delegation {
    if version() != Version::V2 {
        return Delegation::Missing;
    }
    if divisible().is_some() || (bus(uid).exists() && ask(uid) && move_to_leaf().is_ok()) {
        return Delegation::Given;
    }
    Delegation::Missing
}

/// A scope that ends with the last process in it and leaves nothing to remember.
fn ask(uid: u32) -> bool {
    let mut salt = [0; 4];
    if rustix::rand::getrandom(&mut salt, rustix::rand::GetRandomFlags::empty()) != Ok(salt.len()) {
        return false;
    }
    let pid = getpid().as_raw_nonzero();
    let name = format!("coffer-{pid}-{:08x}.scope", u32::from_ne_bytes(salt));
    let text = |text: &str| Value::Text(text.to_owned());
    let properties = [
        ("PIDs", Value::Numbers(vec![pid.get().cast_unsigned()])),
        ("Delegate", Value::Bool(true)),
        ("Description", text("Containers of Cofferdam")),
        ("CollectMode", text("inactive-or-failed")),
    ];
    let properties = properties.map(|(name, value)| (name.to_owned(), value));
    let made = Unit::of_user(name.clone(), uid).start_with("fail", &properties);
    made.is_ok() && own().is_some_and(|group| group.ends_with(&name))
}

fn move_to_leaf() -> Result<(), Errno> {
    let own = own().ok_or(Errno::NOENT)?;
    let leaf = Path::new(ROOT).join(own.trim_start_matches('/')).join(LEAF);
    mkdir(&leaf)?;
    std::fs::write(leaf.join("cgroup.procs"), "0")
        .map_err(|error| error.raw_os_error().map_or(Errno::IO, Errno::from_raw_os_error))
}

/// Our own group of version 2, from its root.
fn own() -> Option<String> {
    let groups = own_groups().ok()?;
    groups.lines().find_map(|line| line.strip_prefix("0::")).map(str::to_owned)
}

fn runtime_directory(uid: u32) -> PathBuf {
    PathBuf::from(format!("/run/user/{uid}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_whom_systemd_does_not_know_gets_nothing_and_stays_where_they_are() {
        let before = own();
        assert_eq!(delegate(u32::MAX - 1) == Delegation::Given, divisible().is_some());
        assert_eq!(own(), before);
    }
}
