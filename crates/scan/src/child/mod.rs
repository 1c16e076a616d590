//! The process that reads: it holds a tree, a pipe and no rights, and its answer is as foreign as what it read.

mod confine;
mod answer;

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, pidfd_send_signal, waitid};
use sys::clone::{Cloned, clone3};

pub(crate) use confine::read_only;
pub use confine::{Guard, Landlock, profile};

use crate::error::ScanError;
use crate::facts::LayerFacts;
use crate::scope::Scope;
use crate::walk::{self, Bounds};
use answer::READY;

/// Bytes that the pipe may hold, so that the answer does not wait for its reader.
const PIPE: usize = 1 << 20;

/// What the process may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of the tree.
    pub bounds: Bounds,
    /// Bytes of address space.
    pub memory: u64,
    /// Descriptors.
    pub open_files: u64,
    /// Threads that share the files.
    pub threads: usize,
    /// How long it may take.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bounds: Bounds::default(),
            memory: 4 << 30,
            open_files: 128,
            threads: std::thread::available_parallelism().map_or(1, |threads| threads.get().min(8)),
            time: Duration::from_secs(900),
        }
    }
}

/// Looks into trees.
#[derive(Debug, Clone)]
pub struct Scanner {
    guard: Guard,
    limits: Limits,
}

impl Scanner {
    /// One whose processes are confined by `guard` and use no more than `limits`.
    #[must_use]
    pub fn new(guard: Guard, limits: Limits) -> Self {
        // What every process needs is made once, before any of them; what is wrong with it is a gap of each file.
        let _made = (limits.bounds.scope == Scope::Everything).then(crate::secrets::shared);
        Self { guard, limits }
    }

    /// Learns what is in a tree: the directory of an unpacked layer, or any other. `name` is for errors:
    /// `layer 3 of nginx:1.27`.
    ///
    /// The caller must have a single thread.
    ///
    /// # Errors
    /// [`ScanError`].
    pub fn scan(&self, name: &str, tree: OwnedFd) -> Result<LayerFacts, ScanError> {
        self.start(name, tree)?.finish(&mut || {})
    }

    /// Begins to, so that several trees can be looked into at the same time.
    ///
    /// # Errors
    /// [`ScanError::Fork`].
    pub fn start(&self, name: &str, tree: OwnedFd) -> Result<Scan, ScanError> {
        start(self, name, tree, &learn)
    }
}

/// What a process does once it is confined: its answer, or nothing if that is not to be had.
pub(crate) type Work<'a> = &'a dyn Fn(BorrowedFd<'_>, &Limits) -> Option<Vec<u8>>;

fn learn(tree: BorrowedFd<'_>, limits: &Limits) -> Option<Vec<u8>> {
    let survey = walk::survey(tree, &limits.bounds, limits.threads)?;
    confine::read_only().ok()?;
    walk::learn(tree, survey, &limits.bounds, limits.threads)?.encode().ok()
}

pub(crate) fn start(scanner: &Scanner, name: &str, tree: OwnedFd, work: Work<'_>) -> Result<Scan, ScanError> {
    let fork = |errno: Errno| ScanError::Fork { tree: name.to_owned(), source: errno.into() };
    let (report, status) = pipe_with(PipeFlags::CLOEXEC).map_err(fork)?;
    // Who has too many large pipes gets a small one, which is as good but slower.
    let _size = rustix::pipe::fcntl_setpipe_size(&report, PIPE);
    let keeper = rustix::process::getpid();
    match clone3(0, None).map_err(fork)? {
        Cloned::Child => serve(scanner, &tree, &status, keeper, work),
        Cloned::Parent { pidfd, .. } => Ok(Scan {
            name: name.to_owned(),
            pidfd,
            report,
            limit: scanner.limits.time,
            until: Instant::now() + scanner.limits.time,
        }),
    }
}

/// The process itself.
fn serve(scanner: &Scanner, tree: &OwnedFd, status: &OwnedFd, keeper: Pid, work: Work<'_>) -> ! {
    let (guard, limits) = (&scanner.guard, &scanner.limits);
    let confined = confine::confine(tree.as_fd(), status.as_fd(), guard, limits, keeper)
        .and_then(|()| walk::reachable(tree.as_fd()).map_err(|errno| (crate::error::Confining::Tree, errno)));
    if let Err((step, errno)) = confined {
        let _keeper_gone = answer::say(status, &answer::refusal(step, errno));
        sys::exec::exit(1);
    }
    let told = answer::say(status, &[READY]);
    // Where panics unwind, they end here and not in what the keeper was about to do.
    let work = AssertUnwindSafe(|| work(tree.as_fd(), limits));
    let answer = told.ok().and_then(|()| catch_unwind(work).ok().flatten());
    let told = answer.is_some_and(|answer| answer::say(status, &answer).is_ok());
    sys::exec::exit(i32::from(!told))
}

/// A tree that is being looked into. Dropping it ends that.
#[derive(Debug)]
pub struct Scan {
    name: String,
    pidfd: OwnedFd,
    report: OwnedFd,
    limit: Duration,
    until: Instant,
}

impl Scan {
    /// What it was called when it began.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Waits for what is in the tree, and calls `waiting` now and then meanwhile.
    ///
    /// # Errors
    /// [`ScanError`].
    pub fn finish(self, waiting: &mut dyn FnMut()) -> Result<LayerFacts, ScanError> {
        let tree = self.name.clone();
        let answer = self.answer(waiting)?;
        LayerFacts::decode(&answer).map_err(|reason| ScanError::Answer { tree, reason })
    }

    /// What the process says when all went well with it.
    pub(crate) fn answer(self, waiting: &mut dyn FnMut()) -> Result<Vec<u8>, ScanError> {
        let tree = || self.name.clone();
        let slow = || ScanError::Slow { tree: tree(), limit: self.limit };
        let (first, answer) = match answer::hear(&self.report, self.until, waiting) {
            Ok(heard) => heard,
            Err(answer::Unheard::Slow) => return Err(slow()),
            Err(answer::Unheard::TooLarge(size)) => {
                let reason = crate::facts::Undecodable::TooLarge(size);
                return Err(ScanError::Answer { tree: tree(), reason });
            }
        };
        if let Some((step, errno)) = first.and_then(|first| answer::refused(first, &answer)) {
            return Err(ScanError::Confine { tree: tree(), step, source: errno.into() });
        }
        let ended = answer::ended(&self.pidfd, self.until).ok_or_else(slow)?;
        match ended.exit_status() {
            Some(0) if first == Some(READY) => Ok(answer),
            _ => Err(ScanError::Died { tree: tree(), how: how(&ended) }),
        }
    }
}

impl Drop for Scan {
    fn drop(&mut self) {
        let _ended_already = pidfd_send_signal(&self.pidfd, Signal::KILL);
        let wait = || waitid(WaitId::PidFd(self.pidfd.as_fd()), WaitIdOptions::EXITED);
        while matches!(wait(), Err(Errno::INTR)) {}
    }
}

/// How a process ended that has not told what it found.
fn how(ended: &WaitIdStatus) -> String {
    match ended.terminating_signal() {
        Some(signal) => format!("was killed by signal {signal}"),
        None => "ended before it had told what it found".to_owned(),
    }
}
