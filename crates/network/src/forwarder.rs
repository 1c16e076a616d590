//! The life of a forwarder: sockets before the container, a process beside it.

use std::net::SocketAddr;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use model::publish::{Protocol, Publish};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};
use rustix::process::Pid;

use crate::carry::{Capacity, Carrier};
use crate::confine::{self, Fault, Guard, Place};
use crate::error::{Errand, NetworkError};
use crate::worker::{self, Serving, Worker};

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
    /// [`NetworkError::TooMany`], [`NetworkError::Fork`], [`NetworkError::Confine`], [`NetworkError::Died`];
    /// nothing is left then.
    pub fn serve(self, container: BorrowedFd<'_>, guard: &Guard) -> Result<Serving, NetworkError> {
        let capacity = Capacity::of(self.listeners.len())?;
        worker::employ(Work { listeners: self.listeners, container, capacity, guard })
    }
}

/// What the process is to do.
struct Work<'a> {
    listeners: Vec<Listener>,
    container: BorrowedFd<'a>,
    capacity: Capacity,
    guard: &'a Guard,
}

impl Worker for Work<'_> {
    const ERRAND: Errand = Errand::Ports;

    fn confine(&self, status: BorrowedFd<'_>, keeper: Pid) -> Result<(), Fault> {
        let mut kept: Vec<BorrowedFd<'_>> = self.listeners.iter().map(|at| at.socket.as_fd()).collect();
        kept.extend([self.container, status]);
        let open_files = self.capacity.open_files;
        let place = Place { network: Some(self.container), kept: &kept, open_files, name: c"coffer-ports" };
        confine::confine(&place, self.guard, keeper)
    }

    fn work(self) {
        Carrier::new(self.listeners, self.container, self.capacity).run();
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
}
