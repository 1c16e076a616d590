//! A bar on standard error while an image is imported or files are copied, a sum while a disk is measured;
//! nothing where nobody watches.

mod lines;
mod steps;

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use engine::Progress;

use crate::context::write_error;
use crate::render::{text, units};

pub(crate) use lines::Lines;
pub(crate) use steps::{Json, Page, Plain, Silent};

/// A terminal that is redrawn more often than this only flickers.
const BETWEEN_DRAWINGS: Duration = Duration::from_millis(80);

/// Cells of the bar.
const BAR: u64 = 24;

/// How far an import or a copy has come.
#[derive(Debug)]
pub(crate) struct Bar {
    watched: bool,
    of: Of,
    begun: Instant,
    drawn: Option<Instant>,
    layers: usize,
    finished: usize,
    done: u64,
    total: u64,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Layers,
    Bytes,
}

impl Bar {
    /// A bar for an import that is drawn only on a terminal.
    pub(crate) fn new() -> Self {
        let watched = std::io::stderr().is_terminal();
        let begun = Instant::now();
        Self { watched, of: Of::Layers, begun, drawn: None, layers: 0, finished: 0, done: 0, total: 0 }
    }

    /// The same for a copy whose length nobody knows.
    pub(crate) fn of_bytes() -> Self {
        Self { of: Of::Bytes, ..Self::new() }
    }

    /// So many bytes more were copied.
    pub(crate) fn moved(&mut self, bytes: u64) {
        self.done += bytes;
        if self.begun.elapsed() >= PATIENCE {
            self.draw();
        }
    }

    fn draw(&mut self) {
        let label = match self.of {
            Of::Layers => format!("layer {} of {}", (self.finished + 1).min(self.layers), self.layers),
            Of::Bytes => "copied".to_owned(),
        };
        let (done, total, elapsed) = (self.done, self.total, self.begun.elapsed());
        self.show(|| line(&label, done, total, elapsed));
    }

    fn show(&mut self, line: impl FnOnce() -> String) {
        let now = Instant::now();
        if self.watched && self.drawn.is_none_or(|drawn| now - drawn >= BETWEEN_DRAWINGS) {
            self.drawn = Some(now);
            // A line that wraps cannot be taken back.
            write_error(&format!("\r{}\x1b[K", text::cut(&line(), columns() - 1)));
        }
    }
}

impl Progress for Bar {
    fn started(&mut self, layers: &[u64]) {
        (self.begun, self.layers, self.total) = (Instant::now(), layers.len(), layers.iter().sum());
    }

    fn advanced(&mut self, _layer: usize, bytes: u64) {
        self.done += bytes;
        self.draw();
    }

    fn finished(&mut self, _layer: usize) {
        self.finished += 1;
        self.draw();
    }

    /// Where layers are counted already, the bar says enough.
    fn waiting(&mut self, what: &str) {
        let elapsed = self.begun.elapsed();
        if self.finished < self.layers {
            self.draw();
        } else if elapsed >= PATIENCE {
            self.show(|| waited(what, elapsed));
        }
    }
}

/// `looking into ./rootfs  3 s`
fn waited(what: &str, elapsed: Duration) -> String {
    let seconds = i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX);
    format!("{}  {}", text::plain(what), units::duration(seconds))
}

impl Drop for Bar {
    /// Whatever came of it, the next thing that is written begins on a clean line.
    fn drop(&mut self) {
        if self.drawn.is_some() {
            write_error("\r\x1b[K");
        }
    }
}

/// What takes less than this needs no sign of life.
const PATIENCE: Duration = Duration::from_secs(1);

/// How much was counted on disk so far.
#[derive(Debug)]
pub(crate) struct Measuring {
    watched: bool,
    begun: Instant,
    drawn: Option<Instant>,
}

impl Measuring {
    /// A sum that is drawn only on a terminal.
    pub(crate) fn new() -> Self {
        Self { watched: std::io::stderr().is_terminal(), begun: Instant::now(), drawn: None }
    }

