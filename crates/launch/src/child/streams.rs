//! Standard input, output and error, and the terminal.

use std::os::fd::{AsFd as _, OwnedFd};

use rustix::fs::{CWD, Mode, OFlags, Uid, fchown, fstat, openat};
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, unlockpt};
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};

use super::mounts::{Made, attach, clone_of};
use super::{At as _, Inheritance, Streams};
use crate::channel::{Fault, Message};
use crate::step::Step;

/// Opens a terminal in the container's own devpts, sends the parent its master, and binds the slave
/// to /dev/console.
pub(super) fn open_terminal(inherited: &Inheritance<'_>, made: &Made<'_>) -> Result<Option<OwnedFd>, Fault> {
    if !matches!(inherited.streams, Streams::Terminal) {
        return Ok(None);
    }
    let pts = made.pts.as_ref().ok_or(Errno::NOTTY).at(Step::Terminal, 0)?;
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let master = openat(pts, c"ptmx", flags, Mode::empty()).at(Step::Terminal, 0)?;
    unlockpt(&master).at(Step::Terminal, 0)?;
    // By descriptor, never by the path that the master names (CVE-2025-52565).
    let peer = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let slave = ioctl_tiocgptpeer(&master, peer).at(Step::Terminal, 0)?;
    let uid = Uid::from_raw(inherited.plan.process.uid);
    fchown(&slave, Some(uid), None).at(Step::Terminal, 0)?;
    if let Some(dev) = &made.dev {
        bind_console(dev, &slave).at(Step::Terminal, 1)?;
    }
    inherited.channel.send(Message::Terminal, &[master.as_fd()]).at(Step::Terminal, 2)?;
    Ok(Some(slave))
}

fn bind_console(dev: &OwnedFd, slave: &OwnedFd) -> Result<(), Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    openat(dev, c"console", flags, Mode::from_raw_mode(0o600))?;
    let place = openat(dev, c"console", OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    attach(&clone_of(slave)?, &place)
}

/// Makes a session of its own, and puts the three descriptors where programs expect them. Everything
/// above them closes on exec.
pub(super) fn arrange(inherited: &Inheritance<'_>, terminal: Option<OwnedFd>) -> Result<(), Fault> {
    rustix::process::setsid().at(Step::Session, 0)?;
    match (inherited.streams, terminal) {
        (Streams::Pipes { stdin, stdout, stderr }, _) => {
            match stdin {
                Some(stdin) => dup2_stdin(stdin),
                None => open_null().and_then(dup2_stdin),
            }
            .at(Step::Streams, 0)?;
            dup2_stdout(stdout).at(Step::Streams, 1)?;
            dup2_stderr(stderr).at(Step::Streams, 2)?;
        }
        (Streams::Terminal, Some(slave)) => {
            rustix::process::ioctl_tiocsctty(&slave).at(Step::Terminal, 3)?;
            dup2_stdin(&slave).at(Step::Streams, 0)?;
            dup2_stdout(&slave).at(Step::Streams, 1)?;
            dup2_stderr(&slave).at(Step::Streams, 2)?;
        }
        (Streams::Terminal, None) => return Err(Errno::NOTTY).at(Step::Terminal, 0),
    }
    // Whatever the caller of the engine leaked into it must not reach the image (CVE-2024-21626).
    sys::fds::close_on_exec_from(3).at(Step::Streams, 3)
}

/// The container's own null device: one of the host could not be reopened through /proc/self/fd.
fn open_null() -> Result<OwnedFd, Errno> {
    let null = openat(CWD, c"/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
    if fstat(&null)?.st_rdev == rustix::fs::makedev(1, 3) { Ok(null) } else { Err(Errno::NODEV) }
}
