//! One line for each blob on its way, taken back when all of them are there; nothing where nobody watches.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use engine::Progress;

use super::{BETWEEN_DRAWINGS, columns, line, rows};
use crate::context::write_error;
use crate::render::text;

/// How far each blob of an image has come.
#[derive(Debug)]
pub(crate) struct Lines {
    watched: bool,
    begun: Instant,
    drawn: Option<Instant>,
    blobs: Vec<Blob>,
    /// Lines of ours above the cursor.
    shown: usize,
}

#[derive(Debug)]
struct Blob {
    size: u64,
    done: u64,
    begun: Option<Duration>,
    finished: bool,
}

impl Lines {
    /// Lines that are drawn only on a terminal.
    pub(crate) fn new() -> Self {
        let watched = std::io::stderr().is_terminal();
        Self { watched, begun: Instant::now(), drawn: None, blobs: Vec::new(), shown: 0 }
    }

    fn draw(&mut self) {
        let now = Instant::now();
        if !self.watched || self.drawn.is_some_and(|drawn| now - drawn < BETWEEN_DRAWINGS) {
            return;
        }
        self.drawn = Some(now);
        let mut page = back(self.shown);
        let lines = self.lines(now - self.begun);
        self.shown = lines.len();
        for line in lines {
            // A line that wraps cannot be taken back.
            page.push_str(&format!("{}\x1b[K\n", text::cut(&line, columns() - 1)));
        }
        page.push_str("\x1b[J");
        write_error(&page);
    }

    /// Those under way, and one for all others.
    fn lines(&self, elapsed: Duration) -> Vec<String> {
        let count = self.blobs.len();
        let under_way = self.blobs.iter().enumerate().filter(|(_, blob)| blob.done > 0 && !blob.finished);
        let one = |(number, blob): (usize, &Blob)| {
            let time = elapsed.saturating_sub(blob.begun.unwrap_or_default());
            line(&format!("{:>3} of {count}", number + 1), blob.done, blob.size, time)
        };
        let mut lines: Vec<String> = under_way.map(one).take(rows().saturating_sub(2).max(1)).collect();
        let (done, total) = self
            .blobs
            .iter()
            .fold((0, 0), |(done, total), blob| (done + blob.done.min(blob.size), total + blob.size));
        let finished = self.blobs.iter().filter(|blob| blob.finished).count();
        lines.push(line(&format!("{finished:>3} done"), done, total, elapsed));
        lines
    }
}

/// Takes back so many lines.
fn back(lines: usize) -> String {
    if lines == 0 { "\r".to_owned() } else { format!("\r\x1b[{lines}A") }
}

impl Progress for Lines {
    fn started(&mut self, blobs: &[u64]) {
        self.begun = Instant::now();
        let blob = |size: &u64| Blob { size: *size, done: 0, begun: None, finished: false };
        self.blobs = blobs.iter().map(blob).collect();
    }

    fn advanced(&mut self, blob: usize, bytes: u64) {
        let elapsed = self.begun.elapsed();
        if let Some(blob) = self.blobs.get_mut(blob) {
            blob.begun.get_or_insert(elapsed);
            blob.done = blob.done.saturating_add(bytes);
        }
        self.draw();
    }

    fn finished(&mut self, blob: usize) {
        if let Some(blob) = self.blobs.get_mut(blob) {
            blob.finished = true;
        }
        self.draw();
    }
}

impl Drop for Lines {
    /// Whatever came of it, the next thing that is written begins on a clean line.
    fn drop(&mut self) {
        if self.drawn.is_some() {
            write_error(&format!("{}\x1b[J", back(self.shown)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_blob_under_way_has_a_line_and_all_of_them_one() {
        let mut lines = Lines::new();
        lines.watched = false;
        lines.started(&[100_000_000, 50_000_000, 10]);
        lines.advanced(0, 25_000_000);
        lines.advanced(2, 10);
        lines.finished(2);
        let drawn = lines.lines(Duration::from_secs(1));
        assert_eq!(drawn.len(), 2, "{drawn:?}");
        assert!(
            drawn[0].starts_with("  1 of 3  ━━━━━━──") && drawn[0].contains("25 MB of 100 MB"),
            "{drawn:?}"
        );
        assert!(drawn[1].starts_with("  1 done  ━━━━──"), "{drawn:?}");
    }
}
