//! The loop that carries bytes and signals between us and a container.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::detach::{Heard as Keys, Recogniser};
use super::pump::{self, Filled, Pump, Sink, WhenUnread};
use super::signals::{Heard, Signals};
use super::terminal::{self, RawMode};
use super::{Detach, Foreground, ForegroundError, Input};

/// The process at the other end.
pub(crate) struct Subject<'a> {
    /// Readable once it has ended.
    pub(crate) pidfd: BorrowedFd<'a>,
    /// Sends it a signal; one that it cannot get any more is no error.
    pub(crate) signal: &'a dyn Fn(i32),
}

/// Everything between us and a container.
pub(crate) struct Relay {
    input: Option<Pump>,
    outputs: Vec<Pump>,
    terminal: Option<Ours>,
    signals: Signals,
}

/// Our terminal and the container's.
struct Ours {
    raw: Option<RawMode>,
    ours: OwnedFd,
    theirs: OwnedFd,
    leaving: Option<Leaving>,
}

struct Leaving {
    recogniser: Recogniser,
    release: OwnedFd,
}

/// What a descriptor of the poll set is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Process,
    Signal,
    Source(usize),
    Sink(usize),
}

/// The input's place among the pumps.
const INPUT: usize = usize::MAX;

impl Relay {
    pub(super) fn streams(input: Option<Pump>, output: Pump, errors: Pump, signals: Signals) -> Self {
        Self { input, outputs: vec![output, errors], terminal: None, signals }
    }

    /// For a container with a terminal: our terminal becomes raw, and takes its keys and its size.
    pub(crate) fn terminal(
        foreground: Foreground,
        input: Input,
        theirs: BorrowedFd<'_>,
        signals: Signals,
    ) -> Result<Self, ForegroundError> {
        let make = || -> io::Result<Self> {
            let theirs = theirs.try_clone_to_owned()?;
            pump::nonblocking(&theirs)?;
            let ours = foreground.stdin.try_clone()?;
            let output = Pump::new(theirs.try_clone()?, Sink::shared(foreground.stdout), WhenUnread::Discard);
            let (mut keys, mut raw) = (None, None);
            if input == Input::Ours {
                let sink = Sink::own(theirs.try_clone()?)?;
                keys = Some(Pump::new(foreground.stdin, sink, WhenUnread::Close));
                raw = Some(RawMode::enter(&ours)?);
            }
            terminal::copy_size(&ours, &theirs);
            let leaving = Leaving::of(foreground.detach);
            let terminal = Some(Ours { raw, ours, theirs, leaving });
            Ok(Self { input: keys, outputs: vec![output], terminal, signals })
        };
        make().map_err(ForegroundError::io("connect the terminals"))
    }

    /// Carries on until the process has ended.
    pub(crate) fn run(&mut self, subject: &Subject<'_>) -> io::Result<()> {
        loop {
            for (role, events) in self.wait(Some(subject.pidfd))? {
                match role {
                    Role::Process => return Ok(()),
                    Role::Signal => self.obey(subject),
                    Role::Source(index) => self.read(index),
                    Role::Sink(index) => self.write(index, events),
                }
            }
            self.tidy();
        }
    }

    /// Writes what an ended container left. Everybody who could write more is dead, so that a source
    /// without bytes is at its end; only a slow reader of ours is waited for.
    pub(crate) fn drain(&mut self) -> io::Result<()> {
        self.input = None;
        loop {
            for pump in &mut self.outputs {
                if pump.hungry().is_some() && pump.fill() == Filled::None {
                    pump.end();
                }
                pump.flush();
            }
            self.tidy();
            if self.outputs.is_empty() {
                return Ok(());
            }
            if self.outputs.iter().all(Pump::loaded) {
                let ready = self.wait(None)?;
                if ready.iter().any(|(role, _)| *role == Role::Signal) && self.asked_to_end() {
                    return Ok(());
                }
            }
        }
    }

