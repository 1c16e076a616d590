//! Our own terminal while a container has it: raw mode, given back on every way out.

use std::os::fd::{AsFd, OwnedFd};
use std::panic;
use std::sync::Arc;

use rustix::io::Result;
use rustix::termios::{OptionalActions, Termios, Winsize, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize};

/// A terminal in raw mode, until dropped. Panics abort in release builds and run no destructors, so a
/// panic hook gives it back as well.
pub(super) struct RawMode {
    before: Arc<Saved>,
}

struct Saved {
    terminal: OwnedFd,
    modes: Termios,
}

impl Saved {
    fn restore(&self) {
        // There is nobody left to tell: the terminal may be gone.
        let _ = tcsetattr(&self.terminal, OptionalActions::Drain, &self.modes);
    }
}

impl RawMode {
    /// Switches the terminal to raw mode.
    ///
    /// # Errors
    /// `ENOTTY` where it is none.
    pub(super) fn enter(terminal: impl AsFd) -> Result<Self> {
        let terminal = rustix::io::fcntl_dupfd_cloexec(terminal, 3)?;
        let before = Arc::new(Saved { modes: tcgetattr(&terminal)?, terminal });
        let raw = Self { before };
        raw.apply()?;
        let (saved, previous) = (Arc::downgrade(&raw.before), panic::take_hook());
        panic::set_hook(Box::new(move |info| {
            if let Some(saved) = saved.upgrade() {
                saved.restore();
            }
            previous(info);
        }));
        Ok(raw)
    }

    /// Switches to raw mode again: a shell that stopped us has put its own modes.
    pub(super) fn apply(&self) -> Result<()> {
        let mut modes = self.before.modes.clone();
        modes.make_raw();
        tcsetattr(&self.before.terminal, OptionalActions::Drain, &modes)
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        self.before.restore();
    }
}

/// Rows and columns of a terminal; `None` where it is none or does not know.
pub(crate) fn size(terminal: impl AsFd) -> Option<Winsize> {
    tcgetwinsize(terminal).ok().filter(|size| size.ws_row > 0 && size.ws_col > 0)
}

/// Gives one terminal the size of another.
pub(super) fn copy_size(from: impl AsFd, to: impl AsFd) {
    if let Some(size) = size(from) {
        // The program keeps its old size, and the next change is another chance.
        let _ = tcsetwinsize(to, size);
    }
}

#[cfg(test)]
mod tests {
    use rustix::fs::{Mode, OFlags};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::LocalModes;

    use super::*;

    fn pty() -> (OwnedFd, OwnedFd) {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        let name = ptsname(&controller, Vec::new()).unwrap();
        let user = rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        (controller, user)
    }

    fn echoes(terminal: &OwnedFd) -> bool {
        tcgetattr(terminal).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    #[test]
    fn raw_mode_ends_with_its_guard_and_can_be_put_again() {
        let (_controller, user) = pty();
        assert!(echoes(&user));
        let raw = RawMode::enter(&user).unwrap();
        assert!(!echoes(&user));
        raw.before.restore();
        raw.apply().unwrap();
        assert!(!echoes(&user));
        drop(raw);
        assert!(echoes(&user));
    }

    #[test]
    fn a_panic_gives_the_terminal_back() {
        let (_controller, user) = pty();
        let raw = RawMode::enter(&user).unwrap();
        let seen = user.try_clone().unwrap();
        assert!(std::thread::spawn(|| panic!("on purpose")).join().is_err());
        assert!(echoes(&seen));
        drop(raw);
    }

    #[test]
    fn sizes_are_copied_and_pipes_have_none() {
        let ((one, _a), (other, _b)) = (pty(), pty());
        let size = Winsize { ws_row: 11, ws_col: 22, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&one, size).unwrap();
        copy_size(&one, &other);
        assert_eq!(super::size(&other).map(|size| (size.ws_row, size.ws_col)), Some((11, 22)));
        let (read, _write) = rustix::pipe::pipe().unwrap();
        assert!(super::size(&read).is_none() && RawMode::enter(&read).is_err());
    }
}
