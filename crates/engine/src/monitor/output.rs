//! What the container prints, on its way into the log.

use std::time::{Duration, Instant};

use crate::engine::Clock;
use crate::logs::{LogWriter, LogsError, Stream, Tag, Written};
use crate::state::Reservation;

/// How often a full disk is tried again, and for how long the container may be held up by it.
const RETRY: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(10);
/// The beginning of a line is shown to those who follow the log when its end does not come for so long.
const PARTIAL: Duration = Duration::from_millis(500);

/// The log, and what a full disk keeps out of it.
pub(crate) struct Output {
    log: LogWriter,
    clock: Clock,
    /// Bytes that are not in the log yet, and since when; meanwhile nothing more is read.
    stuck: Option<(Stream, Vec<u8>, Instant)>,
    retry: Instant,
    partial: Option<Instant>,
}

impl Output {
    /// Opens the log of a container; where there can be none, the container is not to start.
    pub(crate) fn open(reservation: &Reservation, clock: Clock) -> Result<Self, LogsError> {
        let record = &reservation.record;
        let tag = Tag { id: record.id.as_str(), name: &record.name, image: &record.image_name };
        let log = LogWriter::open(reservation.held().dir(), &record.request.upkeep.log, tag)?;
        Ok(Self { log, clock, stuck: None, retry: Instant::now(), partial: None })
    }

    /// Whether more may be read.
    pub(super) fn takes_more(&self) -> bool {
        self.stuck.is_none()
    }

    /// When something has to be done without anything being read.
    pub(super) fn wakes(&self) -> Option<Instant> {
        if self.stuck.is_some() { Some(self.retry) } else { self.partial }
    }

    /// Writes what was just read.
    pub(super) fn write(&mut self, stream: Stream, bytes: &[u8], now: Instant) {
        match self.log.write(stream, bytes, (self.clock)()) {
            Written::Done => self.partial = self.log.holds().then(|| now + PARTIAL),
            Written::Full => {
                self.stuck = Some((stream, bytes.to_vec(), now));
                self.retry = now + RETRY;
            }
        }
    }

    /// Does what [`Self::wakes`] is for.
    pub(super) fn tend(&mut self, now: Instant) {
        if let Some((stream, bytes, since)) = self.stuck.take_if(|_| self.retry <= now) {
            self.retry = now + RETRY;
            if now.saturating_duration_since(since) >= PATIENCE {
                self.log.give_up((self.clock)());
            }
            if self.log.write(stream, &bytes, (self.clock)()) == Written::Full {
                self.stuck = Some((stream, bytes, since));
            }
        }
        if self.partial.take_if(|at| *at <= now).is_some() && self.log.flush((self.clock)()) == Written::Full
        {
            self.partial = Some(now + PARTIAL);
        }
    }

    /// The container has ended: what it left on its way is written, however long a full disk takes, which
    /// is bounded.
    pub(super) fn rest(&mut self) {
        while self.stuck.is_some() {
            std::thread::sleep(RETRY);
            self.tend(Instant::now());
        }
        self.partial = None;
        // The ends of lines that will never come; a disk that is full even for these keeps the rest.
        let _kept_what_could_be = self.log.flush((self.clock)());
    }
}
