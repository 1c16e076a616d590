//! Standard input, output and error, and the terminal.

use std::os::fd::{AsFd as _, OwnedFd};

use rustix::fs::{
    CWD, FileType, Mode, OFlags, ResolveFlags, Uid, fchown, fcntl_setfl, fstat, fstatfs, makedev, openat,
};
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, unlockpt};
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};

use super::mounts::{Made, attach, clone_of, open_below, open_in_root};
use super::{At as _, Inheritance, Streams};
use crate::channel::{Channel, Fault, Message};
use crate::gate::Gate;
use crate::plan::{Keeper, Plan};
use crate::step::Step;

/// DEVPTS_SUPER_MAGIC (linux/magic.h).
const DEVPTS_MAGIC: u64 = 0x1cd1;
/// /dev/ptmx (devices.txt).
const PTMX: (u32, u32) = (5, 2);
/// /dev/null (devices.txt).
const NULL: (u32, u32) = (1, 3);

/// Opens a terminal in the container's own devpts, sends the parent its master, and binds the slave
/// to /dev/console.
pub(super) fn open_terminal(inherited: &Inheritance<'_>, made: &Made<'_>) -> Result<Option<OwnedFd>, Fault> {
    if !matches!(inherited.streams, Streams::Terminal { .. }) {
        return Ok(None);
    }
    let pts = made.pts.as_ref().ok_or(Errno::NOTTY).at(Step::Terminal, 0)?;
    let slave = pair(pts, inherited.plan, inherited.channel)?;
    if let Some(dev) = &made.dev {
        bind_console(dev, &slave).at(Step::Terminal, 1)?;
    }
    Ok(Some(slave))
}

/// The same in a container that runs, which may have put anything on its /dev/pts since it was started.
pub(super) fn open_terminal_inside(
    streams: Streams<'_>,
    plan: &Plan,
    channel: &Channel,
) -> Result<Option<OwnedFd>, Fault> {
    if !matches!(streams, Streams::Terminal { .. }) {
        return Ok(None);
    }
    let pts = root().and_then(|root| open_below(&root, c"dev/pts", ResolveFlags::NO_SYMLINKS));
    let pts = pts.at(Step::Terminal, 4)?;
    match fstatfs(&pts) {
        Ok(stat) if stat.f_type as u64 == DEVPTS_MAGIC => pair(&pts, plan, channel).map(Some),
        Ok(_) => Err(Errno::NOTTY).at(Step::Terminal, 4),
        Err(errno) => Err(errno).at(Step::Terminal, 4),
    }
}

/// A new terminal of the devpts `pts`: the parent gets the master, the container's user owns the slave.
fn pair(pts: &OwnedFd, plan: &Plan, channel: &Channel) -> Result<OwnedFd, Fault> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let master = openat(pts, c"ptmx", flags, Mode::empty()).at(Step::Terminal, 0)?;
    genuine(&master, PTMX).at(Step::Terminal, 0)?;
    unlockpt(&master).at(Step::Terminal, 0)?;
    // By descriptor, never by the path that the master names (CVE-2025-52565).
    let peer = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let slave = ioctl_tiocgptpeer(&master, peer).at(Step::Terminal, 0)?;
    fchown(&slave, Some(Uid::from_raw(plan.process.uid)), None).at(Step::Terminal, 0)?;
    channel.send(Message::Terminal, &[master.as_fd()]).at(Step::Terminal, 2)?;
    Ok(slave)
}

fn bind_console(dev: &OwnedFd, slave: &OwnedFd) -> Result<(), Errno> {
    attach(&clone_of(slave)?, &super::devices::place_for(dev, c"console")?)
}

/// Makes a session of its own, and puts the three descriptors where programs expect them. Everything
/// above them closes on exec.
pub(super) fn arrange(inherited: &Inheritance<'_>, terminal: Option<OwnedFd>) -> Result<(), Fault> {
    let Inheritance { plan, streams, .. } = *inherited;
    rustix::process::setsid().at(Step::Session, 0)?;
    match (streams, terminal) {
        (Streams::Pipes { stdin, stdout, stderr }, _) => {
            match stdin {
                Some(stdin) => dup2_stdin(stdin),
                None => open_null().and_then(dup2_stdin),
            }
            .at(Step::Streams, 0)?;
            dup2_stdout(stdout).at(Step::Streams, 1)?;
            dup2_stderr(stderr).at(Step::Streams, 2)?;
        }
        (Streams::Terminal { .. }, Some(slave)) => {
            rustix::process::ioctl_tiocsctty(&slave).at(Step::Terminal, 3)?;
            become_streams(&slave)?;
        }
        (Streams::Nowhere, _) => become_streams(&open_null().at(Step::Streams, 0)?)?,
        (Streams::Inherited { .. }, _) => hand_over(plan.process.uid),
        (Streams::Terminal { .. }, None) => return Err(Errno::NOTTY).at(Step::Terminal, 0),
    }
    leave_descriptors(inherited)
}

fn become_streams(descriptor: &OwnedFd) -> Result<(), Fault> {
    dup2_stdin(descriptor).at(Step::Streams, 0)?;
    dup2_stdout(descriptor).at(Step::Streams, 1)?;
    dup2_stderr(descriptor).at(Step::Streams, 2)
}

/// Pipes and terminals of the engine's belong to the container's user, who could not reopen them through
/// /proc/self/fd otherwise; what cannot be given away can still be used.
fn hand_over(uid: u32) {
    for stream in [rustix::stdio::stdin(), rustix::stdio::stdout(), rustix::stdio::stderr()] {
        let Ok(stat) = fstat(stream) else { continue };
        let device = FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice;
        let null = device && stat.st_rdev == makedev(NULL.0, NULL.1);
        if !null && stat.st_uid != uid {
            let _still_usable = fchown(stream, Some(Uid::from_raw(uid)), None);
        }
    }
}

/// Whatever the caller of the engine leaked into it must not reach the image (CVE-2024-21626). A process
/// that waits for its start in another command holds nothing open meanwhile that it does not need.
fn leave_descriptors(inherited: &Inheritance<'_>) -> Result<(), Fault> {
    let Inheritance { plan, channel, streams, gate, .. } = *inherited;
    let first = streams.first_of_ours();
    if plan.manner.keeper == Keeper::Nobody {
        let ours = channel.as_fd();
        let [listener, lock] = gate.map_or([ours, ours], Gate::descriptors);
        sys::fds::keep_only(first, &[ours, listener, lock]).at(Step::Streams, 3)?;
    }
    sys::fds::close_on_exec_from(first).at(Step::Streams, 3)
}

/// The container's own null device: one of the host could not be reopened through /proc/self/fd. What has
/// its name in a container that runs may be anything: it is not followed, not waited for, and looked at.
fn open_null() -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOCTTY;
    let null = open_in_root(&root()?, c"dev/null", flags, ResolveFlags::NO_SYMLINKS)?;
    genuine(&null, NULL)?;
    fcntl_setfl(&null, OFlags::empty())?;
    Ok(null)
}

fn root() -> Result<OwnedFd, Errno> {
    openat(CWD, c"/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

/// A device is known by its number, never by its name (CVE-2025-31133).
fn genuine(device: &OwnedFd, (major, minor): (u32, u32)) -> Result<(), Errno> {
    let stat = fstat(device)?;
    let is_character = FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice;
    if is_character && stat.st_rdev == makedev(major, minor) { Ok(()) } else { Err(Errno::NODEV) }
}
