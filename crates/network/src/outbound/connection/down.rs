//! From the peer to the container: kept until the container has confirmed it, and no more than it takes.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::os::fd::BorrowedFd;

use rustix::io::Errno;
use rustix::net::RecvFlags;

use super::sequence::Sequence;
use super::{End, Readiness, Tools, Turn};
use crate::outbound::frame::{Frames, Says, largest};
use crate::outbound::packet::{Pair, Segment, flag};

/// Most bytes that the container has not confirmed.
const MOST: usize = 1 << 20;

/// Segments that are carried before others have their turn.
const TURN: usize = 16;

/// The largest segment of a peer that does not say (RFC 9293, section 3.7.1).
const UNSAID: u16 = 536;

/// The least that is worth a segment; a container that asks for less would make us work more than it does.
const LEAST: u16 = 88;

/// What the peer sent.
#[derive(Debug)]
pub(super) struct Down {
    /// The first byte that is not confirmed. At first that is our SYN, which counts as one.
    first: Sequence,
    /// Sent, and not confirmed.
    flight: VecDeque<u8>,
    begun: Begun,
    end: End,
    /// Where the container's window ends.
    edge: Sequence,
    /// By how many bits its windows are shifted.
    scale: u8,
    largest: usize,
}

/// Whether our SYN is confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begun {
    NotYet,
    Confirmed,
}

impl Down {
    /// A direction whose first number is `start`, to whoever sent `syn`.
    pub(super) fn new(start: Sequence, container: IpAddr, syn: &Segment<'_>) -> Self {
        let largest = largest(container).min(syn.largest.unwrap_or(UNSAID)).max(LEAST);
        Self {
            first: start,
            flight: VecDeque::new(),
            begun: Begun::NotYet,
            end: End::Ahead,
            // The window of a SYN is not shifted.
            edge: start.after(1 + usize::from(syn.window)),
            scale: syn.scale.unwrap_or_default(),
            largest: largest.into(),
        }
    }

    pub(super) fn first(&self) -> Sequence {
        self.first
    }

    /// What is sent next.
    pub(super) fn next(&self) -> Sequence {
        let marks = usize::from(self.begun == Begun::NotYet) + usize::from(self.end == End::Seen);
        self.first.after(self.flight.len() + marks)
    }

    pub(super) fn held(&self) -> usize {
        self.flight.len()
    }

    pub(super) fn is_begun(&self) -> bool {
        self.begun == Begun::Confirmed
    }

    /// The container knows that no more comes.
    pub(super) fn is_over(&self) -> bool {
        self.end == End::Told
    }

    /// Something is not confirmed.
    pub(super) fn waits(&self) -> bool {
        !self.flight.is_empty() || self.end == End::Seen
    }

    /// The container takes nothing at the moment.
    pub(super) fn is_held_up(&self) -> bool {
        self.end == End::Ahead && self.window() == 0
    }

    /// Bytes that the container takes beyond what is on its way.
    fn window(&self) -> usize {
        self.edge.since(self.next()).unwrap_or(0)
    }

    /// Takes what a segment says of what has arrived. What was never sent cannot be confirmed.
    pub(super) fn confirm(&mut self, segment: &Segment<'_>) {
        let confirmed = Sequence(segment.acknowledged);
        let Some(mut count) = confirmed.since(self.first) else { return };
        if confirmed.since(self.next()).is_some_and(|beyond| beyond > 0) {
            return;
        }
        if self.begun == Begun::NotYet && count > 0 {
            self.begun = Begun::Confirmed;
            count -= 1;
        }
        let bytes = count.min(self.flight.len());
        self.flight.drain(..bytes);
        if self.end == End::Seen && count > bytes {
            self.end = End::Told;
        }
        self.first = confirmed;
        self.edge = confirmed.after(usize::from(segment.window) << self.scale);
    }

    /// Reads from the peer what the container takes. `says` are what we confirm and our window.
    pub(super) fn fill(
        &mut self,
        socket: BorrowedFd<'_>,
        tools: &mut Tools<'_, '_>,
        pair: Pair,
        (acknowledged, window): (Sequence, u16),
    ) -> Result<(Readiness, Turn), Errno> {
        for _ in 0..TURN {
            let most = self.most(tools.room);
            if most == 0 || self.end != End::Ahead {
                return Ok((Readiness::Maybe, Turn::Done));
            }
            let piece = tools.piece.get_mut(..most).unwrap_or_default();
            let length = match rustix::net::recv(socket, piece, RecvFlags::DONTWAIT) {
                Ok((length, _)) => length,
                Err(Errno::AGAIN) => return Ok((Readiness::Exhausted, Turn::Done)),
                Err(Errno::INTR) => continue,
                Err(errno) => return Err(errno),
            };
            let payload = tools.piece.get(..length).unwrap_or_default();
            let flags = flag::ACK | if length == 0 { flag::FIN } else { flag::PSH };
            let says = Says { sequence: self.next().0, acknowledged: acknowledged.0, flags, window };
            tools.frames.segment(pair, says, [payload, &[]]);
            tools.room = tools.room.saturating_sub(length);
            self.flight.extend(payload);
            if length == 0 {
                self.end = End::Seen;
            }
        }
        Ok((Readiness::Maybe, Turn::Again))
    }

    /// How much is read at once. A corner of a window is not worth a segment while others are under way: their
    /// confirmation brings more.
    fn most(&self, room: usize) -> usize {
        let most = self.window().min(MOST.saturating_sub(self.flight.len())).min(self.largest).min(room);
        if most < self.largest / 2 && !self.flight.is_empty() { 0 } else { most }
    }

    /// Sends again what is not confirmed, as far as the container's window goes.
    pub(super) fn repeat(
        &self,
        frames: &mut Frames<'_>,
        pair: Pair,
        (acknowledged, window): (Sequence, u16),
    ) {
        let taken = self.edge.since(self.first).unwrap_or(0).max(1);
        let (front, back) = self.flight.as_slices();
        let mut place = 0;
        while place < self.flight.len().min(taken) {
            let end = (place + self.largest).min(self.flight.len()).min(taken);
            let says = Says {
                sequence: self.first.after(place).0,
                acknowledged: acknowledged.0,
                flags: flag::ACK | flag::PSH,
                window,
            };
            frames.segment(pair, says, parts(front, back, place, end));
            place = end;
        }
        if self.end == End::Seen {
            let sequence = self.next().before().0;
            let says = Says { sequence, acknowledged: acknowledged.0, flags: flag::ACK | flag::FIN, window };
            frames.segment(pair, says, [&[], &[]]);
        }
    }

    /// A direction that rests keeps no room for what it once held.
    pub(super) fn shrink(&mut self) {
        if self.flight.is_empty() {
            self.flight = VecDeque::new();
        }
    }
}

/// From `start` to `end` of two pieces that follow each other.
fn parts<'a>(front: &'a [u8], back: &'a [u8], start: usize, end: usize) -> [&'a [u8]; 2] {
    let length = front.len();
    let in_front = front.get(start.min(length)..end.min(length)).unwrap_or_default();
    let in_back = back.get(start.saturating_sub(length)..end.saturating_sub(length)).unwrap_or_default();
    [in_front, in_back]
}
