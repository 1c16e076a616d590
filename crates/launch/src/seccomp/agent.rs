//! Telling a seccomp agent of a container whose calls it answers (config-linux.md "The Container Process
//! State").

use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketAddrUnix, SocketFlags,
    SocketType, connect, send, sendmsg, socket_with,
};
use serde::Serialize;

use crate::error::LaunchError;

/// How long an agent may take to accept, and to read; it has nothing else to do at a start.
const PATIENCE: Duration = Duration::from_secs(10);

/// What an agent is told, to be written as JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProcessState<'a, S> {
    oci_version: &'a str,
    /// What the descriptors are that come along.
    fds: [&'static str; 1],
    pid: i32,
    #[serde(skip_serializing_if = "str::is_empty")]
    metadata: &'a str,
    state: &'a S,
}

impl<'a, S: Serialize> ProcessState<'a, S> {
    /// Of the process `pid`, as this host sees it, whose container is as `state` says; `metadata` is the
    /// profile's.
    pub fn new(oci_version: &'a str, pid: i32, metadata: &'a str, state: &'a S) -> Self {
        Self { oci_version, fds: ["seccompFd"], pid, metadata, state }
    }
}

/// Sends `process_state`, a [`ProcessState`] as JSON, and `listener` to whoever listens on the Unix socket
/// at `path`, over a connection that serves nothing else.
///
/// # Errors
/// [`LaunchError::Host`]: nobody is there, or they did not take it within ten seconds.
pub fn tell(path: &str, process_state: &[u8], listener: BorrowedFd<'_>) -> Result<(), LaunchError> {
    tell_within(PATIENCE, path, process_state, listener)
        .map_err(LaunchError::host("hand the filter's listener to the seccomp agent", path))
}

fn tell_within(
    patience: Duration,
    path: &str,
    process_state: &[u8],
    listener: BorrowedFd<'_>,
) -> Result<(), Errno> {
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    // The kernel's limit on sending is its limit on connecting, too.
    set_socket_timeout(&socket, Timeout::Send, Some(patience))?;
    connect(&socket, &SocketAddrUnix::new(path)?).map_err(too_slow)?;
    let sent = send_first(&socket, process_state, listener).map_err(too_slow)?;
    let mut rest = process_state.get(sent..).unwrap_or_default();
    while !rest.is_empty() {
        let sent = send(&socket, rest, SendFlags::NOSIGNAL).map_err(too_slow)?;
        rest = rest.get(sent..).unwrap_or_default();
    }
    Ok(())
}

/// Descriptors travel with the first piece.
fn send_first(socket: &OwnedFd, bytes: &[u8], descriptor: BorrowedFd<'_>) -> Result<usize, Errno> {
    let descriptors = [descriptor];
    let mut space = [MaybeUninit::<u8>::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(Errno::TOOBIG);
    }
    sendmsg(socket, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL)
}

/// A limit on time that is reached is EAGAIN to the kernel.
fn too_slow(errno: Errno) -> Errno {
    if errno == Errno::AGAIN { Errno::TIMEDOUT } else { errno }
}

#[cfg(test)]
mod tests {
    use std::io::{IoSliceMut, Read as _};
    use std::os::fd::AsFd as _;
    use std::os::unix::net::{UnixListener, UnixStream};

    use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

    use super::*;

    /// What an agent reads until the connection is closed, and what came along.
    fn read(mut connection: &UnixStream) -> (Vec<u8>, Vec<OwnedFd>) {
        let (mut bytes, mut descriptors) = (vec![0; 16], Vec::new());
        let mut space = [MaybeUninit::<u8>::uninit(); rustix::cmsg_space!(ScmRights(4))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut slices = [IoSliceMut::new(&mut bytes)];
        let length = recvmsg(connection, &mut slices, &mut control, RecvFlags::empty()).unwrap().bytes;
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(received) = message {
                descriptors.extend(received);
            }
        }
        bytes.truncate(length);
        connection.read_to_end(&mut bytes).unwrap();
        (bytes, descriptors)
    }

    #[test]
    fn an_agent_gets_the_state_and_one_descriptor_and_then_an_end() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("agent");
        let agent = UnixListener::bind(&path).unwrap();
        let agent = std::thread::spawn(move || read(&agent.accept().unwrap().0));
        // More than a socket takes at once.
        let state = vec![b'x'; 1 << 20];
        let (listener, other_end) = UnixStream::pair().unwrap();
        tell(path.to_str().unwrap(), &state, listener.as_fd()).unwrap();
        drop(listener);
        let (bytes, descriptors) = agent.join().unwrap();
        assert_eq!(bytes, state);
        assert_eq!(descriptors.len(), 1);
        drop(descriptors);
        assert_eq!((&other_end).read(&mut [0]).unwrap(), 0, "it was our descriptor that they got");
    }

    #[test]
    fn an_agent_that_is_not_there_or_does_not_accept_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("agent");
        let (listener, _other_end) = UnixStream::pair().unwrap();
        let name = path.to_str().unwrap();
        let error = tell(name, b"{}", listener.as_fd()).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains("no such file"), "{error}");

        let agent = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap();
        rustix::net::bind(&agent, &SocketAddrUnix::new(name).unwrap()).unwrap();
        rustix::net::listen(&agent, 0).unwrap();
        let patience = Duration::from_millis(20);
        let told = |_| tell_within(patience, name, b"{}", listener.as_fd());
        assert_eq!((0..4).map(told).find(Result::is_err), Some(Err(Errno::TIMEDOUT)));
    }
}
