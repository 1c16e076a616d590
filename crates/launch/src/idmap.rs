//! Writing the id maps of a new user namespace.

use std::fmt::Write as _;

use model::spec::IdMapping;
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use crate::error::LaunchError;

/// Every id of the host, as itself.
const ALL_IDS: [&str; 3] = ["0", "0", "4294967295"];

/// Whether root here is the host's root, and not one of a user namespace below.
#[must_use]
pub fn in_initial_user_namespace() -> bool {
    std::fs::read_to_string("/proc/self/uid_map").is_ok_and(|map| map.split_whitespace().eq(ALL_IDS))
}

/// Writes both maps of the process `pid`, group map first as the kernel's rules for one-user maps want.
///
/// # Errors
/// [`LaunchError::Host`].
pub(crate) fn write(pid: i32, uids: &[IdMapping], gids: &[IdMapping]) -> Result<(), LaunchError> {
    let groups = || write_file(pid, "gid_map", &text(gids));
    match groups() {
        // Who has no rights over groups may map one, for a namespace that cannot leave any.
        Err(LaunchError::Host { errno: Errno::PERM, .. }) => {
            write_file(pid, "setgroups", "deny")?;
            groups()?;
        }
        other => other?,
    }
    write_file(pid, "uid_map", &text(uids))
}

/// user_namespaces(7): one line for each range, all of them in one write.
pub(crate) fn text(maps: &[IdMapping]) -> String {
    maps.iter().fold(String::new(), |mut text, map| {
        let _infallible = writeln!(text, "{} {} {}", map.container_id, map.host_id, map.size);
        text
    })
}

pub(crate) fn write_file(pid: i32, name: &str, content: &str) -> Result<(), LaunchError> {
    let path = format!("/proc/{pid}/{name}");
    let written = rustix::fs::openat(CWD, &path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())
        .and_then(|file| rustix::io::write(&file, content.as_bytes()));
    match written {
        Ok(length) if length == content.len() => Ok(()),
        Ok(_) => Err(LaunchError::host("write", path)(Errno::IO)),
        Err(errno) => Err(LaunchError::host("write", path)(errno)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd as _;

    use rustix::process::{DumpableBehavior, WaitId, WaitIdOptions, set_dumpable_behavior, waitid};
    use rustix::thread::{Gid, Uid, set_thread_res_gid, set_thread_res_uid};
    use sys::clone::{Cloned, clone3, flag};

    use super::*;

    const NOBODY: u32 = 65_534;

    /// Makes a user namespace and maps its root to `host_id`; what is said of its groups then comes back.
    fn map(host_id: u32) -> Result<(String, String), LaunchError> {
        let (ours, theirs) = rustix::net::socketpair(
            rustix::net::AddressFamily::UNIX,
            rustix::net::SocketType::STREAM,
            rustix::net::SocketFlags::CLOEXEC,
            None,
        )
        .unwrap();
        match clone3(flag::NEWUSER, None).unwrap() {
            Cloned::Child => {
                drop(ours);
                // A change of ids has taken this from whoever was cloned.
                let ready = set_dumpable_behavior(DumpableBehavior::Dumpable)
                    .and_then(|()| rustix::io::write(&theirs, b"r"))
                    .and_then(|_| rustix::io::read(&theirs, &mut [0; 1]));
                sys::exec::exit(i32::from(ready.is_err()))
            }
            Cloned::Parent { pid, pidfd } => {
                drop(theirs);
                assert_eq!(rustix::io::read(&ours, &mut [0; 1]), Ok(1));
                let one = [IdMapping { container_id: 0, host_id, size: 1 }];
                let of = |name: &str| std::fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap();
                let written = write(pid, &one, &one).map(|()| (of("setgroups"), of("gid_map")));
                drop(ours);
                waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED).unwrap();
                written
            }
        }
    }

    #[test]
    fn privileged_who_has_no_rights_over_groups_maps_one_and_denies_them() {
        let words = |(setgroups, map): (String, String)| {
            (setgroups, map.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(words(map(5).unwrap()), ("allow\n".to_owned(), "0 5 1".to_owned()));
        // Ids are this thread's alone, which is the test's own.
        let (uid, gid) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
        set_thread_res_gid(gid, gid, gid).unwrap();
        set_thread_res_uid(uid, uid, uid).unwrap();
        let (own, foreign) = (map(NOBODY), map(5));
        set_dumpable_behavior(DumpableBehavior::Dumpable).unwrap();
        assert_eq!(words(own.unwrap()), ("deny\n".to_owned(), "0 65534 1".to_owned()));
        assert!(matches!(foreign, Err(LaunchError::Host { errno: Errno::PERM, .. })));
    }
}
