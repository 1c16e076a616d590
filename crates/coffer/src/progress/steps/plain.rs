//! Line by line, as BuildKit's `--progress plain`: scripts that read that can read this.

use std::time::Instant;

use engine::building::{StepId, Watcher};

use super::{LineBuffer, excerpt};
use crate::context::write_error;
use crate::render::text;

/// A build for whoever reads line by line.
#[derive(Debug, Default)]
pub(crate) struct Plain {
    steps: Vec<Told>,
}

#[derive(Debug)]
struct Told {
    title: String,
    begun: Option<Instant>,
    buffer: LineBuffer,
}

impl Plain {
    fn head(&self, step: StepId) -> Option<String> {
        Some(format!("#{} {}\n", step + 1, text::plain(&self.steps.get(step)?.title)))
    }

    fn seconds(&self, step: StepId) -> f64 {
        let begun = self.steps.get(step).and_then(|told| told.begun);
        begun.map_or(0.0, |begun| begun.elapsed().as_secs_f64())
    }

    fn lines(&mut self, step: StepId, piece: Option<&[u8]>) {
        let seconds = self.seconds(step);
        let Some(told) = self.steps.get_mut(step) else { return };
        let mut page = Vec::new();
        let mut line = |line: &str| {
            page.extend_from_slice(format!("#{} {seconds:.3} ", step + 1).as_bytes());
            text::for_terminal(line.as_bytes(), &mut page);
            page.push(b'\n');
        };
        match piece {
            Some(piece) => told.buffer.feed(piece, &mut line),
            None => told.buffer.flush(&mut line),
        }
        write_error(&String::from_utf8_lossy(&page));
    }

    fn end(&mut self, step: StepId, word: &str) {
        self.lines(step, None);
        write_error(&format!("#{} {word} {:.1}s\n\n", step + 1, self.seconds(step)));
    }
}

impl Watcher for Plain {
    fn planned(&mut self, titles: &[String]) {
        let told = |title: &String| Told { title: title.clone(), begun: None, buffer: LineBuffer::default() };
        self.steps = titles.iter().map(told).collect();
    }

    fn began(&mut self, step: StepId) {
        if let Some(told) = self.steps.get_mut(step) {
            told.begun = Some(Instant::now());
        }
        write_error(&self.head(step).unwrap_or_default());
    }

    fn cached(&mut self, step: StepId) {
        let head = self.head(step).unwrap_or_default();
        write_error(&format!("{head}#{} CACHED\n\n", step + 1));
    }

    fn printed(&mut self, step: StepId, bytes: &[u8]) {
        self.lines(step, Some(bytes));
    }

    fn done(&mut self, step: StepId) {
        self.end(step, "DONE");
    }

    fn failed(&mut self, step: StepId) {
        self.end(step, "ERROR");
    }

    fn excerpt(&mut self, file: &str, lines: &str) {
        write_error(&excerpt(file, lines));
    }

    fn waiting(&mut self, _what: &str) {}

    fn tick(&mut self) {}

    fn remark(&mut self, remark: &str) {
        write_error(&format!("coffer: {}\n", text::plain(remark)));
    }
}
