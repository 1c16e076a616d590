//! Splitting the engine's process in two, so that one can wait while the other works; and joining what
//! another has split.
//!
//! [`enter`] is for rootless use: it moves the engine itself into a user namespace in which it is root
//! over the user's own ids. The rest of the house is then the same for both: the engine in its session is
//! to the container what root is to it elsewhere. The process that was started stays outside, writes the
//! maps (with the set-user-id helpers newuidmap and newgidmap where the user has subordinate ids), waits
//! and passes the exit status on; the other goes on inside. [`join`] needs none of that: it goes where
//! another process of the user is.
//!
//! [`stay_behind`] does the same without a namespace, for a container whose terminal may be left: when
//! the one that works says so, the one that waits ends.

mod barrier;
mod join;

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::process::Command;

use model::spec::IdMapping;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{
    DumpableBehavior, Signal, WaitId, WaitIdOptions, pidfd_send_signal, set_dumpable_behavior, waitid,
};
use sys::clone::{Cloned, clone3, flag};
use sys::signal::{SignalSet, next_signal, set_mask, signalfd};

use crate::channel::{Channel, Message};
use crate::error::LaunchError;
use crate::idmap;

pub use barrier::Barrier;
pub use join::{Joined, join};

/// Which ids the session gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionMap {
    /// The user's own id as root, and nothing else.
    Single {
        /// The user.
        uid: u32,
        /// Their group.
        gid: u32,
    },
    /// The user's own id as root, and their subordinate ids from 1 upwards.
    Subordinate {
        /// For users.
        uids: Vec<IdMapping>,
        /// For groups.
        gids: Vec<IdMapping>,
    },
}

/// Splits the process. On the inside this returns; on the outside it does not: the process ends with
/// the inside's exit status, or with 0 when a byte arrives through the pipe that the inside gets.
/// Must be called before any thread is made.
///
/// # Errors
/// [`LaunchError::Host`] on the outside, before anything else has happened.
pub fn enter(map: &SessionMap) -> Result<OwnedFd, LaunchError> {
    split(flag::NEWUSER | flag::NEWNS, Some(map))
}

/// Splits the process as [`enter`] does, in the namespaces in which it is.
///
/// # Errors
/// [`LaunchError::Host`] on the outside, before anything else has happened.
pub fn stay_behind() -> Result<OwnedFd, LaunchError> {
    split(0, None)
}

/// The same for a process that has more to do on the outside.
///
/// # Errors
/// [`LaunchError::Host`] on the outside, before anything else has happened.
pub fn split_off() -> Result<Side, LaunchError> {
    divide(0, None)
}

/// On which side of a split a process goes on.
#[derive(Debug)]
pub enum Side {
    /// Inside; a byte through this lets the outside go.
    Inside(OwnedFd),
    /// Outside.
    Outside(Outside),
}

/// The one that waits.
#[derive(Debug)]
pub struct Outside {
    inside: OwnedFd,
    released: OwnedFd,
    mask: SignalSet,
}

impl Outside {
    /// Waits until the inside ends or lets us go; its exit status, or 0.
    pub fn follow(self) -> i32 {
        let status = follow(self.inside.as_fd(), self.released.as_fd());
        // Only a wrong address could make this fail.
        let _ = set_mask(self.mask);
        status
    }
}

fn split(namespaces: u64, map: Option<&SessionMap>) -> Result<OwnedFd, LaunchError> {
    match divide(namespaces, map)? {
        Side::Inside(release) => Ok(release),
        Side::Outside(outside) => sys::exec::exit(outside.follow()),
    }
}

fn divide(namespaces: u64, map: Option<&SessionMap>) -> Result<Side, LaunchError> {
    let (ours, theirs) = Channel::pair().map_err(LaunchError::host("make a socket pair", ""))?;
    let (released, release) = pipe_with(PipeFlags::CLOEXEC).map_err(LaunchError::host("make a pipe", ""))?;
    let mask = set_mask(SignalSet::FULL).map_err(LaunchError::host("block signals", ""))?;
    let cloned = match clone3(namespaces, None) {
        Err(errno) => {
            set_mask(mask).map_err(LaunchError::host("unblock signals", ""))?;
            return Err(refusal(errno, map));
        }
        Ok(cloned) => cloned,
    };
    match cloned {
        Cloned::Child => {
            drop((ours, released));
            settle(&theirs, map)?;
            set_mask(mask).map_err(LaunchError::host("unblock signals", ""))?;
            Ok(Side::Inside(release))
        }
        Cloned::Parent { pid, pidfd } => {
            drop((theirs, release));
            if let Some(map) = map {
                write_maps(pid, map)?;
            }
            ours.send(Message::Mapped, &[]).map_err(LaunchError::host("start the session", ""))?;
            Ok(Side::Outside(Outside { inside: pidfd, released, mask }))
        }
    }
}

