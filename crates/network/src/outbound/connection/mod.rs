//! One connection: the container's end, which we answer as its peer would (RFC 9293), and a socket of the host
//! that leads to the peer.

mod sequence;
mod up;
mod down;

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::epoll::EventFlags;
use rustix::io::Errno;
use rustix::net::sockopt;

use self::down::Down;
use self::sequence::Sequence;
use self::up::Up;
use super::frame::{Frames, Says};
use super::packet::{Pair, Segment, flag};
use crate::stream::End;

/// How long an answer from the container is waited for at first; it is microseconds away.
const RETRY: Duration = Duration::from_millis(200);

/// How often a container that takes nothing at the moment is asked again.
const PROBE: Duration = Duration::from_secs(1);

/// How often a container that says nothing is asked whether it is still there.
const IDLE: Duration = Duration::from_secs(60);

/// So often something is sent again, each time after twice the time; then the container's end is gone.
const TRIES: u32 = 10;

/// What a connection needs to go on.
pub(super) struct Tools<'a, 'b> {
    /// The way to the container.
    pub(super) frames: &'a mut Frames<'b>,
    /// Where bytes of the host go in between.
    pub(super) piece: &'a mut [u8],
    /// How many more bytes may be held for everybody together.
    pub(super) room: usize,
    /// Now.
    pub(super) now: Instant,
}

/// Both ends.
#[derive(Debug)]
pub(super) struct Connection {
    pair: Pair,
    socket: OwnedFd,
    state: State,
    up: Up,
    down: Down,
    readable: Readiness,
    writable: Readiness,
    /// When something is sent again, or the container is asked whether it is there.
    due: Instant,
    tries: u32,
}

/// How far a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The peer has not answered yet.
    Connecting,
    /// It has, and the container was told.
    Answered,
    /// The container knows.
    Open,
    /// Nothing more can flow.
    Over,
}

/// Whether the socket is known to have no more at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Readiness {
    /// It may have.
    Maybe,
    /// It said so.
    Exhausted,
}

/// Whether a connection has to be looked at again without anything having happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It has done what it could.
    Done,
    /// Others come first.
    Again,
}

impl Connection {
    /// Begins with the container's first segment and a socket that was told to connect. `start` is our first
    /// number.
    pub(super) fn new(pair: Pair, socket: OwnedFd, syn: &Segment<'_>, start: u32, now: Instant) -> Self {
        Self {
            pair,
            socket,
            state: State::Connecting,
            up: Up::new(Sequence(syn.sequence)),
            down: Down::new(Sequence(start), pair.source.ip(), syn),
            readable: Readiness::Exhausted,
            writable: Readiness::Exhausted,
            due: now + IDLE,
            tries: 0,
        }
    }

    pub(super) fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Nothing more can flow.
    pub(super) fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// Bytes that are held for it.
    pub(super) fn held(&self) -> usize {
        self.up.held() + self.down.held()
    }

    /// Whether it has to be looked at soon: something is on its way, or could not be taken.
    pub(super) fn is_restless(&self) -> bool {
        self.patience() < IDLE || (self.state == State::Open && self.readable == Readiness::Maybe)
    }

    /// Takes note of what epoll(7) says of the socket.
    pub(super) fn wake(&mut self, events: EventFlags, tools: &mut Tools<'_, '_>) {
        if self.state == State::Connecting {
            if matches!(sockopt::socket_error(&self.socket), Ok(Ok(()))) {
                self.answer(tools);
            } else {
                self.refuse(tools.frames);
                return;
            }
        }
        let broken = events.intersects(EventFlags::ERR | EventFlags::HUP);
        if broken || events.intersects(EventFlags::IN | EventFlags::RDHUP) {
            self.readable = Readiness::Maybe;
        }
        if broken || events.contains(EventFlags::OUT) {
            self.writable = Readiness::Maybe;
        }
    }

    /// Takes a segment of the container.
    pub(super) fn hear(&mut self, segment: &Segment<'_>, tools: &mut Tools<'_, '_>) {
        match self.state {
            State::Over => return,
            // It asks again, which is no news, or has given up.
            State::Connecting => {
                if segment.has(flag::RST) {
                    self.state = State::Over;
                }
                return;
            }
            State::Answered | State::Open => {}
        }
        if segment.has(flag::RST) {
            return self.cut();
        }
        self.tries = 0;
        self.due = tools.now + IDLE;
        if segment.has(flag::SYN) {
            // Our answer was lost.
            if self.state == State::Answered {
                self.answer(tools)
            } else {
                self.up.owe()
            }
            return;
        }
        if !segment.has(flag::ACK) {
            return;
        }
        self.down.confirm(segment);
        if self.down.is_begun() {
            self.state = State::Open;
        }
        let at_once = (self.writable == Readiness::Maybe).then(|| self.socket.as_fd());
        if self.state == State::Open && self.up.take(segment, tools.room, at_once) == Err(Overrun) {
            self.up.owe();
        }
    }

