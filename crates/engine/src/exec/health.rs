//! Asking a container whether it is well: a command inside, as its own user and with its own rights.

use std::os::fd::{AsFd as _, OwnedFd};
use std::time::{Duration, Instant};

use launch::cgroup::Location;
use launch::{Io, Running};
use model::exec::ExecRequest;
use model::spec::Spec;
use model::upkeep::HealthCommand;
use policy::Refusal;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Gid, Uid};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::exec::Inside;
use crate::state::Record;

/// So much of what a check prints is kept, in bytes.
const KEPT: usize = 4096;

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthResult {
    /// Its exit code, 0 for a container that is well; absent where it took too long.
    pub exit: Option<u8>,
    /// The beginning of what it printed, or why it could not be executed.
    pub output: Vec<u8>,
}

impl Engine {
    /// Executes a check in the container of the record, which was started with `spec`, and waits for it at
    /// most so long. It is what the container's own permit allows, and has no entry in the ledger.
    pub(crate) fn probe_health(
        &self,
        record: &Record,
        spec: &Spec,
        command: &HealthCommand,
        timeout: Duration,
    ) -> HealthResult {
        let command = match command {
            HealthCommand::Disabled => return HealthResult { exit: Some(0), output: Vec::new() },
            HealthCommand::Program(words) => words.clone(),
            HealthCommand::Shell(line) => vec!["/bin/sh".to_owned(), "-c".to_owned(), line.clone()],
        };
        let request = ExecRequest { command, ..ExecRequest::default() };
        let until = Instant::now() + timeout;
        match self.begin_check(record, spec, &request) {
            Ok((running, output)) => {
                listen(running, &output, until).unwrap_or_else(|error| EngineError::from(error).into())
            }
            Err(failed) => failed,
        }
    }

    fn begin_check(
        &self,
        record: &Record,
        spec: &Spec,
        request: &ExecRequest,
    ) -> Result<(Running, OwnedFd), HealthResult> {
        let inside = Inside::open(record.clone(), spec.clone()).map_err(EngineError::from)?;
        let (user, owner) = self.user_inside(&inside, request)?;
        let question = self.question(&inside, request, &user)?;
        let permit = policy::decide_exec(&question, self.now())?;
        let spec = policy::confine_exec(&permit, &question).map_err(EngineError::from)?;
        let (output, io) = streams(owner).map_err(EngineError::io("make a pipe"))?;
        let group = Location::plain(&spec.linux.cgroups_path);
        let prepared =
            launch::enter(permit, inside.target(), &group, &spec, io).map_err(EngineError::from)?;
        Ok((prepared.release().map_err(EngineError::from)?, output))
    }
}

impl From<EngineError> for HealthResult {
    fn from(error: EngineError) -> Self {
        Self { exit: Some(error.exit_code()), output: error.to_string().into_bytes() }
    }
}

impl From<Box<Refusal>> for HealthResult {
    fn from(refusal: Box<Refusal>) -> Self {
        Self { exit: Some(125), output: refusal.asked.into_bytes() }
    }
}

/// Nothing to read, and one pipe for both outputs, which the container's user may open anew.
fn streams((uid, gid): (u32, u32)) -> std::io::Result<(OwnedFd, Io)> {
    let (ours, stdout) = pipe_with(PipeFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&ours, true)?;
    rustix::fs::fchown(&stdout, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))?;
    let stderr = stdout.try_clone()?;
    Ok((ours, Io::Streams { stdin: None, stdout, stderr }))
}

/// Reads what it prints until it ends or its time is up. What it has started and left behind may print
/// on, and is not listened to.
fn listen(running: Running, output: &OwnedFd, until: Instant) -> Result<HealthResult, launch::LaunchError> {
    let mut kept = Vec::with_capacity(KEPT);
    let mut open = true;
    while !running_has_ended(&running, open.then_some(output), until) {
        if Instant::now() >= until {
            kill(&running);
            return Ok(HealthResult { exit: None, output: kept });
        }
        open = open && take(output, &mut kept);
    }
    take(output, &mut kept);
    let exit = running.wait()?.code();
    Ok(HealthResult { exit: Some(exit), output: kept })
}

/// Waits for its end, its output or the time, whichever comes first.
fn running_has_ended(running: &Running, output: Option<&OwnedFd>, until: Instant) -> bool {
    let left = until.saturating_duration_since(Instant::now());
    let time = Timespec::try_from(left).unwrap_or_default();
    let mut fds = vec![PollFd::from_borrowed_fd(running.pidfd(), PollFlags::IN)];
    fds.extend(output.map(|output| PollFd::from_borrowed_fd(output.as_fd(), PollFlags::IN)));
    let _interrupted = poll(&mut fds, Some(&time));
    fds.first().is_some_and(|process| !process.revents().is_empty())
}

/// Takes what is there, and keeps its beginning; whether more may come.
fn take(output: &OwnedFd, kept: &mut Vec<u8>) -> bool {
    let mut piece = [0; KEPT];
    loop {
        match rustix::io::read(output, &mut piece) {
            Ok(0) => return false,
            Ok(length) => {
                let room = KEPT.saturating_sub(kept.len());
                kept.extend(piece.iter().take(length.min(room)));
            }
            Err(Errno::INTR) => {}
            Err(errno) => return errno == Errno::AGAIN,
        }
    }
}

/// It leads a session of its own, and so a group of everything that it started and that stayed in it.
fn kill(running: &Running) {
    if let Some(group) = Pid::from_raw(running.pid()) {
        let _gone_already = kill_process_group(group, Signal::KILL);
    }
}
