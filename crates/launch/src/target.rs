//! A container that runs, as seen by one who wants to go in: its first process and its namespaces.

use std::os::fd::BorrowedFd;

use model::spec::NamespaceKind;
use rustix::fs::{CWD, readlinkat};
use rustix::io::Errno;
use sys::clone::flag;

use crate::error::LaunchError;

/// The first process of a container that runs. Both descriptors must stay with the process that was
/// meant, whoever gets its number later.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The process.
    pub pidfd: BorrowedFd<'a>,
    /// Its directory in /proc.
    pub proc: BorrowedFd<'a>,
}

impl Target<'_> {
    /// Those of its namespaces that are not ours (bits of [`flag`]).
    pub(crate) fn foreign(&self) -> Result<u64, LaunchError> {
        NamespaceKind::ALL.into_iter().try_fold(0, |foreign, kind| {
            let differs =
                self.differs(kind).map_err(LaunchError::host("look at the container's", "namespaces"))?;
            Ok(if differs { foreign | bit(kind) } else { foreign })
        })
    }

    fn differs(&self, kind: NamespaceKind) -> Result<bool, Errno> {
        let name = format!("ns/{}", kind.proc_name());
        let ours = match readlinkat(CWD, format!("/proc/thread-self/{name}"), Vec::new()) {
            // A kernel without this kind has one for all.
            Err(Errno::NOENT) => return Ok(false),
            other => other?,
        };
        Ok(readlinkat(self.proc, name, Vec::new())? != ours)
    }
}

/// The kernel's flag for a kind of namespace.
pub(crate) fn bit(kind: NamespaceKind) -> u64 {
    match kind {
        NamespaceKind::User => flag::NEWUSER,
        NamespaceKind::Pid => flag::NEWPID,
        NamespaceKind::Mount => flag::NEWNS,
        NamespaceKind::Ipc => flag::NEWIPC,
        NamespaceKind::Uts => flag::NEWUTS,
        NamespaceKind::Cgroup => flag::NEWCGROUP,
        NamespaceKind::Time => flag::NEWTIME,
        NamespaceKind::Network => flag::NEWNET,
    }
}
