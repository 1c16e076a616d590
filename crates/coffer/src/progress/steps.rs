//! A build, as it comes along: in place on a terminal, line by line elsewhere.

mod json;
mod page;
mod plain;

use std::collections::{BTreeMap, VecDeque};

use engine::building::{StepId, Watcher};

use crate::context::write_error;
use crate::render::text;

pub(crate) use json::Json;
pub(crate) use page::Page;
pub(crate) use plain::Plain;

/// Bytes of one line of a program's output that are shown; what a program prints without end has no lines.
const MAX_LINE: usize = 8 << 10;

/// Lines of a step that failed which are told.
const KEPT: usize = 60;

/// A build that nobody watches; what a person should know is said all the same.
#[derive(Debug, Default)]
pub(crate) struct Silent {
    running: BTreeMap<StepId, Tail>,
}

impl Watcher for Silent {
    fn planned(&mut self, _titles: &[String]) {}

    fn began(&mut self, _step: StepId) {}

    fn cached(&mut self, _step: StepId) {}

    fn printed(&mut self, step: StepId, bytes: &[u8]) {
        self.running.entry(step).or_default().feed(bytes);
    }

    fn done(&mut self, step: StepId) {
        self.running.remove(&step);
    }

    fn failed(&mut self, step: StepId) {
        write_error(&self.running.remove(&step).unwrap_or_default().told());
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

/// `Dockerfile` and some of its lines.
fn excerpt(file: &str, lines: &str) -> String {
    let lines: String = lines.lines().map(|line| format!("{}\n", text::plain(line))).collect();
    format!("{}\n{lines}", text::plain(file))
}

/// The last lines that a step has printed.
#[derive(Debug, Default)]
struct Tail {
    buffer: LineBuffer,
    lines: VecDeque<String>,
}

impl Tail {
    fn feed(&mut self, piece: &[u8]) {
        let lines = &mut self.lines;
        self.buffer.feed(piece, &mut |line| {
            if lines.len() >= KEPT {
                lines.pop_front();
            }
            lines.push_back(line.to_owned());
        });
    }

    /// All of them, for good.
    fn told(mut self) -> String {
        let lines = &mut self.lines;
        self.buffer.flush(&mut |line| lines.push_back(line.to_owned()));
        let mut page = Vec::new();
        for line in &self.lines {
            page.extend_from_slice(b"    ");
            text::for_terminal(line.as_bytes(), &mut page);
            page.push(b'\n');
        }
        String::from_utf8_lossy(&page).into_owned()
    }
}

/// Turns pieces into lines.
#[derive(Debug, Default)]
struct LineBuffer {
    bytes: Vec<u8>,
}

impl LineBuffer {
    /// Every line that is complete, and what is too long to wait for its end.
    fn feed(&mut self, piece: &[u8], line: &mut dyn FnMut(&str)) {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            self.bytes.extend_from_slice(part);
            if part.ends_with(b"\n") || self.bytes.len() >= MAX_LINE {
                self.flush(line);
            }
        }
    }

    /// What has no end yet.
    fn flush(&mut self, line: &mut dyn FnMut(&str)) {
        if !self.bytes.is_empty() {
            let text = String::from_utf8_lossy(&self.bytes);
            // What a bar overwrites in place, nobody wants to read.
            let text = text.trim_end_matches(['\n', '\r']);
            line(text.rsplit('\r').next().unwrap_or_default());
            self.bytes.clear();
        }
    }
}
