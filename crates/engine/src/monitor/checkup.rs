//! One health check: a process of ours enters the container, asks, and says what it heard.

use std::io::Read as _;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use model::upkeep::HealthCommand;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Signal, WaitId, WaitIdOptions, pidfd_send_signal, waitid};
use serde::{Deserialize, Serialize};
use sys::clone::{Cloned, clone3};

use crate::engine::Engine;
use crate::exec::HealthResult;
use crate::state::{Held, Record, read_file};

/// Where the latest answers are kept, in the container's directory.
pub(crate) const HEALTH: &str = "health.json";
/// How many of them.
const KEPT: usize = 5;
/// Most bytes of an answer.
const MOST: usize = 4096;
/// A check that is this much over its time is stuck itself.
const GRACE: Duration = Duration::from_secs(5);

/// What the latest health checks heard.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthLog {
    /// Failures in a row.
    pub failing_streak: u32,
    /// The latest answers, oldest first.
    pub log: Vec<Answer>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// When it was given, seconds since the epoch.
    pub at: i64,
    /// The command's exit code; absent where it took too long or could not be executed.
    pub exit_code: Option<u8>,
    /// What it printed, the beginning of it.
    pub output: String,
}

/// A check that is under way.
#[derive(Debug)]
pub(super) struct Checkup {
    pidfd: OwnedFd,
    answer: OwnedFd,
    ends: Instant,
}

impl Checkup {
    /// Sends somebody in.
    pub(super) fn begin(
        engine: &Engine,
        record: &Record,
        command: &HealthCommand,
        timeout: Duration,
        now: Instant,
    ) -> std::io::Result<Self> {
        let (answer, theirs) = pipe_with(PipeFlags::CLOEXEC)?;
        match clone3(0, None)? {
            Cloned::Child => {
                drop(answer);
                let done = visit(engine, record, command, timeout, theirs);
                sys::exec::exit(i32::from(done.is_none()))
            }
            Cloned::Parent { pidfd, .. } => Ok(Self { pidfd, answer, ends: now + timeout + GRACE }),
        }
    }

    /// Readable when it has ended.
    pub(super) fn pidfd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }

    /// When it is ended by force.
    pub(super) fn ends(&self) -> Instant {
        self.ends
    }

    /// What was heard.
    pub(super) fn finish(self) -> HealthResult {
        let _gone_already = pidfd_send_signal(&self.pidfd, Signal::KILL);
        let _is_our_child = waitid(WaitId::PidFd(self.pidfd.as_fd()), WaitIdOptions::EXITED);
        let mut bytes = Vec::new();
        let whole = std::fs::File::from(self.answer).take(MOST as u64 + 2).read_to_end(&mut bytes);
        match (whole, bytes.split_first_chunk::<2>()) {
            (Ok(_), Some(([1, code], output))) => HealthResult { exit: Some(*code), output: output.to_vec() },
            (_, rest) => HealthResult { exit: None, output: rest.map_or_else(Vec::new, |(_, o)| o.to_vec()) },
        }
    }
}

/// In the child: two bytes, whether there is an exit code and which, and then what was printed.
fn visit(
    engine: &Engine,
    record: &Record,
    command: &HealthCommand,
    timeout: Duration,
    answer: OwnedFd,
) -> Option<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).ok()?;
    sys::signal::set_mask(sys::signal::SignalSet::EMPTY).ok()?;
    let spec = engine.start_of(record).ok()??.spec;
    let HealthResult { exit, output } = engine.probe_health(record, &spec, command, timeout);
    let mut bytes = vec![u8::from(exit.is_some()), exit.unwrap_or(0)];
    bytes.extend(output.iter().take(MOST));
    // As much as fits into a pipe's buffer.
    rustix::io::write(&answer, &bytes).ok().map(drop)
}

/// Keeps an answer where `inspect` finds it.
pub(super) fn keep(held: &Held, failing_streak: u32, result: &HealthResult, now: i64) {
    let mut log = read(held.dir()).unwrap_or_default();
    log.failing_streak = failing_streak;
    let output = String::from_utf8_lossy(&result.output).into_owned();
    log.log.push(Answer { at: now, exit_code: result.exit, output });
    let surplus = log.log.len().saturating_sub(KEPT);
    log.log.drain(..surplus);
    // A disk without room for it has worse to tell.
    let _not_kept = held.write(HEALTH, &log);
}

/// The latest answers of a container.
pub(crate) fn read(dir: BorrowedFd<'_>) -> Option<HealthLog> {
    serde_json::from_slice(&read_file(dir, HEALTH).ok()??).ok()
}
