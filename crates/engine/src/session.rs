//! A user's session: one user and mount namespace for all of their commands, so that each may signal,
//! enter and read what another has started.
//!
//! `session` in the state directory lists the processes that live in it, the latest first: it lies beside
//! the containers that they keep, so that whoever finds those finds these. Whoever comes takes the file's
//! lock and joins the first process that is still there, or makes a new session and is the first in it.
//! Nobody takes their line out; who comes next recognises what is gone.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use launch::session::{Joined, enter, join};
use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::io::Errno;

use crate::error::EngineError;
use crate::host::session_map;
use crate::site::{Invoker, Site};
use crate::state::{ProcessId, StateError};

pub use launch::session::{Side, split_off, stay_behind};

/// Largest list that is read, in bytes: ten thousand processes.
const MAX_SIZE: u64 = 1 << 20;
/// From so many lines on, all of them are looked at whenever their number has doubled.
const FEW: usize = 32;

/// What a command is going to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To look at what is there, or to change it.
    Look,
    /// To start a container and look after it: others will join its session.
    Start,
}

/// Moves a user's process into their session, before it has a second thread. Where it had to be made, a
/// process waits outside, and a byte through what is returned lets it go before this one ends. For root
/// there is nothing to enter.
///
/// # Errors
/// [`StateError`] where the list cannot be had; [`launch::LaunchError`] where this host has no session
/// to give.
pub fn begin(site: &Site, purpose: Purpose) -> Result<Option<OwnedFd>, EngineError> {
    let Invoker::Rootless { uid, gid } = site.invoker else { return Ok(None) };
    site.prepare()?;
    if purpose == Purpose::Start {
        // Without one, `explain` and the verdict say that nothing limits the container.
        let _limits_need_it = launch::cgroup::delegate(uid);
    }
    let mut list = List::lock(site.session())?;
    let outside = match list.join()? {
        Joined::Inside if purpose == Purpose::Look => return Ok(None),
        Joined::Inside => None,
        Joined::Outside => Some(enter(&session_map(uid, gid))?),
    };
    list.add_us()?;
    Ok(outside)
}

/// Enlists this process too: for a child that stays when the one that began the session ends.
///
/// # Errors
/// [`StateError`] where the list cannot be had.
pub fn stay(site: &Site) -> Result<(), EngineError> {
    if let Invoker::Rootless { .. } = site.invoker {
        List::lock(site.session())?.add_us()?;
    }
    Ok(())
}

/// The list, and its lock.
struct List {
    path: PathBuf,
    file: File,
    processes: Vec<ProcessId>,
}

impl List {
    fn lock(path: PathBuf) -> Result<Self, StateError> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::open(&path, flags, Mode::RUSR | Mode::WUSR)
            .map_err(StateError::errno("open", &path))?;
        while let Err(errno) = flock(&file, FlockOperation::LockExclusive) {
            if errno != Errno::INTR {
                return Err(StateError::errno("lock", &path)(errno));
            }
        }
        let (mut file, mut text) = (File::from(file), Vec::new());
        (&mut file).take(MAX_SIZE).read_to_end(&mut text).map_err(StateError::io("read", &path))?;
        Ok(Self { processes: parse(&text), path, file })
    }

    /// Joins the first process that is there; those before it are not.
    fn join(&mut self) -> Result<Joined, EngineError> {
        while let Some(first) = self.processes.first() {
            let pidfd = first.pidfd().map_err(StateError::io("look for processes of", &self.path))?;
            if let Some(pidfd) = pidfd
                && join(pidfd.as_fd())? == Joined::Inside
            {
                return Ok(Joined::Inside);
            }
            self.processes.remove(0);
        }
        Ok(Joined::Outside)
    }

    fn add_us(&mut self) -> Result<(), StateError> {
        let us = || ProcessId::of(rustix::process::getpid().as_raw_nonzero().get());
        let added = us().and_then(|us| {
            self.processes.insert(0, us);
            self.write()
        });
        added.map_err(StateError::io("write to", &self.path))
    }

    /// What is cut off half-way is no process's line, or a process's that is there.
    fn write(&mut self) -> io::Result<()> {
        let count = self.processes.len();
        if count >= FEW && count.is_power_of_two() {
            self.processes.retain(|process| process.open().is_some());
        }
        let text: String = self.processes.iter().map(line).collect();
        self.file.write_all_at(text.as_bytes(), 0)?;
        self.file.set_len(text.len() as u64)
    }
}

