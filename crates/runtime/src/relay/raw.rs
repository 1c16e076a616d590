//! Our own terminal while a program has it.

use std::os::fd::BorrowedFd;

use rustix::stdio::stdin;
use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize};

use crate::error::Failure;

/// Our own terminal, passing every key on; it is as before when this is dropped.
pub(super) struct Raw(Option<Termios>);

impl Raw {
    pub(super) fn enter() -> Result<Self, Failure> {
        if !isatty(stdin()) {
            return Ok(Self(None));
        }
        let fault = |errno| Failure::system("use", "the terminal")(errno);
        let before = tcgetattr(stdin()).map_err(fault)?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(stdin(), OptionalActions::Now, &raw).map_err(fault)?;
        Ok(Self(Some(before)))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _the_terminal_is_gone = tcsetattr(stdin(), OptionalActions::Now, before);
        }
    }
}

/// Tells the program how large our terminal is.
pub(super) fn copy_size(master: BorrowedFd<'_>) {
    if let Ok(size) = tcgetwinsize(stdin()) {
        // A terminal without a size works.
        let _as_it_was = tcsetwinsize(master, size);
    }
}
