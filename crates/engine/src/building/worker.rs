//! A process for each step that has work to do.
//!
//! The coordinator has one thread and clones itself: the clone has the plan, the context and the store as they are,
//! does one step, answers in memory that both have and ends. Whoever starts a container has no other thread then, steps
//! at the same time cannot disturb each other, and one that is killed leaves a store that is whole.

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use build::provenance::Dependency;
use model::digest::ClaimedDigest;
use rustix::fs::{MemfdFlags, OFlags, fcntl_setfl, memfd_create};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, pidfd_send_signal, waitid};
use serde::{Deserialize, Serialize};
use sys::clone::{Cloned, clone3};
use sys::signal::{SignalSet, die_with, set_mask};

use super::error::BuildError;
use crate::error::EngineError;
use crate::state::StoredLayer;

/// Largest answer, in bytes: a layer and what it was made of, or an error.
const MAX_ANSWER: u64 = 64 << 20;
/// Letters of an error that are told.
const MAX_TEXT: usize = 2000;

/// What a step has made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Made {
    /// The layer; none where nothing was changed.
    pub(super) layer: Option<StoredLayer>,
    /// Digests of what it took, for its key.
    pub(super) taken: Vec<ClaimedDigest>,
    /// What of that comes from outside of the build.
    pub(super) inputs: Vec<Dependency>,
}

/// Why a step was not done, as the coordinator can tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// One sentence.
    pub what: String,
    /// What to do next.
    pub remedy: String,
    /// Stable code.
    pub code: String,
    /// How its program ended, where that is the reason.
    pub exit: Option<u8>,
}

type Answer = Result<Made, Trouble>;

/// A step that is being done.
#[derive(Debug)]
pub(super) struct Worker {
    pidfd: OwnedFd,
    /// What it says, from the beginning; nothing once that was read.
    answer: Option<File>,
    output: Option<OwnedFd>,
}

impl Worker {
    /// Clones this process, which must have a single thread, and has `work` done there. What it prints comes
    /// through [`Worker::output`].
    pub(super) fn start(work: impl FnOnce(OwnedFd) -> Result<Made, BuildError>) -> Result<Self, BuildError> {
        let failed = |doing| move |errno: Errno| EngineError::io(doing)(errno.into());
        let answer =
            memfd_create(c"coffer-answer", MemfdFlags::CLOEXEC).map_err(failed("make room for an answer"))?;
        let (output, print) = pipe_with(PipeFlags::CLOEXEC).map_err(failed("make a pipe"))?;
        // Whoever reads of several waits for none of them.
        fcntl_setfl(&output, OFlags::NONBLOCK).map_err(failed("make a pipe"))?;
        let coordinator = rustix::process::getpid();
        match clone3(0, None).map_err(failed("start a process for a step"))? {
            Cloned::Child => {
                drop(output);
                child(coordinator, answer.into(), print, work)
            }
            Cloned::Parent { pidfd, .. } => {
                Ok(Self { pidfd, answer: Some(answer.into()), output: Some(output) })
            }
        }
    }

    /// Readable when it has printed something; none once it has printed everything.
    pub(super) fn output(&self) -> Option<BorrowedFd<'_>> {
        self.output.as_ref().map(|output| output.as_fd())
    }

    /// Readable when it has ended.
    pub(super) fn pidfd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }

    /// Whether it has ended.
    pub(super) fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        // Whom nobody can ask about is gone.
        waitid(WaitId::PidFd(self.pidfd.as_fd()), options).map_or(true, |status| status.is_some())
    }

    /// What it has printed since; empty where that is nothing.
    pub(super) fn printed<'b>(&mut self, buffer: &'b mut [u8]) -> &'b [u8] {
        let Some(output) = &self.output else { return &[] };
        let length = match rustix::io::read(output, &mut *buffer) {
            Err(Errno::INTR | Errno::AGAIN) => return &[],
            read => read.unwrap_or(0),
        };
        if length == 0 {
            self.output = None;
        }
        buffer.get(..length).unwrap_or_default()
    }

    /// Asks it to end, and a program that it runs.
    pub(super) fn ask_to_end(&self) {
        self.send(Signal::TERM);
    }

    fn send(&self, signal: Signal) {
        // One that has ended already needs no asking.
        let _gone = pidfd_send_signal(&self.pidfd, signal);
    }

    /// What it says, once it has ended.
    pub(super) fn conclude(mut self) -> Answer {
        let mut said = Vec::new();
        let answer = self.answer.take();
        let heard = answer
            .map(|mut answer| answer.rewind().and_then(|()| answer.take(MAX_ANSWER).read_to_end(&mut said)));
        let heard = heard.transpose();
        self.reap();
        heard.map_err(|error| {
            Trouble::of(&EngineError::io("hear from the process of a step")(error).into())
        })?;
        // Killed, most likely by the kernel for want of memory.
        serde_json::from_slice(&said).unwrap_or_else(|_| Err(Trouble::of(&BuildError::Lost)))
    }

    fn reap(&self) {
        // Nobody else waits for it, and what it said has come already.
        let _ended = waitid(WaitId::PidFd(self.pidfd.as_fd()), WaitIdOptions::EXITED);
    }
}

impl Drop for Worker {
    /// Whoever has not ended by now is not asked any more.
    fn drop(&mut self) {
        if self.answer.is_some() {
            self.send(Signal::KILL);
            self.reap();
        }
    }
}

/// The clone.
fn child(
    coordinator: Pid,
    mut tell: File,
    print: OwnedFd,
    work: impl FnOnce(OwnedFd) -> Result<Made, BuildError>,
) -> ! {
    if die_with(coordinator).and_then(|()| hear_the_coordinator()).is_err() {
        sys::exec::exit(1);
    }
    let answer: Answer = work(print).map_err(|error| Trouble::of(&error));
    let told =
        serde_json::to_vec(&answer).map_err(std::io::Error::from).and_then(|answer| tell.write_all(&answer));
    sys::exec::exit(i32::from(told.is_err()))
}

/// What a terminal sends to all of us is the coordinator's affair, who asks us to end then. That ends us at once, but
/// where there is something to clear up.
fn hear_the_coordinator() -> Result<(), Errno> {
    let held = set_mask(SignalSet::FULL)?;
    set_mask(held.without(SignalSet::of(&[Signal::TERM.as_raw()]))).map(drop)
}

impl Trouble {
    pub(super) fn of(error: &BuildError) -> Self {
        let short = |text: String| text.chars().take(MAX_TEXT).collect();
        let (what, remedy) = (short(error.to_string()), short(error.remedy()));
        Self { what, remedy, code: error.code().to_owned(), exit: error.program_exit() }
    }
}
