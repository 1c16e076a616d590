//! The life of a forwarder: sockets before the container, a process beside it.

use std::net::SocketAddr;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use model::publish::{Protocol, Publish};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, pidfd_send_signal, waitid};
use sys::clone::{Cloned, clone3};

use crate::carry::{Capacity, Carrier};
use crate::confine::{self, Guard};
use crate::error::{Confining, NetworkError};

/// Connections that wait to be accepted; the kernel has a limit of its own (`net.core.somaxconn`).
const BACKLOG: i32 = 1024;

/// Sockets of the host that wait for a container.
#[derive(Debug)]
pub struct Forwarder {
    listeners: Vec<Listener>,
}

/// One socket of the host, and where it leads.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) socket: OwnedFd,
    pub(crate) publish: Publish,
}

impl Forwarder {
    /// Binds every port, so that from here on nobody else can have it.
    ///
    /// # Errors
    /// The first port that cannot be had.
    pub fn bind(ports: &[Publish]) -> Result<Self, NetworkError> {
        Capacity::of(ports.len())?;
        let listeners = ports.iter().map(Listener::bind).collect::<Result<_, _>>()?;
        Ok(Self { listeners })
    }

    /// The ports, with those that the kernel has chosen.
    #[must_use]
    pub fn published(&self) -> Vec<Publish> {
        self.listeners.iter().map(|listener| listener.publish).collect()
    }

    #[cfg(test)]
    pub(crate) fn into_listeners(self) -> Vec<Listener> {
        self.listeners
    }

    /// Forwards in a process of its own, into the network namespace of `container` (a pidfd), until that
    /// has ended. When this returns, the process has given up all that `guard` asks for.
    ///
    /// The caller must have a single thread, and be root over the container's user namespace.
    ///
    /// # Errors
    /// [`NetworkError::Fork`], [`NetworkError::Confine`], [`NetworkError::Died`]; nothing is left then.
    pub fn serve(self, container: BorrowedFd<'_>, guard: &Guard) -> Result<Serving, NetworkError> {
        let fork = |errno: Errno| NetworkError::Fork(errno.into());
        let (report, status) = pipe_with(PipeFlags::CLOEXEC).map_err(fork)?;
        let keeper = rustix::process::getpid();
        match clone3(0, None).map_err(fork)? {
            Cloned::Child => self.work(container, guard, status, keeper),
            Cloned::Parent { pidfd, .. } => {
                drop((self, status));
                let serving = Serving { pidfd };
                answer(&report)?;
                Ok(serving)
            }
        }
    }

    /// The process itself.
    fn work(self, container: BorrowedFd<'_>, guard: &Guard, status: OwnedFd, keeper: Pid) -> ! {
        let capacity = Capacity::of(self.listeners.len());
        let mut kept: Vec<BorrowedFd<'_>> = self.listeners.iter().map(|at| at.socket.as_fd()).collect();
        kept.extend([container, status.as_fd()]);
        let confined = match &capacity {
            Ok(capacity) => confine::confine(container, &kept, capacity.open_files, guard, keeper),
            Err(_) => Err((Confining::OpenFiles, Errno::MFILE)),
        };
        let report = match confined {
            Ok(()) => Vec::new(),
            Err((step, errno)) => [&[step.to_byte()], errno.raw_os_error().to_ne_bytes().as_slice()].concat(),
        };
        let told = rustix::io::write(&status, if report.is_empty() { &[READY] } else { &report });
        let (Ok(_), Ok(capacity), true) = (told, capacity, report.is_empty()) else { sys::exec::exit(1) };
        drop(status);
        Carrier::new(self.listeners, container, capacity).run();
        sys::exec::exit(0)
    }
}

/// What the process says when it is confined and about to serve.
const READY: u8 = 0xff;

