//! From the container to its peer: in order, once, and no faster than the peer reads.

use std::collections::VecDeque;
use std::os::fd::BorrowedFd;

use rustix::io::Errno;
use rustix::net::{SendFlags, Shutdown};

use super::sequence::Sequence;
use super::{End, Overrun, Readiness};
use crate::outbound::frame::SCALE;
use crate::outbound::packet::{Segment, flag};

/// Most bytes that wait for the peer.
const MOST: usize = 1 << 20;

const QUIETLY: SendFlags = SendFlags::DONTWAIT.union(SendFlags::NOSIGNAL);

/// What the container sent.
#[derive(Debug)]
pub(super) struct Up {
    /// The next byte that has not arrived.
    next: Sequence,
    /// Arrived, and not yet taken by the socket.
    waiting: VecDeque<u8>,
    end: End,
    debt: Debt,
    /// The window that the container was told last.
    told: u16,
}

/// Whether the container is to be told what has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Debt {
    None,
    Owed,
}

impl Up {
    /// A direction whose first segment, which carries no bytes, has the number `syn`.
    pub(super) fn new(syn: Sequence) -> Self {
        let (next, waiting) = (syn.after(1), VecDeque::new());
        Self { next, waiting, end: End::Ahead, debt: Debt::None, told: u16::MAX }
    }

    pub(super) fn next(&self) -> Sequence {
        self.next
    }

    pub(super) fn held(&self) -> usize {
        self.waiting.len()
    }

    /// The peer knows that no more comes.
    pub(super) fn is_over(&self) -> bool {
        self.end == End::Told
    }

    /// The container has to hear from us.
    pub(super) fn owe(&mut self) {
        self.debt = Debt::Owed;
    }

    /// Takes what is new of a segment, as far as there is `room` for. Where nothing waits, `socket` may have it
    /// at once.
    pub(super) fn take(
        &mut self,
        segment: &Segment<'_>,
        room: usize,
        socket: Option<BorrowedFd<'_>>,
    ) -> Result<(), Overrun> {
        let behind = self.next.since(Sequence(segment.sequence)).ok_or(Overrun)?;
        let fresh = segment.payload.get(behind..).ok_or(Overrun)?;
        if fresh.is_empty() && !segment.has(flag::FIN) {
            return if segment.payload.is_empty() { Ok(()) } else { Err(Overrun) };
        }
        self.owe();
        if self.end != End::Ahead {
            return Err(Overrun);
        }
        let space = MOST.saturating_sub(self.waiting.len()).min(room);
        let taken = fresh.get(..space).unwrap_or(fresh);
        let passed_on = match socket.filter(|_| self.waiting.is_empty()) {
            // What is wrong with it, flushing finds out.
            Some(socket) => rustix::net::send(socket, taken, QUIETLY).unwrap_or(0),
            None => 0,
        };
        self.waiting.extend(taken.get(passed_on..).unwrap_or_default());
        self.next = self.next.after(taken.len());
        if segment.has(flag::FIN) && taken.len() == fresh.len() {
            self.next = self.next.after(1);
            self.end = End::Seen;
        }
        Ok(())
    }

    /// Passes on what waits, and then the end if it was seen.
    pub(super) fn flush(&mut self, socket: BorrowedFd<'_>) -> Result<Readiness, Errno> {
        while !self.waiting.is_empty() {
            let (first, _) = self.waiting.as_slices();
            match rustix::net::send(socket, first, QUIETLY) {
                Ok(taken) => drop(self.waiting.drain(..taken)),
                Err(Errno::AGAIN) => return Ok(Readiness::Exhausted),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
        if self.end == End::Seen {
            self.end = End::Told;
            rustix::net::shutdown(socket, Shutdown::Write)?;
        }
        Ok(Readiness::Maybe)
    }

    /// What the container may send, in the units of our scale.
    pub(super) fn window(&self, room: usize) -> u16 {
        let bytes = MOST.saturating_sub(self.waiting.len()).min(room);
        u16::try_from(bytes >> SCALE).unwrap_or(u16::MAX)
    }

    /// Whether the container has to be told: something arrived, or it may send again what it could not.
    pub(super) fn owes(&self, window: u16) -> bool {
        let half = u16::try_from(MOST >> SCALE >> 1).unwrap_or(u16::MAX);
        self.debt == Debt::Owed || (self.end == End::Ahead && self.told < half && window >= half)
    }

    /// The container was told.
    pub(super) fn told(&mut self, window: u16) {
        self.debt = Debt::None;
        self.told = window;
    }

    /// A direction that rests keeps no room for what it once held.
    pub(super) fn shrink(&mut self) {
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new();
        }
    }
}
