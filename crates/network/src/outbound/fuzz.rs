//! Entry points for fuzzers and property tests: a hostile container, and nothing but an answer out.

use std::os::fd::{AsFd as _, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::epoll::EventFlags;
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, Shutdown, SocketFlags, SocketType, socketpair};

use super::connection::{Connection, Tools};
use super::frame::Frames;
use super::packet::{Content, Pair, Segment, flag, parse};

/// Reads a packet of a container; returns the bytes of its payload.
#[must_use]
pub fn packet(bytes: &[u8]) -> Option<usize> {
    match parse(bytes)?.content {
        Content::Segment(segment) => Some(segment.payload.len()),
        Content::Datagram(payload) => Some(payload.len()),
    }
}

/// Bytes of `script` for each step of [`conversation`].
pub const STEP: usize = 8;

/// Largest payload of a step.
const PAYLOAD: usize = 300;

/// A connection through which a container and its peer do what `script` says. Returns the most bytes that were
/// held for it; `room` is how many may be.
///
/// # Errors
/// socketpair(2).
pub fn conversation(script: &[u8], room: usize) -> Result<usize, Errno> {
    let (device, container) = line(SocketType::DGRAM)?;
    let (socket, peer) = line(SocketType::STREAM)?;
    let mut frames = Frames::new(device.as_fd());
    let mut piece = vec![0; usize::from(u16::MAX)];
    let start = Instant::now();
    let pair = Pair { source: ([192, 0, 0, 2], 40_000).into(), target: ([198, 51, 100, 1], 80).into() };
    let mut connection = Connection::new(pair, socket, &segment(&[flag::SYN, 0, 0, 0, 0, 0, 0, 7]), 0, start);
    let mut most = 0;
    for (number, step) in (1..).zip(script.chunks_exact(STEP)) {
        let now = start + Duration::from_millis(200) * number;
        let room = room.saturating_sub(connection.held());
        let mut tools = Tools { frames: &mut frames, piece: &mut piece, room, now };
        perform(step, &mut connection, &peer, &mut tools);
        connection.tend(&mut tools);
        // What changes nothing is an answer, too.
        let _turn = connection.advance(&mut tools);
        most = most.max(connection.held());
        let mut answer = [0; 1];
        while rustix::net::recv(&container, &mut answer, RecvFlags::DONTWAIT | RecvFlags::TRUNC).is_ok() {}
    }
    Ok(most)
}

fn line(kind: SocketType) -> Result<(OwnedFd, OwnedFd), Errno> {
    socketpair(AddressFamily::UNIX, kind, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC, None)
}

/// The first byte says who does something: the container speaks, or the peer speaks, ends or listens.
fn perform(step: &[u8], connection: &mut Connection, peer: &OwnedFd, tools: &mut Tools<'_, '_>) {
    let [who, rest @ ..] = step else { return };
    let mut piece = [7; PAYLOAD];
    match who % 8 {
        // Datagrams of a peer that is full are lost, as is its end when it has ended.
        5 => drop(rustix::net::send(peer, &piece, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)),
        6 => drop(rustix::net::recv(peer, &mut piece, RecvFlags::DONTWAIT)),
        7 => drop(rustix::net::shutdown(peer, Shutdown::Write)),
        _ => return connection.hear(&segment(rest), tools),
    }
    connection.wake(EventFlags::IN | EventFlags::OUT, tools);
}

/// Flags, numbers near the beginning, a window, a length.
fn segment(bytes: &[u8]) -> Segment<'static> {
    let at = |place: usize| bytes.get(place).copied().unwrap_or_default();
    let near = |place: usize| u32::from(u16::from_le_bytes([at(place), at(place + 1)])).wrapping_sub(64);
    Segment {
        sequence: near(1),
        acknowledged: near(3),
        flags: at(0),
        window: u16::from(at(5)) << 8,
        largest: Some(at(6).into()),
        scale: Some(at(6) % 15),
        payload: WORDS.get(..usize::from(at(6))).unwrap_or_default(),
    }
}

/// What a container says.
static WORDS: [u8; PAYLOAD] = [7; PAYLOAD];
