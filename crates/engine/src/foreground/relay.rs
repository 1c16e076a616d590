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
    /// What the end of all output means.
    silence: Silence,
}

/// What the end of a process's output means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Silence {
    /// It has closed its streams, and goes on.
    Goes,
    /// We are not shown any more.
    CutsOff,
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
    release: Option<OwnedFd>,
}

/// How a relay came to its end.
pub(crate) enum Left {
    /// The process has ended.
    Ended,
    /// The terminal was left by its keys; whoever waits in our place is told through this.
    Running(Option<OwnedFd>),
    /// Its output ended before it did, and that was all we had of it.
    CutOff,
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
        Self { input, outputs: vec![output, errors], terminal: None, signals, silence: Silence::Goes }
    }

    /// For a container with a terminal: our terminal becomes raw, and takes its keys and its size. Its
    /// output is read from `source`.
    pub(crate) fn terminal(
        foreground: Foreground,
        input: Input,
        theirs: BorrowedFd<'_>,
        source: OwnedFd,
        signals: Signals,
    ) -> Result<Self, ForegroundError> {
        let make = || -> io::Result<Self> {
            let theirs = theirs.try_clone_to_owned()?;
            pump::nonblocking(&theirs)?;
            pump::nonblocking(&source)?;
            let ours = foreground.stdin.try_clone()?;
            let output = Pump::new(source, Sink::shared(foreground.stdout), WhenUnread::Discard);
            let (mut keys, mut raw) = (None, None);
            if input == Input::Ours {
                let sink = Sink::own(theirs.try_clone()?)?;
                keys = Some(Pump::new(foreground.stdin, sink, WhenUnread::Close));
                raw = Some(RawMode::enter(&ours)?);
            }
            terminal::copy_size(&ours, &theirs);
            let leaving = Leaving::of(foreground.detach);
            let terminal = Some(Ours { raw, ours, theirs, leaving });
            Ok(Self { input: keys, outputs: vec![output], terminal, signals, silence: Silence::Goes })
        };
        make().map_err(ForegroundError::io("connect the terminals"))
    }

    /// Carries on until the process has ended, or the terminal is left.
    pub(crate) fn run(&mut self, subject: &Subject<'_>) -> io::Result<Left> {
        loop {
            for (role, events) in self.wait(Some(subject.pidfd))? {
                match role {
                    Role::Process => return Ok(Left::Ended),
                    Role::Signal => self.obey(subject),
                    Role::Source(index) => {
                        if self.read(index) == Keys::Detach {
                            return Ok(Left::Running(self.leave()));
                        }
                    }
                    Role::Sink(index) => self.write(index, events),
                }
            }
            self.tidy();
            if self.silence == Silence::CutsOff && self.outputs.is_empty() && !has_ended(subject.pidfd) {
                return Ok(Left::CutOff);
            }
        }
    }

    /// The output comes from somebody who may stop showing it.
    pub(crate) fn shown_by_another(self) -> Self {
        Self { silence: Silence::CutsOff, ..self }
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

    fn read(&mut self, index: usize) -> Keys {
        let mut heard = Keys::Typing;
        if let Some(pump) = self.pump(index)
            && pump.fill() == Filled::Some
            && index == INPUT
        {
            heard = self.listen();
        }
        if let Some(pump) = self.pump(index) {
            pump.flush();
        }
        heard
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
    fn listen(&mut self) -> Keys {
        let (Some(pump), Some(terminal)) = (&mut self.input, &mut self.terminal) else { return Keys::Typing };
        let Some(leaving) = &mut terminal.leaving else { return Keys::Typing };
        let mut passed = Vec::with_capacity(pump.pending().len());
        let heard = leaving.recogniser.hear(pump.pending(), &mut passed);
        pump.substitute(&passed);
        heard
    }

    /// Gives the terminal back; the answer tells whoever waits that it was left.
    fn leave(&mut self) -> Option<OwnedFd> {
        self.input = None;
        self.outputs.clear();
        self.terminal.take().and_then(|terminal| terminal.leaving).and_then(|leaving| leaving.release)
    }
}

/// Whoever shows us a process's output stops when that has ended.
fn has_ended(pidfd: BorrowedFd<'_>) -> bool {
    let mut fds = [PollFd::from_borrowed_fd(pidfd, PollFlags::IN)];
    poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok_and(|ready| ready > 0)
}

impl Leaving {
    fn of(detach: Detach) -> Option<Self> {
        match detach {
            Detach::Unavailable => None,
            Detach::Here(keys) => Some(Self { recogniser: Recogniser::new(keys), release: None }),
            Detach::Through { keys, release } => {
                Some(Self { recogniser: Recogniser::new(keys), release: Some(release) })
            }
        }
    }
}