    /// Shows it from the first second on.
    pub(crate) fn counted(&mut self, bytes: u64) {
        let now = Instant::now();
        let due = self.drawn.map_or(now - self.begun >= PATIENCE, |drawn| now - drawn >= BETWEEN_DRAWINGS);
        if self.watched && due {
            self.drawn = Some(now);
            write_error(&format!("\rmeasuring  {}\x1b[K", units::bytes(bytes)));
        }
    }
}

impl Drop for Measuring {
    fn drop(&mut self) {
        if self.drawn.is_some() {
            write_error("\r\x1b[K");
        }
    }
}

/// How many things were read so far, where nobody knows how many there are.
#[derive(Debug)]
pub(crate) struct Counting {
    watched: bool,
    things: &'static str,
    begun: Instant,
    drawn: Option<Instant>,
}

impl Counting {
    /// A number that is drawn only on a terminal.
    pub(crate) fn new(things: &'static str) -> Self {
        Self { watched: std::io::stderr().is_terminal(), things, begun: Instant::now(), drawn: None }
    }

    /// Shows it from the first second on.
    pub(crate) fn counted(&mut self, count: u64) {
        let now = Instant::now();
        let due = self.drawn.map_or(now - self.begun >= PATIENCE, |drawn| now - drawn >= BETWEEN_DRAWINGS);
        if self.watched && due {
            self.drawn = Some(now);
            write_error(&format!("\rreading  {count} {}\x1b[K", self.things));
        }
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        if self.drawn.is_some() {
            write_error("\r\x1b[K");
        }
    }
}

/// Of the terminal on standard error.
fn columns() -> usize {
    let size = rustix::termios::tcgetwinsize(std::io::stderr());
    size.ok().map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 1).unwrap_or(80)
}

/// The same terminal's lines.
fn rows() -> usize {
    let size = rustix::termios::tcgetwinsize(std::io::stderr());
    size.ok().map(|size| usize::from(size.ws_row)).filter(|rows| *rows > 1).unwrap_or(24)
}

/// `layer 2 of 3  ━━━━━━━━────────  142 MB of 360 MB  320 MB/s  1 s left`
fn line(label: &str, done: u64, total: u64, elapsed: Duration) -> String {
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = done.saturating_mul(1000) / millis;
    if total == 0 {
        return format!("{label}  {}  {}/s", units::bytes(done), units::bytes(rate));
    }
    let done = done.min(total);
    let filled = u64::try_from(u128::from(done) * u128::from(BAR) / u128::from(total)).unwrap_or(0);
    let cells = |cell: char, count: u64| (0..count).map(|_| cell).collect::<String>();
    let left = (total - done).checked_div(rate).and_then(|seconds| i64::try_from(seconds).ok());
    let left = left.map_or_else(String::new, |seconds| format!("  {} left", units::duration(seconds)));
    format!(
        "{label}  {}{}  {} of {}  {}/s{left}",
        cells('━', filled),
        cells('─', BAR - filled),
        units::bytes(done),
        units::bytes(total),
        units::bytes(rate)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_much_how_fast_and_how_long() {
        let line = line("layer 1 of 3", 50_000_000, 200_000_000, Duration::from_millis(500));
        assert_eq!(line, "layer 1 of 3  ━━━━━━──────────────────  50 MB of 200 MB  100 MB/s  1 s left");
    }

    #[test]
    fn what_nobody_can_measure_is_named_with_its_time() {
        let line = waited("looking into ./root\x1bfs", Duration::from_millis(3900));
        assert_eq!(line, r"looking into ./root\u{1b}fs  3 s");
    }

    #[test]
    fn nothing_is_promised_where_the_total_is_unknown() {
        assert_eq!(line("reading", 5_000_000, 0, Duration::from_secs(1)), "reading  5.0 MB  5.0 MB/s");
        assert!(line("reading", 0, 10, Duration::ZERO).ends_with("0 B/s"));
    }
}