    /// Does everything that can be done now.
    pub(super) fn advance(&mut self, tools: &mut Tools<'_, '_>) -> Turn {
        let turn = match self.carry(tools) {
            Ok(turn) => turn,
            Err(_) => {
                self.refuse(tools.frames);
                Turn::Done
            }
        };
        if self.state == State::Open && self.up.is_over() && self.down.is_over() {
            self.acknowledge(tools);
            self.state = State::Over;
        }
        turn
    }

    /// The peer's end is broken, or something of ours.
    fn carry(&mut self, tools: &mut Tools<'_, '_>) -> Result<Turn, Errno> {
        if self.state != State::Open {
            return Ok(Turn::Done);
        }
        if self.writable == Readiness::Maybe {
            self.writable = self.up.flush(self.socket.as_fd())?;
        }
        let mut turn = Turn::Done;
        if self.readable == Readiness::Maybe {
            let window = self.up.window(tools.room);
            let acknowledged = self.up.next();
            let before = self.down.next();
            (self.readable, turn) =
                self.down.fill(self.socket.as_fd(), tools, self.pair, (acknowledged, window))?;
            if self.down.next() != before {
                self.up.told(window);
            }
        }
        self.acknowledge(tools);
        self.due = self.due.min(tools.now + self.patience());
        Ok(turn)
    }

    /// Says what has arrived, if that is due.
    fn acknowledge(&mut self, tools: &mut Tools<'_, '_>) {
        let window = self.up.window(tools.room);
        if self.up.owes(window) {
            let next = self.down.next();
            self.say(flag::ACK, next, window, tools.frames);
            self.up.told(window);
        }
    }

    fn say(&self, flags: u8, sequence: Sequence, window: u16, frames: &mut Frames<'_>) {
        let says = Says { sequence: sequence.0, acknowledged: self.up.next().0, flags, window };
        frames.segment(self.pair, says, [&[], &[]]);
    }

    /// Tells the container that its peer has answered. The window of a SYN is not shifted.
    fn answer(&mut self, tools: &mut Tools<'_, '_>) {
        self.state = State::Answered;
        self.say(flag::SYN | flag::ACK, self.down.first(), u16::MAX, tools.frames);
        self.due = tools.now + RETRY;
    }

    /// Tells the container that there is no connection any more.
    pub(super) fn refuse(&mut self, frames: &mut Frames<'_>) {
        self.say(flag::RST | flag::ACK, self.down.next(), 0, frames);
        self.cut();
    }

    /// Ends it so that the peer knows that not everything arrived.
    fn cut(&mut self) {
        // Without it, the peer hears an ordinary end, which is the worst that can happen.
        let _milder = sockopt::set_socket_linger(&self.socket, Some(Duration::ZERO));
        self.state = State::Over;
    }

    /// After how long something is due.
    fn patience(&self) -> Duration {
        let wait = match self.state {
            State::Connecting | State::Over => return IDLE,
            State::Answered => RETRY,
            State::Open if self.down.waits() => RETRY,
            State::Open if self.down.is_held_up() && self.readable == Readiness::Maybe => PROBE,
            State::Open => return IDLE,
        };
        wait * (1 << self.tries.min(5))
    }

    /// Does what is due by now: says again what the container has not confirmed, or asks whether it is there.
    pub(super) fn tend(&mut self, tools: &mut Tools<'_, '_>) {
        if tools.now < self.due || matches!(self.state, State::Connecting | State::Over) {
            return;
        }
        if self.tries == TRIES {
            return self.refuse(tools.frames);
        }
        self.tries += 1;
        let window = self.up.window(tools.room);
        match self.state {
            State::Answered => self.answer(tools),
            _ if self.down.waits() => {
                self.down.repeat(tools.frames, self.pair, (self.up.next(), window));
            }
            // A number that was confirmed already is answered with what holds now.
            _ => self.say(flag::ACK, self.down.next().before(), window, tools.frames),
        }
        self.up.shrink();
        self.down.shrink();
        self.due = tools.now + self.patience();
    }
}

/// More than was allowed, or something out of its place; the container sends it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Overrun;

#[cfg(test)]
mod tests;
