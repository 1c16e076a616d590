//! A part of the terminal that is drawn again and again in the same place.

use std::io::{IsTerminal as _, Write as _};

use crate::errors::Failure;

/// Hides the cursor, goes up so many lines, and clears what is below.
const HIDE: &str = "\x1b[?25l";
const SHOW: &str = "\x1b[?25h";
const CLEAR_BELOW: &str = "\x1b[J";

/// What was drawn last stays when this is dropped, and the cursor comes back.
#[derive(Debug)]
pub(crate) struct Screen {
    drawn: usize,
}

impl Screen {
    /// The terminal on standard output; `None` where there is none, or one that cannot move its cursor.
    pub(crate) fn new() -> Option<Self> {
        let moves = std::env::var_os("TERM").is_some_and(|term| term != "dumb");
        (moves && std::io::stdout().is_terminal()).then_some(Self { drawn: 0 })
    }

    /// Replaces what was drawn before; lines that do not fit on the terminal are counted.
    pub(crate) fn show(&mut self, text: &str) -> Result<(), Failure> {
        let text = fitting(text, rows());
        let up = if self.drawn > 0 { format!("\x1b[{}A\r", self.drawn) } else { HIDE.to_owned() };
        self.drawn = text.lines().count();
        write(&format!("{up}{CLEAR_BELOW}{text}")).map_err(|error| Failure::output(&error))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Whoever closed the terminal has no cursor to miss.
        let _closed = write(SHOW);
    }
}

fn write(text: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

fn rows() -> usize {
    let size = rustix::termios::tcgetwinsize(std::io::stdout());
    size.ok().map(|size| usize::from(size.ws_row)).filter(|rows| *rows > 2).unwrap_or(24)
}

/// As many lines as leave one for the cursor.
fn fitting(text: &str, rows: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() < rows {
        return text.to_owned();
    }
    let shown = rows.saturating_sub(2);
    let kept: String = lines.iter().take(shown).map(|line| format!("{line}\n")).collect();
    format!("{kept}... and {} more\n", lines.len() - shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_counted() {
        assert_eq!(fitting("a\nb\n", 3), "a\nb\n");
        assert_eq!(fitting("a\nb\nc\nd\n", 4), "a\nb\n... and 2 more\n");
    }
}