/// The process outside has the same open file, and would keep the lock as long as it waits.
impl Drop for List {
    fn drop(&mut self) {
        let _cannot_fail = flock(&self.file, FlockOperation::Unlock);
    }
}

fn line(process: &ProcessId) -> String {
    let ProcessId { pid, start_ticks, boot } = process;
    format!("{pid} {start_ticks} {boot}\n")
}

/// Lines that are none are left out.
fn parse(text: &[u8]) -> Vec<ProcessId> {
    let process = |line: &str| {
        let mut words = line.split(' ');
        let (pid, start_ticks) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let boot = words.next().filter(|boot| !boot.is_empty())?.to_owned();
        words.next().is_none().then_some(ProcessId { pid, start_ticks, boot })
    };
    String::from_utf8_lossy(text).lines().filter_map(process).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn process(pid: i32) -> ProcessId {
        ProcessId { pid, start_ticks: 7, boot: "another-boot".into() }
    }

    fn list(lines: impl IntoIterator<Item = ProcessId>) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("session");
        std::fs::write(&path, lines.into_iter().map(|process| line(&process)).collect::<String>()).unwrap();
        (directory, path)
    }

    #[test]
    fn a_process_of_another_boot_is_not_joined_and_its_line_goes() {
        let (_directory, path) = list([process(1), process(2)]);
        let mut list = List::lock(path.clone()).unwrap();
        assert_eq!(list.join().unwrap(), Joined::Outside);
        list.add_us().unwrap();
        drop(list);
        let processes = List::lock(path).unwrap().processes.clone();
        assert_eq!(processes.len(), 1);
        assert!(processes[0].open().is_some());
    }

    #[test]
    fn the_latest_comes_first_and_the_lock_is_let_go_of() {
        let (_directory, path) = list([]);
        for _ in 0..2 {
            List::lock(path.clone()).unwrap().add_us().unwrap();
        }
        let mut list = List::lock(path).unwrap();
        list.processes.push(process(9));
        list.add_us().unwrap();
        assert_eq!(list.processes.len(), 4);
        assert_eq!(list.processes.last(), Some(&process(9)));
    }

    #[test]
    fn lines_of_the_gone_do_not_pile_up_behind_one_that_stays() {
        let (_directory, path) = list((1..100).map(process));
        for _ in 0..40 {
            List::lock(path.clone()).unwrap().add_us().unwrap();
        }
        let list = List::lock(path).unwrap();
        assert!(list.processes.len() < 64, "{}", list.processes.len());
        assert!(list.processes.iter().all(|process| process.open().is_some()));
    }

    #[test]
    fn a_link_in_the_list_s_place_is_not_followed() {
        let (directory, path) = list([]);
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(List::lock(link).is_err());
    }

    proptest! {
        #[test]
        fn lists_are_read_as_they_were_written(numbers in prop::collection::vec((any::<i32>(), any::<u64>()), 0..9)) {
            let processes: Vec<_> = numbers
                .into_iter()
                .map(|(pid, start_ticks)| ProcessId { pid, start_ticks, boot: "b-1".into() })
                .collect();
            prop_assert_eq!(parse(processes.iter().map(line).collect::<String>().as_bytes()), processes);
        }

        #[test]
        fn any_bytes_are_read(bytes in any::<Vec<u8>>(), text in "([0-9]{0,12} ?){0,4}\n") {
            let _any = (parse(&bytes), parse(text.as_bytes()));
        }
    }
}
