//! The loop of a process that carries outward: one epoll(7) for the device and everything that is open.

use std::net::SocketAddr;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};
use sys::tun::HEADER;

use super::connection::{Connection, Tools, Turn};
use super::device::MTU;
use super::flows::Flow;
use super::frame::{Frames, Says};
use super::outside::{CONTAINER, CONTAINER_6};
use super::packet::{Content, Packet, Pair, Segment, flag, parse};
use super::reach::Reach;
use super::table::{Kind, Name, Table, Talk};

/// Most bytes that are held for all connections together.
const MOST_HELD: usize = 64 << 20;

/// Packets that are read before others have their turn.
const TURN: usize = 64;

/// How often is looked at what is due, while something is on its way.
const TICK: Duration = Duration::from_millis(200);

/// The same while everything rests.
const REST: Duration = Duration::from_secs(5);

/// Events that are taken at once.
const EVENTS: usize = 128;

/// What is waited for besides everything that is open; no name of a table is as high.
const CONTAINER_ENDED: u64 = u64::MAX;
const DEVICE: u64 = u64::MAX - 1;

/// Everything that such a process holds.
pub(super) struct Traffic<'a> {
    device: BorrowedFd<'a>,
    epoll: OwnedFd,
    reach: Reach,
    table: Table,
    frames: Frames<'a>,
    /// Where bytes of the host go in between.
    piece: Vec<u8>,
    /// Bytes that are held for all connections.
    held: usize,
    /// What has to be looked at in this round.
    stirred: Vec<Name>,
    /// When is looked at what is due.
    tick: Instant,
    start: Instant,
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Going {
    On,
    Over,
}

