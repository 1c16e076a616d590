//! Line by line for programs: `--progress rawjson`.

use std::time::Instant;

use engine::building::{StepId, Watcher};
use serde::Serialize;

use crate::context::write_error;

/// A build for programs.
#[derive(Debug)]
pub(crate) struct Json {
    begun: Instant,
}

/// One line. `step` counts from 1.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Line<'a> {
    /// Seconds since the build began.
    seconds: f64,
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

impl Json {
    /// Begins to count.
    pub(crate) fn new() -> Self {
        Self { begun: Instant::now() }
    }

    fn say(&self, event: &'static str, step: Option<StepId>, text: Option<&str>) {
        let seconds = (self.begun.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
        let line = Line { seconds, event, step: step.map(|step| step + 1), text };
        // Numbers and texts: there is nothing in it that JSON lacks.
        let line = serde_json::to_string(&line).unwrap_or_default();
        write_error(&(line + "\n"));
    }
}

impl Watcher for Json {
    fn planned(&mut self, titles: &[String]) {
        for (step, title) in titles.iter().enumerate() {
            self.say("planned", Some(step), Some(title));
        }
    }

    fn began(&mut self, step: StepId) {
        self.say("began", Some(step), None);
    }

    fn cached(&mut self, step: StepId) {
        self.say("cached", Some(step), None);
    }

    fn printed(&mut self, step: StepId, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.say("printed", Some(step), Some(&String::from_utf8_lossy(bytes)));
        }
    }

    fn done(&mut self, step: StepId) {
        self.say("done", Some(step), None);
    }

    fn failed(&mut self, step: StepId) {
        self.say("failed", Some(step), None);
    }

    fn excerpt(&mut self, _file: &str, lines: &str) {
        self.say("excerpt", None, Some(lines));
    }

    fn waiting(&mut self, what: &str) {
        self.say("waiting", None, Some(what));
    }

    fn tick(&mut self) {}

    fn remark(&mut self, remark: &str) {
        self.say("remark", None, Some(remark));
    }
}