fn refusal(errno: Errno, map: Option<&SessionMap>) -> LaunchError {
    match map {
        Some(_) => barrier::refused(errno),
        None => LaunchError::host("split this process", "")(errno),
    }
}

fn settle(channel: &Channel, map: Option<&SessionMap>) -> Result<(), LaunchError> {
    if channel.expect(Message::Mapped).is_err() {
        // The outside has failed, and says why.
        sys::exec::exit(125);
    }
    if map.is_none() {
        return Ok(());
    }
    become_root()?;
    if let Some(barrier) = barrier::powerless() {
        return Err(LaunchError::Session { barrier });
    }
    // If the outside is killed, nobody would pass on signals or the exit status.
    rustix::process::set_parent_process_death_signal(Some(Signal::TERM)).map_err(not_root())
}

/// A change of ids can close /proc/PID to the user's other processes, which have to find the session.
fn become_root() -> Result<(), LaunchError> {
    use rustix::fs::{Gid, Uid};
    rustix::thread::set_thread_res_gid(Gid::ROOT, Gid::ROOT, Gid::ROOT).map_err(not_root())?;
    rustix::thread::set_thread_res_uid(Uid::ROOT, Uid::ROOT, Uid::ROOT).map_err(not_root())?;
    set_dumpable_behavior(DumpableBehavior::Dumpable).map_err(not_root())
}

fn not_root() -> impl FnOnce(Errno) -> LaunchError {
    LaunchError::host("become root of the session", "")
}

fn write_maps(pid: i32, map: &SessionMap) -> Result<(), LaunchError> {
    match map {
        SessionMap::Single { uid, gid } => {
            let one = |host_id| [IdMapping { container_id: 0, host_id, size: 1 }];
            idmap::write_file(pid, "setgroups", "deny")?;
            idmap::write(pid, &one(*uid), &one(*gid))
        }
        SessionMap::Subordinate { uids, gids } => {
            helper("newuidmap", pid, uids)?;
            helper("newgidmap", pid, gids)
        }
    }
}

/// newuidmap(1): `newuidmap PID INSIDE OUTSIDE COUNT ...`, checked by it against /etc/subuid.
fn helper(program: &'static str, pid: i32, map: &[IdMapping]) -> Result<(), LaunchError> {
    let numbers = map.iter().flat_map(|map| [map.container_id, map.host_id, map.size]);
    let status =
        Command::new(program).arg(pid.to_string()).args(numbers.map(|number| number.to_string())).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(LaunchError::host("map the subordinate ids with", program)(Errno::PERM)),
        Err(error) => {
            let errno = error.raw_os_error().map_or(Errno::IO, Errno::from_raw_os_error);
            Err(LaunchError::host("run", program)(errno))
        }
    }
}

/// Passes signals in until the inside ends or lets us go; returns the exit status. Signals from the
/// terminal reach the inside by themselves, so they are only swallowed here.
fn follow(inside: BorrowedFd<'_>, released: BorrowedFd<'_>) -> i32 {
    let Ok(signals) = signalfd(SignalSet::FULL) else { return 125 };
    loop {
        let mut ready =
            [inside, released, signals.as_fd()].map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN));
        let _interrupted = poll(&mut ready, None);
        let [inside_ready, released_ready, _] = ready.map(|fd| !fd.revents().is_empty());
        // The inside's end of the pipe closes when it ends, so its end is looked at first.
        if inside_ready {
            return status_of(inside);
        }
        if released_ready && rustix::io::read(released, &mut [0]) == Ok(1) {
            return 0;
        }
        while let Ok(Some(number)) = next_signal(signals.as_fd()) {
            if number == Signal::CHILD.as_raw() {
                stop_with(inside);
            } else {
                pass_on(inside, number);
            }
        }
    }
}

/// When the inside is stopped (Ctrl-Z), so are we, or the shell would go on waiting. Both are continued by
/// the shell, which continues their process group.
fn stop_with(inside: BorrowedFd<'_>) {
    let look = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG;
    let status = waitid(WaitId::PidFd(inside), look).ok().flatten();
    if status.is_some_and(|status| status.stopped()) {
        let _cannot_be_refused = rustix::process::kill_process(rustix::process::getpid(), Signal::STOP);
    }
}

fn status_of(inside: BorrowedFd<'_>) -> i32 {
    match waitid(WaitId::PidFd(inside), WaitIdOptions::EXITED) {
        Ok(Some(status)) => status.exit_status().unwrap_or(128 + status.terminating_signal().unwrap_or(0)),
        _ => 125,
    }
}

fn pass_on(inside: BorrowedFd<'_>, number: i32) {
    let from_terminal = [Signal::INT, Signal::QUIT, Signal::TSTP, Signal::WINCH, Signal::CHILD];
    if let Some(signal) = Signal::from_named_raw(number).filter(|signal| !from_terminal.contains(signal)) {
        let _gone_already = pidfd_send_signal(inside, signal);
    }
}
