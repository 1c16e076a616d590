//! What goes over the pipe: a word that all is confined, and then an answer; or the step that failed.

use std::os::fd::{AsFd as _, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read, write};
use rustix::process::{WaitId, WaitIdOptions, WaitIdStatus, waitid};

use crate::error::Confining;
use crate::facts::MOST_BYTES;

/// What the process says when it is confined. It comes before anything hostile is read, so it can be believed.
pub(super) const READY: u8 = 0xff;

/// Bytes that are read at once.
const PIECE: usize = 256 << 10;

/// How long it is waited before somebody is told so.
const BEAT: Duration = Duration::from_millis(200);

/// Why there is no whole answer.
pub(super) enum Unheard {
    /// It did not come in time.
    Slow,
    /// There is more of it than there may be.
    TooLarge(usize),
}

/// What the process says where a step failed.
pub(super) fn refusal(step: Confining, errno: Errno) -> Vec<u8> {
    [&[step.to_byte()], errno.raw_os_error().to_ne_bytes().as_slice()].concat()
}

/// The step and the kernel's answer, if this is a refusal.
pub(super) fn refused(first: u8, rest: &[u8]) -> Option<(Confining, Errno)> {
    let errno = i32::from_ne_bytes(rest.try_into().ok()?);
    Some((Confining::from_byte(first)?, Errno::from_raw_os_error(errno)))
}

pub(super) fn say(status: &OwnedFd, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match write(status, bytes) {
            Err(Errno::INTR) => {}
            written => bytes = bytes.get(written?..).unwrap_or_default(),
        }
    }
    Ok(())
}

/// Everything up to the end of the stream: the first byte, and the rest. While nothing comes, `waiting` is called.
pub(super) fn hear(
    report: &OwnedFd,
    until: Instant,
    waiting: &mut dyn FnMut(),
) -> Result<(Option<u8>, Vec<u8>), Unheard> {
    let mut heard = Vec::new();
    let mut piece = vec![0; PIECE];
    let mut first = None;
    loop {
        while !comes(report, until.min(Instant::now() + BEAT)) {
            if Instant::now() >= until {
                return Err(Unheard::Slow);
            }
            waiting();
        }
        let length = match read(report, piece.as_mut_slice()) {
            Err(Errno::INTR) => continue,
            // Nothing more will come, which is as good as an end.
            length => length.unwrap_or(0),
        };
        let mut said = piece.get(..length).unwrap_or_default();
        if said.is_empty() {
            return Ok((first, heard));
        }
        if let (None, [byte, rest @ ..]) = (first, said) {
            (first, said) = (Some(*byte), rest);
        }
        heard.extend_from_slice(said);
        if heard.len() > MOST_BYTES {
            return Err(Unheard::TooLarge(heard.len()));
        }
    }
}

/// How the process ended, if it does in time.
pub(super) fn ended(pidfd: &OwnedFd, until: Instant) -> Option<WaitIdStatus> {
    if !comes(pidfd, until) {
        return None;
    }
    // It stays to be waited for by whoever owns the descriptor.
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    waitid(WaitId::PidFd(pidfd.as_fd()), options).ok().flatten()
}

/// Waits until there is something to read.
fn comes(descriptor: &OwnedFd, until: Instant) -> bool {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
        match poll(&mut [PollFd::new(descriptor, PollFlags::IN)], Some(&timeout)) {
            Err(Errno::INTR) => {}
            ready => return ready.is_ok_and(|ready| ready > 0),
        }
    }
}
