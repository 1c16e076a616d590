//! Questions to a person at the terminal, wherever standard input and output lead.

use std::fs::File;
use std::io::{self, Read as _, Write as _};

use engine::registries::Secret;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

use crate::errors::Failure;

/// Longest answer, in bytes.
const MAX_ANSWER: usize = 4096;

const INTERRUPT: u8 = 3;
const END: u8 = 4;
const BACKSPACES: [u8; 2] = [8, 127];
const SIGINT: i32 = 2;

/// The terminal of this process.
pub(crate) struct Terminal {
    file: File,
}

/// Whether what is typed can be read on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Echo {
    Shown,
    Hidden,
}

/// The terminal's modes come back when this is dropped.
struct Quiet<'a> {
    file: &'a File,
    before: Termios,
}

impl Terminal {
    /// `None` where there is nobody to ask.
    pub(crate) fn open() -> Option<Self> {
        File::options().read(true).write(true).open("/dev/tty").ok().map(|file| Self { file })
    }

    /// A line, without its end.
    pub(crate) fn ask(&self, question: &str) -> Result<String, Failure> {
        self.answer(question, Echo::Shown)
    }

    /// A line that nobody sees.
    pub(crate) fn ask_secretly(&self, question: &str) -> Result<Secret, Failure> {
        self.answer(question, Echo::Hidden).map(Secret::new)
    }

    /// Keys are read one by one: a signal that ends this process at the question would leave a terminal that
    /// shows nothing, so an interrupt is a key like any other.
    fn answer(&self, question: &str, echo: Echo) -> Result<String, Failure> {
        let quiet = Quiet::new(&self.file).map_err(|error| unusable(&error))?;
        self.write(question.as_bytes())?;
        let mut typed = Vec::with_capacity(MAX_ANSWER);
        let ended = loop {
            match self.key()? {
                Some(b'\r' | b'\n') => break Ok(()),
                Some(INTERRUPT) => break Err(Failure::interrupted(SIGINT)),
                Some(END) | None => break Err(nobody()),
                Some(key) if BACKSPACES.contains(&key) => self.back(&mut typed, echo)?,
                Some(key) if typed.len() < MAX_ANSWER && key >= b' ' => {
                    typed.push(key);
                    self.show(&[key], echo)?;
                }
                Some(_) => {}
            }
        };
        self.write(b"\n")?;
        drop(quiet);
        ended?;
        String::from_utf8(typed).map_err(|_| Failure::usage("the answer is no text", "type it in UTF-8"))
    }

    /// Takes the last letter back, all bytes of it.
    fn back(&self, typed: &mut Vec<u8>, echo: Echo) -> Result<(), Failure> {
        let continues = |byte: u8| byte & 0b1100_0000 == 0b1000_0000;
        if typed.is_empty() {
            return Ok(());
        }
        while typed.pop().is_some_and(continues) {}
        self.show(b"\x08 \x08", echo)
    }

    fn key(&self) -> Result<Option<u8>, Failure> {
        let mut key = [0];
        loop {
            match (&self.file).read(&mut key) {
                Ok(0) => return Ok(None),
                Ok(_) => return Ok(key.first().copied()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(unusable(&error)),
            }
        }
    }

    fn show(&self, bytes: &[u8], echo: Echo) -> Result<(), Failure> {
        if echo == Echo::Shown { self.write(bytes) } else { Ok(()) }
    }

    fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        (&self.file).write_all(bytes).map_err(|error| unusable(&error))
    }
}

impl<'a> Quiet<'a> {
    fn new(file: &'a File) -> io::Result<Self> {
        let before = tcgetattr(file)?;
        let mut modes = before.clone();
        modes.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        modes.special_codes[SpecialCodeIndex::VMIN] = 1;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(file, OptionalActions::Flush, &modes)?;
        Ok(Self { file, before })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // A terminal that is gone has no modes to give back.
        let _gone = tcsetattr(self.file, OptionalActions::Now, &self.before);
    }
}

fn unusable(error: &io::Error) -> Failure {
    Failure::file("use the terminal", std::path::Path::new("/dev/tty"), error)
}

fn nobody() -> Failure {
    Failure::usage("the question was not answered", "type the answer, or give it with options")
}
