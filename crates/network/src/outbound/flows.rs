//! Datagrams: each pair has a socket of its own, connected to the one that the container talks to, so that
//! nobody else can answer.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};

use super::connection::Turn;
use super::frame::Frames;
use super::packet::Pair;

/// A pair that was silent for so long is forgotten.
const SILENCE: Duration = Duration::from_secs(60);

/// Datagrams of one socket that are carried before others have their turn.
const TURN: usize = 64;

/// Most bytes of a datagram that an error shows.
const REMEMBERED: usize = 128;

/// One pair.
#[derive(Debug)]
pub(super) struct Flow {
    pair: Pair,
    socket: OwnedFd,
    heard: Instant,
    /// How the container's last packet began, for the error that it may be answered with.
    last: Vec<u8>,
}

impl Flow {
    pub(super) fn new(pair: Pair, socket: OwnedFd, now: Instant) -> Self {
        Self { pair, socket, heard: now, last: Vec::new() }
    }

    pub(super) fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// When somebody said something last.
    pub(super) fn heard(&self) -> Instant {
        self.heard
    }

    pub(super) fn is_forgotten(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.heard) >= SILENCE
    }

    /// Carries what the container sent. Datagrams may be lost.
    pub(super) fn send(&mut self, payload: &[u8], whole: &[u8], frames: &mut Frames<'_>, now: Instant) {
        self.heard = now;
        self.last.clear();
        self.last.extend_from_slice(whole.get(..REMEMBERED).unwrap_or(whole));
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        match rustix::net::send(&self.socket, payload, flags) {
            // That is about an earlier one, and is said once.
            Err(Errno::CONNREFUSED) => {
                frames.unreachable(self.pair, whole);
                let _lost = rustix::net::send(&self.socket, payload, flags);
            }
            Err(Errno::HOSTUNREACH | Errno::NETUNREACH | Errno::ACCESS | Errno::PERM) => {
                frames.unreachable(self.pair, whole);
            }
            _ => {}
        }
    }

    /// Carries what has come back.
    pub(super) fn receive(&mut self, piece: &mut [u8], frames: &mut Frames<'_>, now: Instant) -> Turn {
        for _ in 0..TURN {
            match rustix::net::recv(&self.socket, &mut *piece, RecvFlags::DONTWAIT) {
                Ok((length, _)) => {
                    self.heard = now;
                    frames.datagram(self.pair, piece.get(..length).unwrap_or_default());
                }
                Err(Errno::CONNREFUSED | Errno::HOSTUNREACH | Errno::NETUNREACH) => {
                    frames.unreachable(self.pair, &self.last);
                }
                Err(_) => return Turn::Done,
            }
        }
        Turn::Again
    }
}
