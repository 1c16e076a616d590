//! Errands: a process of ours that asks a publisher for news, while the command waits for it or goes on.

use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pipe::{PipeFlags, pipe_with};
use sys::clone::{Cloned, clone3};

use super::pins::Pin;
use crate::engine::Engine;
use crate::foreground;

/// The most bytes of what an errand has to say.
const MOST: u64 = 4096;

/// How an errand ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum News {
    /// It came, or whoever asked for it was killed: what is kept says which.
    Heard,
    /// It could not be had, and why.
    None(String),
}

impl Engine {
    /// Asks for news of a publisher, and waits no longer than this. Who has not answered by then may still be heard
    /// by the next command. This process must have no other thread.
    pub(super) fn news_within(&self, pin: &Pin, patience: Duration) -> News {
        let until = Instant::now() + patience;
        match self.send_out(pin) {
            Ok(answer) => heard(answer, until, patience),
            Err(error) => News::None(error.to_string()),
        }
    }

    /// Asks for news of a publisher, and waits for nobody. This process must have no other thread.
    pub(super) fn news_later(&self, pin: &Pin) {
        // What fails now is tried again at the next start.
        let _next_time = self.send_out(pin);
    }

    /// A process that asks, and what it says in the end.
    fn send_out(&self, pin: &Pin) -> std::io::Result<OwnedFd> {
        let (answer, theirs) = pipe_with(PipeFlags::CLOEXEC)?;
        match clone3(0, None)? {
            Cloned::Child => {
                foreground::leave_terminal();
                let alone =
                    sys::fds::streams_to_null().and_then(|()| sys::fds::keep_only(3, &[theirs.as_fd()]));
                let text = match alone {
                    Ok(()) => self.errand(pin),
                    Err(errno) => errno.to_string(),
                };
                let said = std::fs::File::from(theirs).write_all(text.as_bytes());
                sys::exec::exit(i32::from(said.is_err()))
            }
            Cloned::Parent { .. } => Ok(answer),
        }
    }

    /// Empty where all is well.
    fn errand(&self, pin: &Pin) -> String {
        self.refresh_pin(pin).err().map(|error| error.to_string()).unwrap_or_default()
    }
}

/// What an errand says before its time is over. Its end is the answer's.
fn heard(answer: OwnedFd, until: Instant, patience: Duration) -> News {
    let late = || News::None(format!("there was no answer within {} seconds", patience.as_secs()));
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return late();
        }
        let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
        let mut fds = [PollFd::new(&answer, PollFlags::IN)];
        match poll(&mut fds, Some(&timeout)) {
            Ok(0) => return late(),
            Ok(_) => break,
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return News::None(errno.to_string()),
        }
    }
    let mut text = Vec::new();
    match std::fs::File::from(answer).take(MOST).read_to_end(&mut text) {
        Ok(0) => News::Heard,
        Ok(_) => News::None(String::from_utf8_lossy(&text).into_owned()),
        Err(error) => News::None(error.to_string()),
    }
}