    /// Waits for something to do.
    fn wait(&self, pidfd: Option<BorrowedFd<'_>>) -> io::Result<Vec<(Role, PollFlags)>> {
        let mut roles = vec![Role::Signal];
        let mut fds = vec![PollFd::from_borrowed_fd(self.signals.fd(), PollFlags::IN)];
        if let Some(pidfd) = pidfd {
            roles.push(Role::Process);
            fds.push(PollFd::from_borrowed_fd(pidfd, PollFlags::IN));
        }
        for (index, pump) in self.pumps() {
            if let Some(source) = pump.hungry().filter(|_| pidfd.is_some()) {
                roles.push(Role::Source(index));
                fds.push(PollFd::from_borrowed_fd(source, PollFlags::IN));
            }
            if let Some(sink) = pump.sink() {
                // Without bytes for it, only its end is of interest; poll(2) tells that unasked.
                let wanted = if pump.loaded() { PollFlags::OUT } else { PollFlags::empty() };
                roles.push(Role::Sink(index));
                fds.push(PollFd::from_borrowed_fd(sink, wanted));
            }
        }
        match poll(&mut fds, None::<&Timespec>) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(Vec::new()),
            Err(errno) => return Err(errno.into()),
        }
        let ready = roles.into_iter().zip(fds.iter().map(PollFd::revents));
        Ok(ready.filter(|(_, events)| !events.is_empty()).collect())
    }

    fn pumps(&self) -> impl Iterator<Item = (usize, &Pump)> {
        self.outputs.iter().enumerate().chain(self.input.iter().map(|pump| (INPUT, pump)))
    }

    fn pump(&mut self, index: usize) -> Option<&mut Pump> {
        if index == INPUT { self.input.as_mut() } else { self.outputs.get_mut(index) }
    }

    fn read(&mut self, index: usize) {
        if let Some(pump) = self.pump(index)
            && pump.fill() == Filled::Some
            && index == INPUT
        {
            self.listen();
        }
        if let Some(pump) = self.pump(index) {
            pump.flush();
        }
    }

    fn write(&mut self, index: usize, events: PollFlags) {
        let Some(pump) = self.pump(index) else { return };
        if events.intersects(PollFlags::ERR | PollFlags::HUP) {
            pump.unread();
        } else {
            pump.flush();
        }
    }

    /// Drops what is finished; closing its descriptors tells the other side.
    fn tidy(&mut self) {
        self.input.take_if(|pump| pump.finished());
        self.outputs.retain(|pump| !pump.finished());
    }

    /// Acts on the signals that came.
    fn obey(&mut self, subject: &Subject<'_>) {
        while let Some(heard) = self.signals.next() {
            match heard {
                Heard::Forward(signal) => (subject.signal)(signal),
                Heard::Resized => self.resize(),
                Heard::Continued => {
                    self.resize();
                    if let Some(raw) = self.terminal.as_ref().and_then(|terminal| terminal.raw.as_ref()) {
                        // The terminal may be gone; the relay notices that by itself.
                        let _ = raw.apply();
                    }
                    (subject.signal)(rustix::process::Signal::CONT.as_raw());
                }
            }
        }
    }

    fn asked_to_end(&mut self) -> bool {
        std::iter::from_fn(|| self.signals.next()).any(|heard| matches!(heard, Heard::Forward(_)))
    }

    fn resize(&self) {
        if let Some(terminal) = &self.terminal {
            terminal::copy_size(&terminal.ours, &terminal.theirs);
        }
    }

    /// Looks for the detach keys in what was just read.
    fn listen(&mut self) {
        let (Some(pump), Some(terminal)) = (&mut self.input, &mut self.terminal) else { return };
        let Some(leaving) = &mut terminal.leaving else { return };
        let mut passed = Vec::with_capacity(pump.pending().len());
        let heard = leaving.recogniser.hear(pump.pending(), &mut passed);
        pump.substitute(&passed);
        if heard == Keys::Detach {
            pump.flush();
            self.leave();
        }
    }

    /// Gives the terminal back, lets our parent go, and stays behind to look after the container.
    fn leave(&mut self) {
        self.input = None;
        self.outputs.iter_mut().for_each(Pump::discard);
        let Some(Ours { raw, leaving: Some(leaving), .. }) = self.terminal.take() else { return };
        drop(raw);
        super::leave_terminal();
        let _parent_is_gone = rustix::io::write(&leaving.release, b"d");
    }
}

impl Leaving {
    fn of(detach: Detach) -> Option<Self> {
        match detach {
            Detach::Unavailable => None,
            Detach::Through { keys, release } => Some(Self { recogniser: Recogniser::new(keys), release }),
        }
    }
}