impl<'a> Traffic<'a> {
    /// For the device of a container (a pidfd), with room for so many connections and flows.
    pub(super) fn new(
        container: BorrowedFd<'a>,
        device: BorrowedFd<'a>,
        reach: Reach,
        most: usize,
    ) -> Result<Self, Errno> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, container, EventData::new_u64(CONTAINER_ENDED), EventFlags::IN)?;
        epoll::add(&epoll, device, EventData::new_u64(DEVICE), EventFlags::IN)?;
        let now = Instant::now();
        Ok(Self {
            device,
            epoll,
            reach,
            table: Table::new(most),
            frames: Frames::new(device),
            piece: vec![0; usize::from(u16::MAX)],
            held: 0,
            stirred: Vec::new(),
            tick: now,
            start: now,
        })
    }

    /// Carries until the container has ended.
    pub(super) fn run(&mut self) {
        let mut events = Vec::with_capacity(EVENTS);
        let mut packet = vec![0; HEADER + usize::from(MTU)];
        loop {
            let timeout = self.patience();
            events.clear();
            match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&timeout)) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return,
            }
            let now = Instant::now();
            for event in &events {
                if self.see(event, &mut packet, now) == Going::Over {
                    return;
                }
            }
            self.settle(now);
            if now >= self.tick {
                self.tend(now);
            }
        }
    }

    fn patience(&self) -> Timespec {
        let wait = match (self.stirred.is_empty(), self.table.len()) {
            (false, _) => Duration::ZERO,
            // Nothing can become due. A day is as good as for ever.
            (true, 0) => Duration::from_secs(86_400),
            (true, _) => self.tick.saturating_duration_since(Instant::now()),
        };
        Timespec { tv_sec: wait.as_secs().cast_signed(), tv_nsec: i64::from(wait.subsec_nanos()) }
    }

    fn see(&mut self, event: &Event, packet: &mut [u8], now: Instant) -> Going {
        let (data, flags) = (event.data, event.flags);
        match data.u64() {
            CONTAINER_ENDED => return Going::Over,
            DEVICE => return self.read(packet, now),
            number => {
                let name = Name::from_number(number);
                self.with(name, now, |talk, tools| {
                    if let Talk::Stream(connection) = talk {
                        connection.wake(flags, tools);
                    }
                });
                self.stirred.push(name);
            }
        }
        Going::On
    }

    /// Reads packets of the container. A device that is gone has no more.
    fn read(&mut self, packet: &mut [u8], now: Instant) -> Going {
        for _ in 0..TURN {
            match rustix::io::read(self.device, &mut *packet) {
                Ok(length) => self.take(packet.get(HEADER..length).unwrap_or_default(), now),
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => {}
                Err(_) => return Going::Over,
            }
        }
        Going::On
    }

    /// Takes one packet of the container; what makes no sense is dropped.
    pub(super) fn take(&mut self, bytes: &[u8], now: Instant) {
        let Some(packet) = parse(bytes) else { return };
        let source = packet.pair.source.ip();
        if source != CONTAINER && source != CONTAINER_6 {
            return;
        }
        match packet.content {
            Content::Segment(segment) => self.segment(packet.pair, &segment, now),
            Content::Datagram(payload) => self.datagram(&packet, payload, now),
        }
    }

    fn segment(&mut self, pair: Pair, segment: &Segment<'_>, now: Instant) {
        match self.table.find(Kind::Stream, pair) {
            Some(name) => {
                self.with(name, now, |talk, tools| {
                    if let Talk::Stream(connection) = talk {
                        connection.hear(segment, tools);
                    }
                });
                self.stirred.push(name);
            }
            None if segment.has(flag::RST) => {}
            None if segment.has(flag::SYN) && !segment.has(flag::ACK) => self.begin(pair, segment, now),
            None => self.refuse(pair, segment),
        }
    }

    /// Begins to connect. Where there is no room, the container asks again, as it does of any busy peer.
    fn begin(&mut self, pair: Pair, syn: &Segment<'_>, now: Instant) {
        let Some(target) = self.reach.toward(pair.target) else { return self.refuse(pair, syn) };
        if self.table.make_room().is_none() {
            return;
        }
        match connecting(target, SocketType::STREAM) {
            Ok(socket) => {
                let ticks = now.saturating_duration_since(self.start).as_micros() / 4;
                // RFC 9293, section 3.4.1, without the secret: only the container could guess it.
                let start = u32::try_from(ticks & u128::from(u32::MAX)).unwrap_or_default();
                let connection = Connection::new(pair, socket, syn, start, now);
                self.open(Kind::Stream, pair, Talk::Stream(Box::new(connection)));
            }
            Err(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM | Errno::AGAIN) => {}
            Err(_) => self.refuse(pair, syn),
        }
    }

    /// RFC 9293, section 3.10.7.1: there is no such connection.
    fn refuse(&mut self, pair: Pair, segment: &Segment<'_>) {
        let marks = u32::from(segment.has(flag::SYN)) + u32::from(segment.has(flag::FIN));
        let length = u32::try_from(segment.payload.len()).unwrap_or_default() + marks;
        let says = if segment.has(flag::ACK) {
            Says { sequence: segment.acknowledged, acknowledged: 0, flags: flag::RST, window: 0 }
        } else {
            let acknowledged = segment.sequence.wrapping_add(length);
            Says { sequence: 0, acknowledged, flags: flag::RST | flag::ACK, window: 0 }
        };
        self.frames.segment(pair, says, [&[], &[]]);
    }

    fn datagram(&mut self, packet: &Packet<'_>, payload: &[u8], now: Instant) {
        let pair = packet.pair;
        let known = self.table.find(Kind::Flow, pair);
        let Some(name) = known.or_else(|| self.flow(packet, now)) else { return };
        self.with(name, now, |talk, tools| {
            if let Talk::Flow(flow) = talk {
                flow.send(payload, packet.whole, tools.frames, tools.now);
            }
        });
    }

    fn flow(&mut self, packet: &Packet<'_>, now: Instant) -> Option<Name> {
        let pair = packet.pair;
        let Some(target) = self.reach.toward(pair.target) else {
            // Multicast and broadcast are not answered (RFC 1122, section 3.2.2).
            if !is_for_many(pair.target) {
                self.frames.unreachable(pair, packet.whole);
            }
            return None;
        };
        self.table.make_room()?;
        let socket = connecting(target, SocketType::DGRAM).ok()?;
        self.open(Kind::Flow, pair, Talk::Flow(Flow::new(pair, socket, now)))
    }

    fn open(&mut self, kind: Kind, pair: Pair, talk: Talk) -> Option<Name> {
        let name = self.table.add(kind, pair, talk);
        let flags = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        let data = EventData::new_u64(name.to_number());
        let socket = self.table.get_mut(name)?.socket();
        if epoll::add(&self.epoll, socket, data, flags).is_err() {
            self.table.remove(name);
            return None;
        }
        if self.table.len() == 1 {
            self.tick = Instant::now() + TICK;
        }
        Some(name)
    }

    /// Does something with what has that name, and keeps count of what is held.
    fn with<T>(
        &mut self,
        name: Name,
        now: Instant,
        act: impl FnOnce(&mut Talk, &mut Tools<'_, 'a>) -> T,
    ) -> Option<T> {
        let talk = self.table.get_mut(name)?;
        let room = MOST_HELD.saturating_sub(self.held);
        let before = talk.held();
        let mut tools = Tools { frames: &mut self.frames, piece: &mut self.piece, room, now };
        let done = act(talk, &mut tools);
        self.held = (self.held + talk.held()).saturating_sub(before);
        Some(done)
    }

    /// Lets everything that has stirred do what it can. What cannot be done in one turn comes again.
    fn settle(&mut self, now: Instant) {
        let mut stirred = std::mem::take(&mut self.stirred);
        stirred.sort_unstable_by_key(|name| name.to_number());
        stirred.dedup();
        for name in stirred {
            self.advance(name, now);
        }
    }

    fn advance(&mut self, name: Name, now: Instant) {
        let turn = self.with(name, now, |talk, tools| match talk {
            Talk::Stream(connection) => (connection.advance(tools), connection.is_over()),
            Talk::Flow(flow) => {
                (flow.receive(tools.piece, tools.frames, tools.now), flow.is_forgotten(tools.now))
            }
        });
        match turn {
            Some((_, true)) => self.close(name),
            Some((Turn::Again, false)) => self.stirred.push(name),
            _ => {}
        }
    }

    fn close(&mut self, name: Name) {
        let held = self.table.get_mut(name).map_or(0, |talk| talk.held());
        self.held = self.held.saturating_sub(held);
        self.table.remove(name);
    }

    /// Does what is due.
    fn tend(&mut self, now: Instant) {
        let mut wait = REST;
        for name in self.table.names() {
            let restless = self.with(name, now, |talk, tools| match talk {
                Talk::Stream(connection) => {
                    connection.tend(tools);
                    connection.is_restless()
                }
                Talk::Flow(_) => false,
            });
            if restless == Some(true) {
                wait = TICK;
            }
            self.advance(name, now);
        }
        self.tick = now + wait;
    }
}

/// A socket that has begun to connect.
fn connecting(target: SocketAddr, kind: SocketType) -> Result<OwnedFd, Errno> {
    let family = if target.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(family, kind, flags, None)?;
    if kind == SocketType::STREAM {
        // A peer that vanishes without a word is noticed by the kernel.
        sockopt::set_socket_keepalive(&socket, true)?;
        // The container's kernel has decided already when small pieces go.
        sockopt::set_tcp_nodelay(&socket, true)?;
    }
    match rustix::net::connect(&socket, &target) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(socket),
        Err(errno) => Err(errno),
    }
}

/// Whether nobody in particular is meant.
fn is_for_many(target: SocketAddr) -> bool {
    match target {
        SocketAddr::V4(target) => target.ip().is_multicast() || target.ip().is_broadcast(),
        SocketAddr::V6(target) => target.ip().is_multicast(),
    }
}

#[cfg(test)]
mod tests;
