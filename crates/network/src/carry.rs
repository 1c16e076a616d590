//! The loop of a forwarder: one poll(2) for everything that it holds.

use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::{Duration, Instant};

use model::publish::Protocol;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::SocketFlags;
use rustix::process::{Resource, getrlimit};

use crate::datagrams::{Peers, SILENCE};
use crate::error::NetworkError;
use crate::forwarder::Listener;
use crate::stream::{Side, Stream};

/// Most connections and datagram peers of one container.
const MOST: usize = 1024;

/// Descriptors of a connection: the client's and the container's.
const EACH: usize = 2;

/// Standard streams, the container, the pipe to the keeper, and some air.
const OWN: usize = 16;

/// Largest datagram, and the most that is read of a connection at once.
pub(crate) const PIECE: usize = 65_536;

/// How long new connections wait where the kernel has no room for them.
const BREATHER: Duration = Duration::from_millis(100);

/// How much a forwarder holds at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Capacity {
    /// Connections and datagram peers together.
    pub(crate) connections: usize,
    /// Descriptors for all that.
    pub(crate) open_files: u64,
}

impl Capacity {
    /// What fits beside so many listeners.
    pub(crate) fn of(listeners: usize) -> Result<Self, NetworkError> {
        let limit = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
        Self::within(listeners, limit).ok_or(NetworkError::TooMany { count: listeners, limit })
    }

    fn within(listeners: usize, limit: u64) -> Option<Self> {
        let own = OWN + listeners;
        let room = usize::try_from(limit).unwrap_or(usize::MAX).checked_sub(own)? / EACH;
        let connections = Some(room.min(MOST)).filter(|room| *room > 0)?;
        Some(Self { connections, open_files: (own + connections * EACH) as u64 })
    }
}

/// Everything that a forwarder holds.
pub(crate) struct Carrier<'a> {
    listeners: Vec<Listener>,
    container: BorrowedFd<'a>,
    capacity: Capacity,
    streams: Vec<Stream>,
    peers: Peers,
    /// No room in the kernel until then.
    pause: Option<Instant>,
}

/// What a descriptor of the poll set is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Container,
    Listener(usize),
    Stream(usize, Side),
    Peer(usize),
}

impl<'a> Carrier<'a> {
    pub(crate) fn new(listeners: Vec<Listener>, container: BorrowedFd<'a>, capacity: Capacity) -> Self {
        Self { listeners, container, capacity, streams: Vec::new(), peers: Peers::default(), pause: None }
    }

    /// Carries until the container has ended.
    pub(crate) fn run(&mut self) {
        let mut piece = vec![0; PIECE];
        loop {
            let ready = match self.wait() {
                Ok(ready) => ready,
                Err(Errno::INTR) => continue,
                Err(_) => return,
            };
            for (role, events) in ready {
                match role {
                    Role::Container => return,
                    Role::Listener(index) => self.welcome(index, &mut piece),
                    Role::Stream(index, side) => {
                        if let Some(stream) = self.streams.get_mut(index) {
                            stream.carry(side, events, &mut piece);
                        }
                    }
                    Role::Peer(index) => self.peers.answer(index, &self.listeners, &mut piece),
                }
            }
            self.streams.retain(|stream| !stream.is_over());
            let now = Instant::now();
            self.peers.forget(now);
            self.pause.take_if(|until| *until <= now);
        }
    }

    fn held(&self) -> usize {
        self.streams.len() + self.peers.len()
    }

    /// Whether another connection can be taken.
    fn has_room(&self) -> bool {
        self.held() < self.capacity.connections && self.pause.is_none()
    }

    fn wait(&self) -> Result<Vec<(Role, PollFlags)>, Errno> {
        let mut roles = vec![Role::Container];
        let mut fds = vec![PollFd::from_borrowed_fd(self.container, PollFlags::IN)];
        let mut add = |role, fd, wanted| {
            roles.push(role);
            fds.push(PollFd::from_borrowed_fd(fd, wanted));
        };
        let has_room = self.has_room();
        for (index, listener) in self.listeners.iter().enumerate() {
            // Peers make room for each other; connections wait.
            if has_room || listener.publish.protocol == Protocol::Udp {
                add(Role::Listener(index), listener.socket.as_fd(), PollFlags::IN);
            }
        }
        for (index, stream) in self.streams.iter().enumerate() {
            for side in [Side::Client, Side::Server] {
                if let Some((fd, wanted)) = stream.wants(side) {
                    add(Role::Stream(index, side), fd, wanted);
                }
            }
        }
        for (index, socket) in self.peers.sockets().enumerate() {
            add(Role::Peer(index), socket, PollFlags::IN);
        }
        poll(&mut fds, self.patience().as_ref())?;
        let ready = roles.into_iter().zip(fds.iter().map(PollFd::revents));
        Ok(ready.filter(|(_, events)| !events.is_empty()).collect())
    }

    /// Something may become due without anybody sending anything.
    fn patience(&self) -> Option<Timespec> {
        let peers = (self.peers.len() > 0).then_some(SILENCE);
        let pause = self.pause.map(|_| BREATHER);
        let least = pause.or(peers)?;
        Some(Timespec { tv_sec: least.as_secs() as i64, tv_nsec: i64::from(least.subsec_nanos()) })
    }

    fn welcome(&mut self, index: usize, piece: &mut [u8]) {
        let Some(listener) = self.listeners.get(index) else { return };
        match listener.publish.protocol {
            Protocol::Udp => {
                let room = self.capacity.connections.saturating_sub(self.streams.len());
                self.peers.hear(index, listener, room, piece);
            }
            Protocol::Tcp if self.held() >= self.capacity.connections => {}
            Protocol::Tcp => {
                let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
                match rustix::net::accept_with(&listener.socket, flags) {
                    // A client whose connection into the container cannot even begin is let go.
                    Ok(client) => self.streams.extend(Stream::begin(client, listener.publish.port)),
                    Err(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM) => {
                        self.pause = Some(Instant::now() + BREATHER);
                    }
                    // It is gone already, or somebody's network is.
                    Err(_) => {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
