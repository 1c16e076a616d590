//! A terminal with a person in front of it.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcgetwinsize, tcsetwinsize};

use super::until;

/// Both ends of a pseudoterminal, and what was printed on it.
pub(crate) struct Terminal {
    keyboard: File,
    user: OwnedFd,
    screen: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    pub(crate) fn new(rows: u16, columns: u16) -> Self {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        let name = ptsname(&controller, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let user = rustix::fs::open(&name, flags, Mode::empty()).unwrap();
        let keyboard = File::from(controller);
        let screen = Arc::new(Mutex::new(Vec::new()));
        watch(keyboard.try_clone().unwrap(), Arc::clone(&screen));
        let terminal = Self { keyboard, user, screen };
        terminal.resize(rows, columns);
        terminal
    }

    /// Starts the command as a shell would: in a session whose terminal this is, in its foreground.
    /// `setsid` becomes the command, so that the child's id is the command's.
    pub(crate) fn start(&self, command: &Command) -> Child {
        let stream = || Stdio::from(self.user.try_clone().unwrap());
        let mut setsid = Command::new("setsid");
        // A terminal's shell has it hear what the terminal sends, whoever runs the tests.
        setsid.args(["--ctty", "env", "--default-signal=HUP,INT,TERM"]);
        setsid.arg(command.get_program()).args(command.get_args()).env_clear();
        setsid.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(directory) = command.get_current_dir() {
            setsid.current_dir(directory);
        }
        setsid.stdin(stream()).stdout(stream()).stderr(stream()).spawn().unwrap()
    }

    pub(crate) fn types(&self, keys: &[u8]) {
        (&self.keyboard).write_all(keys).unwrap();
    }

    pub(crate) fn resize(&self, rows: u16, columns: u16) {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.keyboard, size).unwrap();
    }

    /// Everything that was printed.
    pub(crate) fn screen(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().unwrap()).into_owned()
    }

    #[track_caller]
    pub(crate) fn shows(&self, text: &str) {
        until(&format!("{text:?} on the terminal"), || self.screen().contains(text));
    }

    /// Whether it has the modes that a shell gave it: keys are echoed, lines are edited.
    pub(crate) fn is_cooked(&self) -> bool {
        let modes = tcgetattr(&self.user).unwrap().local_modes;
        modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    }
}

/// Rows and columns of the terminal that is a process's standard input.
pub(crate) fn size_of(pid: i32) -> Option<(u16, u16)> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let theirs = rustix::fs::open(format!("/proc/{pid}/fd/0"), flags, Mode::empty()).ok()?;
    tcgetwinsize(theirs.as_fd()).ok().map(|size| (size.ws_row, size.ws_col))
}

/// Reads on a thread of its own: a terminal that nobody reads stops whoever prints on it. Ends with the
/// test's process at the latest.
fn watch(mut controller: File, screen: Arc<Mutex<Vec<u8>>>) {
    std::thread::spawn(move || {
        let mut piece = [0; 4096];
        while let Ok(length @ 1..) = controller.read(&mut piece) {
            screen.lock().unwrap().extend(piece.iter().take(length));
        }
    });
}