/// Reads what the process says of itself.
fn answer(report: &OwnedFd) -> Result<(), NetworkError> {
    let mut said = [0; 5];
    let length = loop {
        match rustix::io::read(report, &mut said) {
            Err(Errno::INTR) => {}
            length => break length.unwrap_or(0),
        }
    };
    let [step, errno @ ..] = said;
    match (length, Confining::from_byte(step)) {
        (1, None) if step == READY => Ok(()),
        (5, Some(step)) => {
            let source = std::io::Error::from_raw_os_error(i32::from_ne_bytes(errno));
            Err(NetworkError::Confine { step, source })
        }
        _ => Err(NetworkError::Died),
    }
}

impl Listener {
    fn bind(publish: &Publish) -> Result<Self, NetworkError> {
        let socket = bound(publish).map_err(NetworkError::listen(publish))?;
        let chosen = rustix::net::getsockname(&socket).and_then(SocketAddr::try_from);
        let host_port = chosen.map_err(NetworkError::listen(publish))?.port();
        Ok(Self { socket, publish: Publish { host_port, ..*publish } })
    }
}

fn bound(publish: &Publish) -> Result<OwnedFd, Errno> {
    let host = publish.host();
    let family = if host.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let kind = match publish.protocol {
        Protocol::Tcp => SocketType::STREAM,
        Protocol::Udp => SocketType::DGRAM,
    };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(family, kind, flags, None)?;
    if host.is_ipv6() {
        // What `[::]` means does not depend on a setting of the host.
        sockopt::set_ipv6_v6only(&socket, true)?;
    }
    if publish.protocol == Protocol::Tcp {
        // Connections that have ended do not keep the port from the next container.
        sockopt::set_socket_reuseaddr(&socket, true)?;
    }
    rustix::net::bind(&socket, &host)?;
    if publish.protocol == Protocol::Tcp {
        rustix::net::listen(&socket, BACKLOG)?;
    }
    Ok(socket)
}

/// A forwarder at work. Dropping it ends it.
#[derive(Debug)]
pub struct Serving {
    pidfd: OwnedFd,
}

impl Serving {
    /// Readable once it has ended, which before the container's end is a fault.
    #[must_use]
    pub fn pidfd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ended_already = pidfd_send_signal(&self.pidfd, Signal::KILL);
        let wait = || waitid(WaitId::PidFd(self.pidfd.as_fd()), WaitIdOptions::EXITED);
        while matches!(wait(), Err(Errno::INTR)) {}
    }
}

#[cfg(test)]
mod tests {
    use model::publish::LOOPBACK;

    use super::*;

    fn any(protocol: Protocol) -> Publish {
        Publish { address: LOOPBACK, host_port: 0, port: 80, protocol }
    }

    #[test]
    fn a_port_is_chosen_and_then_nobody_else_s() {
        for protocol in [Protocol::Tcp, Protocol::Udp] {
            let first = Forwarder::bind(&[any(protocol)]).unwrap();
            let [port] = first.published()[..] else { panic!("one port") };
            assert!(port.host_port > 0 && port.port == 80);
            assert!(matches!(Forwarder::bind(&[port]), Err(NetworkError::InUse { .. })));
            drop(first);
            Forwarder::bind(&[port]).unwrap();
        }
    }

    #[test]
    fn an_address_of_another_host_is_named() {
        let port = Publish { address: "203.0.113.7".parse().unwrap(), ..any(Protocol::Tcp) };
        let error = Forwarder::bind(&[port]).unwrap_err();
        assert_eq!(error.to_string(), "203.0.113.7 is no address of this host");
    }

    #[test]
    fn a_report_is_a_step_and_an_errno_or_the_word_that_all_is_well() {
        let say = |bytes: &[u8]| {
            let (report, status) = pipe_with(PipeFlags::CLOEXEC).unwrap();
            rustix::io::write(&status, bytes).unwrap();
            drop(status);
            answer(&report)
        };
        assert!(say(&[READY]).is_ok());
        assert!(matches!(say(&[]), Err(NetworkError::Died)));
        let errno = Errno::PERM.raw_os_error().to_ne_bytes();
        let failed = say(&[&[Confining::Namespace.to_byte()], errno.as_slice()].concat()).unwrap_err();
        let words = "the process that forwards ports could not enter the container's network: Operation not permitted (os error 1)";
        assert_eq!(failed.to_string(), words);
    }
}
