//! One connection: a client's on the host, and the one that it leads to in the container.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, Shutdown, SocketFlags, SocketType, sockopt};

/// Which end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// On the host.
    Client,
    /// In the container.
    Server,
}

/// Both sockets, and what flows each way.
#[derive(Debug)]
pub(crate) struct Stream {
    client: OwnedFd,
    server: OwnedFd,
    state: State,
    /// From the client to the container.
    up: Flow,
    /// From the container to the client.
    down: Flow,
}

/// How far a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The container has not answered yet.
    Connecting,
    /// Bytes flow.
    Open,
    /// Nothing more can.
    Over,
}

/// One direction.
#[derive(Debug, Default)]
struct Flow {
    /// Read, and not yet taken: at most one piece.
    held: Vec<u8>,
    end: End,
}

/// How much of a direction is behind us.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum End {
    /// More may come.
    #[default]
    Ahead,
    /// Its source has said its last.
    Seen,
    /// The other side knows.
    Told,
}

impl Stream {
    /// Begins to connect to the port in the namespace that we are in.
    pub(crate) fn begin(client: OwnedFd, port: u16) -> Option<Self> {
        // A client that vanishes without a word is noticed by the kernel.
        sockopt::set_socket_keepalive(&client, true).ok()?;
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let server = rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, None).ok()?;
        let state = match rustix::net::connect(&server, &SocketAddr::from((Ipv4Addr::LOCALHOST, port))) {
            Ok(()) => State::Open,
            Err(Errno::INPROGRESS | Errno::INTR) => State::Connecting,
            Err(_) => return None,
        };
        for socket in [&client, &server] {
            // Whoever sent small pieces wanted them to arrive as such; without it they only come later.
            let _slower = sockopt::set_tcp_nodelay(socket, true);
        }
        Some(Self { client, server, state, up: Flow::default(), down: Flow::default() })
    }

    /// Nothing more can flow.
    pub(crate) fn is_over(&self) -> bool {
        self.state == State::Over || (self.up.end == End::Told && self.down.end == End::Told)
    }

    /// The socket of that side and what is waited for there; `None` where nothing of it matters.
    pub(crate) fn wants(&self, side: Side) -> Option<(BorrowedFd<'_>, PollFlags)> {
        let (socket, source, sink) = match side {
            Side::Client => (&self.client, &self.up, &self.down),
            Side::Server => (&self.server, &self.down, &self.up),
        };
        let mut wanted = PollFlags::empty();
        match (self.state, side) {
            (State::Over, _) => return None,
            (State::Connecting, Side::Server) => wanted = PollFlags::OUT,
            (State::Connecting, Side::Client) => {}
            (State::Open, _) => {
                wanted.set(PollFlags::IN, source.end == End::Ahead && source.held.is_empty());
                wanted.set(PollFlags::OUT, !sink.held.is_empty());
            }
        }
        // A socket that both ends have shut says so for ever.
        (!wanted.is_empty() || sink.end != End::Told).then(|| (socket.as_fd(), wanted))
    }

    /// Does what can be done after poll(2) has said something of that side.
    pub(crate) fn carry(&mut self, side: Side, events: PollFlags, piece: &mut [u8]) {
        let wanted = match self.wants(side) {
            None => return,
            Some((_, wanted)) if wanted.is_empty() => {
                // Unasked, it tells only that the connection is broken.
                self.state = State::Over;
                return;
            }
            Some((_, wanted)) => wanted,
        };
        if self.state == State::Connecting {
            self.state = match sockopt::socket_error(&self.server) {
                Ok(Ok(())) => State::Open,
                _ => State::Over,
            };
            return;
        }
        let broken = events.intersects(PollFlags::ERR | PollFlags::HUP);
        let (client, server) = (self.client.as_fd(), self.server.as_fd());
        let (source, sink, ours, theirs) = match side {
            Side::Client => (&mut self.up, &mut self.down, client, server),
            Side::Server => (&mut self.down, &mut self.up, server, client),
        };
        let mut done = Ok(());
        if wanted.contains(PollFlags::OUT) && (broken || events.contains(PollFlags::OUT)) {
            done = sink.flush(ours);
        }
        if wanted.contains(PollFlags::IN) && (broken || events.contains(PollFlags::IN)) {
            done = done.and_then(|()| source.fill(ours, theirs, piece));
        }
        if done.is_err() {
            self.state = State::Over;
        }
    }
}

impl Flow {
    /// Reads once and passes on what it can.
    fn fill(&mut self, from: BorrowedFd<'_>, to: BorrowedFd<'_>, piece: &mut [u8]) -> Result<(), Errno> {
        let length = match rustix::net::recv(from, &mut *piece, RecvFlags::DONTWAIT) {
            Ok((length, _)) => length,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(()),
            Err(errno) => return Err(errno),
        };
        if length == 0 {
            self.end = End::Seen;
            return self.flush(to);
        }
        let read = piece.get(..length).unwrap_or_default();
        let taken = send(to, read)?;
        self.held.extend_from_slice(read.get(taken..).unwrap_or_default());
        Ok(())
    }

    /// Passes on what is held, and then the end if it was seen.
    fn flush(&mut self, to: BorrowedFd<'_>) -> Result<(), Errno> {
        let taken = send(to, &self.held)?;
        self.held.drain(..taken);
        if self.held.is_empty() {
            // A connection that rests keeps no room for what it once held.
            self.held = Vec::new();
            if self.end == End::Seen {
                self.end = End::Told;
                return rustix::net::shutdown(to, Shutdown::Write);
            }
        }
        Ok(())
    }
}

/// How much of it was taken.
fn send(to: BorrowedFd<'_>, bytes: &[u8]) -> Result<usize, Errno> {
    if bytes.is_empty() {
        return Ok(0);
    }
    match rustix::net::send(to, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
        Err(Errno::AGAIN | Errno::INTR) => Ok(0),
        taken => taken,
    }
}
