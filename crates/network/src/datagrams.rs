//! Datagrams: each peer on the host has a socket of its own in the container, so that answers find back.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

use crate::forwarder::Listener;

/// A peer that was silent for so long is forgotten.
pub(crate) const SILENCE: Duration = Duration::from_secs(60);

/// Datagrams of one socket that are carried before others have their turn.
const TURN: usize = 64;

/// Everybody who sent a datagram lately.
#[derive(Debug, Default)]
pub(crate) struct Peers(Vec<Peer>);

/// Somebody on the host who sent a datagram.
#[derive(Debug)]
struct Peer {
    listener: usize,
    address: SocketAddr,
    /// In the container, connected to the port.
    socket: OwnedFd,
    heard: Instant,
}

impl Peers {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Their sockets, in order.
    pub(crate) fn sockets(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.0.iter().map(|peer| peer.socket.as_fd())
    }

    /// Carries what came to a listener into the container. With as many peers as there is `room` for, the
    /// one that was silent longest is forgotten for a new one.
    pub(crate) fn hear(&mut self, index: usize, listener: &Listener, room: usize, piece: &mut [u8]) {
        for _ in 0..TURN {
            let (length, from) =
                match rustix::net::recvfrom(&listener.socket, &mut *piece, RecvFlags::DONTWAIT) {
                    Ok((length, _, Some(from))) => (length, from),
                    Err(Errno::AGAIN) => return,
                    // About an answer of ours that nobody took; it is not about this socket.
                    _ => continue,
                };
            let Ok(address) = SocketAddr::try_from(from) else { continue };
            if let Some(peer) = self.peer(index, address, listener.publish.port, room) {
                peer.heard = Instant::now();
                let datagram = piece.get(..length).unwrap_or_default();
                // Datagrams may be lost; that nobody listens yet is told by the next answer.
                let _lost = rustix::net::send(&peer.socket, datagram, SendFlags::DONTWAIT);
            }
        }
    }

    fn peer(&mut self, listener: usize, address: SocketAddr, port: u16, room: usize) -> Option<&mut Peer> {
        let known = |peer: &Peer| (peer.listener, peer.address) == (listener, address);
        if let Some(index) = self.0.iter().position(known) {
            return self.0.get_mut(index);
        }
        if room == 0 {
            return None;
        }
        while self.0.len() >= room {
            let longest =
                self.0.iter().enumerate().min_by_key(|(_, peer)| peer.heard).map(|(index, _)| index);
            self.0.swap_remove(longest?);
        }
        let socket = connected(port).ok()?;
        self.0.push(Peer { listener, address, socket, heard: Instant::now() });
        self.0.last_mut()
    }

    /// Carries what the container answered back to the peer.
    pub(crate) fn answer(&mut self, index: usize, listeners: &[Listener], piece: &mut [u8]) {
        let Some(peer) = self.0.get_mut(index) else { return };
        let Some(listener) = listeners.get(peer.listener) else { return };
        for _ in 0..TURN {
            match rustix::net::recv(&peer.socket, &mut *piece, RecvFlags::DONTWAIT) {
                Ok((length, _)) => {
                    peer.heard = Instant::now();
                    let datagram = piece.get(..length).unwrap_or_default();
                    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
                    let _lost = rustix::net::sendto(&listener.socket, datagram, flags, &peer.address);
                }
                // Nobody listened when the last one came.
                Err(Errno::CONNREFUSED) => {}
                Err(_) => return,
            }
        }
    }

    /// Lets go of those that were silent for long.
    pub(crate) fn forget(&mut self, now: Instant) {
        self.0.retain(|peer| now.saturating_duration_since(peer.heard) < SILENCE);
    }
}

/// A socket to the port in the namespace that we are in.
fn connected(port: u16) -> Result<OwnedFd, Errno> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(AddressFamily::INET, SocketType::DGRAM, flags, None)?;
    rustix::net::connect(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    Ok(socket)
}
