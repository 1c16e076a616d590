//! Attaching to a container that runs in the background: its monitor shows what it prints, and takes what
//! is typed.

use std::os::fd::{AsFd as _, OwnedFd};

use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::foreground::{Foreground, ForegroundError, Input, Left, Relay, Signals, Subject};
use crate::monitor::Admission;
use crate::state::{Ended, StateError, Status, open_dir};

/// How much a reader of ours may be behind; a user's limit may be lower, and then it is that.
const BEHIND: usize = 1 << 20;

/// How an attachment came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attached {
    /// The container has ended.
    Ended(Ended),
    /// We left by the keys, and it runs on.
    Left,
    /// It printed faster than we read, and runs on.
    Behind,
}

/// Whether signals that reach us are the container's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassSignals {
    /// They are.
    On,
    /// They end us.
    Off,
}

impl Engine {
    /// Is the container's terminal, or its streams, until it ends or is left.
    ///
    /// # Errors
    /// [`StateError::NotRunning`], [`StateError::NoMonitor`]; as [`Engine::container`].
    pub fn attach(
        &self,
        text: &str,
        foreground: Foreground,
        input: bool,
        signals: PassSignals,
    ) -> Result<Attached, EngineError> {
        let record = self.container(text)?;
        let Status::Running { process, .. } = &record.status else {
            return Err(StateError::NotRunning(record.name).into());
        };
        let failed = || EngineError::io("attach to the container");
        let not_running = || StateError::NotRunning(record.name.clone());
        let pidfd = process.pidfd().map_err(failed())?.ok_or_else(not_running)?;
        let path = self.containers.path(&record.id);
        let dir = open_dir(&path).map_err(StateError::errno("open", &path))?;
        let pipes = Pipes::make().map_err(ForegroundError::io("make pipes"))?;
        let admission = Admission::ask(dir.as_fd(), [pipes.to_output.as_fd(), pipes.to_errors.as_fd()])
            .map_err(|_nobody_there| StateError::NoMonitor(record.name.clone()))?;
        // Ours of the pipes' other ends are closed here.
        let Pipes { output, errors, .. } = pipes;
        let held = Signals::block().map_err(failed())?;
        let mut relay = connect(foreground, admission, input, [output, errors], held)?.shown_by_another();
        let forward = |number| {
            if signals == PassSignals::On {
                // It may have ended in this moment.
                let _ended_meanwhile = sys::signal::send(pidfd.as_fd(), number);
            }
        };
        let left = relay.run(&Subject { pidfd: pidfd.as_fd(), signal: &forward }).map_err(failed())?;
        match left {
            Left::Running(_) => Ok(Attached::Left),
            Left::CutOff => Ok(Attached::Behind),
            Left::Ended => {
                let exit = self.await_end_of(&record.id, process)?;
                relay.drain().map_err(failed())?;
                Ok(Attached::Ended(exit))
            }
        }
    }
}

/// What the monitor writes into.
struct Pipes {
    output: OwnedFd,
    errors: OwnedFd,
    to_output: OwnedFd,
    to_errors: OwnedFd,
}

impl Pipes {
    fn make() -> rustix::io::Result<Self> {
        let pipe = || {
            let pipe = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
            let _smaller_then = fcntl_setpipe_size(&pipe.0, BEHIND);
            Ok::<_, rustix::io::Errno>(pipe)
        };
        let ((output, to_output), (errors, to_errors)) = (pipe()?, pipe()?);
        Ok(Self { output, errors, to_output, to_errors })
    }
}

fn connect(
    foreground: Foreground,
    admission: Admission,
    input: bool,
    [output, errors]: [OwnedFd; 2],
    signals: Signals,
) -> Result<Relay, EngineError> {
    let asked = if input { Input::Ours } else { Input::Empty };
    match admission.input {
        Some(terminal) if admission.terminal => {
            foreground.check_keys(asked)?;
            Ok(Relay::terminal(foreground, asked, terminal.as_fd(), output, signals)?)
        }
        input => {
            let input = input.filter(|_| asked == Input::Ours);
            Ok(crate::foreground::attached(foreground, input, output, errors, signals)?)
        }
    }
}
