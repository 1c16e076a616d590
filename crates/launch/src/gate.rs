//! The gate at which a created container waits for its start, when that comes from another process.
//!
//! The container's first process listens on a socket in its directory. Whoever starts it connects, says
//! Go, and hears over the same connection why it could not be executed; the connection closes as it is.
//! Beside the socket is a file that the waiting process holds locked: exec closes it, so that the kernel
//! itself says whether a container was started.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags, flock, openat, unlinkat};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, listen, socket_with,
};

use crate::channel::{Channel, Fault, Message};
use crate::error::LaunchError;
use crate::seal;
use crate::step::Step;

const SOCKET: &str = "start";
const LOCK: &str = "gate";

/// Both, as the creator makes them.
#[derive(Debug)]
pub struct Gate {
    listener: OwnedFd,
    lock: OwnedFd,
}

impl Gate {
    /// Makes a gate in `directory`, which nobody else may enter.
    ///
    /// # Errors
    /// [`LaunchError::Host`].
    pub fn make(directory: BorrowedFd<'_>) -> Result<Self, LaunchError> {
        Self::try_make(directory).map_err(LaunchError::host("make the gate of the container", ""))
    }

    fn try_make(directory: BorrowedFd<'_>) -> Result<Self, Errno> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let lock = openat(directory, LOCK, flags, Mode::from_raw_mode(0o600))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        let listener = seqpacket()?;
        bind(&listener, &address(directory)?)?;
        listen(&listener, 1)?;
        Ok(Self { listener, lock })
    }

    /// Descriptors that the waiting process keeps.
    pub(crate) fn descriptors(&self) -> [BorrowedFd<'_>; 2] {
        [self.listener.as_fd(), self.lock.as_fd()]
    }

    /// In the container's first process: waits until somebody says Go, and gives the connection and the
    /// state that hooks read. No allocation. Whoever connects and goes away again has said nothing.
    pub(crate) fn wait(&self) -> Result<(Channel, Option<OwnedFd>), Errno> {
        loop {
            let connection = match acceptfrom_closed(&self.listener) {
                Err(Errno::INTR | Errno::CONNABORTED) => continue,
                other => Channel::from(other?),
            };
            let mut state = None;
            if let Ok(Some(Message::Go)) = connection.receive(|descriptor| state = Some(descriptor)) {
                return Ok((connection, state));
            }
        }
    }
}

fn acceptfrom_closed(listener: &OwnedFd) -> Result<OwnedFd, Errno> {
    rustix::net::acceptfrom_with(listener, SocketFlags::CLOEXEC).map(|(connection, _)| connection)
}

/// What the gate of a container says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// Its first process waits there.
    Awaited,
    /// It has passed, or was never made to wait.
    Open,
}

/// Asks the kernel; three system calls.
///
/// # Errors
/// [`LaunchError::Host`].
pub fn passage(directory: BorrowedFd<'_>) -> Result<Passage, LaunchError> {
    let fault = LaunchError::host("look at the gate of the container", "");
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let lock = match openat(directory, LOCK, flags, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(Passage::Open),
        other => other.map_err(fault)?,
    };
    match flock(&lock, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Ok(Passage::Open),
        Err(Errno::WOULDBLOCK) => Ok(Passage::Awaited),
        Err(errno) => Err(LaunchError::host("look at the gate of the container", "")(errno)),
    }
}

/// Starts the container that waits at the gate in `directory`. `program` is its first argument, for
/// messages; `state` is what its startContainer hooks read. When this returns, exec has happened.
///
/// # Errors
/// [`LaunchError::NotWaiting`], [`LaunchError::NotFound`], [`LaunchError::NotExecutable`] or
/// [`LaunchError::Step`]; but for the first, the container is gone then.
pub fn open(
    directory: BorrowedFd<'_>,
    program: &str,
    state: Option<&[u8]>,
    listener: impl FnMut(OwnedFd) -> Result<(), LaunchError>,
) -> Result<(), LaunchError> {
    let channel = match knock(directory) {
        Ok(channel) => channel,
        Err(Errno::NOENT | Errno::CONNREFUSED) => return Err(LaunchError::NotWaiting),
        Err(errno) => return Err(LaunchError::host("reach the gate of the container", "")(errno)),
    };
    let state = state.map(seal::memory_file).transpose().map_err(LaunchError::host("keep the state", ""))?;
    let with: Vec<BorrowedFd<'_>> = state.iter().map(OwnedFd::as_fd).collect();
    channel.send(Message::Go, &with).map_err(LaunchError::host("start the container", ""))?;
    await_exec(&channel, program, listener)?;
    // Left behind by a starter that is killed here, it leads to nobody.
    let _leads_nowhere = unlinkat(directory, SOCKET, AtFlags::empty());
    Ok(())
}

/// Waits until the other end closes, which exec does.
pub(crate) fn await_exec(
    channel: &Channel,
    program: &str,
    mut listener: impl FnMut(OwnedFd) -> Result<(), LaunchError>,
) -> Result<(), LaunchError> {
    loop {
        let mut descriptor = None;
        match channel.receive(|received| descriptor = Some(received)) {
            Ok(None) | Err(Errno::CONNRESET) => return Ok(()),
            Ok(Some(Message::Failed(fault))) => return Err(translate(program, fault)),
            Ok(Some(Message::Listener)) => match descriptor {
                Some(descriptor) => listener(descriptor)?,
                None => return Err(LaunchError::Died),
            },
            Ok(Some(_)) => return Err(LaunchError::Died),
            Err(errno) => return Err(LaunchError::host("start the container", "")(errno)),
        }
    }
}

fn translate(program: &str, Fault { step, errno, .. }: Fault) -> LaunchError {
    if step == Step::Exec {
        return crate::start::exec_error(program.to_owned(), errno);
    }
    LaunchError::Step { step, subject: String::new(), errno }
}

fn knock(directory: BorrowedFd<'_>) -> Result<Channel, Errno> {
    let socket = seqpacket()?;
    connect(&socket, &address(directory)?)?;
    Ok(Channel::from(socket))
}

fn seqpacket() -> Result<OwnedFd, Errno> {
    socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
}

/// By descriptor: the path of the directory may be longer than an address takes.
fn address(directory: BorrowedFd<'_>) -> Result<SocketAddrUnix, Errno> {
    use std::os::fd::AsRawFd as _;
    SocketAddrUnix::new(format!("/proc/self/fd/{}/{SOCKET}", directory.as_raw_fd()))
}
