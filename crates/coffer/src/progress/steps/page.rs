//! In place on a terminal: one line for each step, and below those that run the last lines that they printed.
//! What a step printed is forgotten when it succeeds, and told when it fails.

use std::time::{Duration, Instant};

use engine::building::{StepId, Watcher};

use super::{Tail, excerpt};
use crate::context::write_error;
use crate::progress::{BETWEEN_DRAWINGS, columns, rows};
use crate::render::style::Style;
use crate::render::text;

/// Lines of a running step that are shown.
const SHOWN: usize = 6;

/// A build for whoever looks on.
#[derive(Debug)]
pub(crate) struct Page {
    style: Style,
    begun: Instant,
    drawn: Option<Instant>,
    steps: Vec<Seen>,
    waits_for: String,
    /// Lines of ours above the cursor.
    shown: usize,
}

#[derive(Debug)]
struct Seen {
    title: String,
    state: State,
    tail: Tail,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Waits,
    Runs(Instant),
    Cached,
    Done(Duration),
    Failed(Duration),
}

impl Page {
    /// An empty page.
    pub(crate) fn new(style: Style) -> Self {
        let (begun, waits_for) = (Instant::now(), String::new());
        Self { style, begun, drawn: None, steps: Vec::new(), waits_for, shown: 0 }
    }

    fn set(&mut self, step: StepId, state: impl FnOnce(State) -> State) {
        if let Some(seen) = self.steps.get_mut(step) {
            seen.state = state(seen.state);
        }
        self.draw_if_due();
    }

    fn draw_if_due(&mut self) {
        if self.drawn.is_none_or(|drawn| drawn.elapsed() >= BETWEEN_DRAWINGS) {
            self.draw();
        }
    }

    fn draw(&mut self) {
        self.drawn = Some(Instant::now());
        let mut page = self.back();
        let lines = self.lines();
        self.shown = lines.len();
        for line in lines {
            page.push_str(&line);
            page.push_str("\x1b[K\n");
        }
        page.push_str("\x1b[J");
        write_error(&page);
    }

    fn back(&self) -> String {
        if self.shown == 0 { "\r".to_owned() } else { format!("\r\x1b[{}A", self.shown) }
    }

    /// A line over all, then the steps: as many of those that are done as there is room for.
    fn lines(&self) -> Vec<String> {
        let width = columns().saturating_sub(1);
        let room = rows().saturating_sub(2).max(3);
        let live: Vec<String> = self
            .steps
            .iter()
            .filter(|seen| seen.runs())
            .flat_map(|seen| seen.lines(width, self.style))
            .collect();
        let live = live.into_iter().take(room.saturating_sub(1)).collect::<Vec<_>>();
        let over =
            self.steps.iter().filter(|seen| seen.is_over()).flat_map(|seen| seen.lines(width, self.style));
        let over: Vec<String> = over.collect();
        let spare = room.saturating_sub(1 + live.len());
        let left_out = over.len().saturating_sub(spare);
        let head = [text::cut(&self.head(), width)];
        head.into_iter().chain(over.into_iter().skip(left_out)).chain(live).collect()
    }

    /// `building  3 of 9 steps  12.4 s`
    fn head(&self) -> String {
        let seconds = self.begun.elapsed().as_secs_f64();
        if self.steps.is_empty() {
            return format!("{}  {seconds:.1} s", text::plain(&self.waits_for));
        }
        let over = self.steps.iter().filter(|seen| seen.is_over()).count();
        format!("building  {over} of {} steps  {seconds:.1} s", self.steps.len())
    }

    /// What a step that failed has printed last, for good.
    fn tell_failure(&mut self, step: StepId) {
        let Some(seen) = self.steps.get_mut(step) else { return };
        let last = std::mem::take(&mut seen.tail).told();
        self.draw();
        self.shown = 0;
        write_error(&last);
    }
}

impl Seen {
    fn runs(&self) -> bool {
        matches!(self.state, State::Runs(_))
    }

    fn is_over(&self) -> bool {
        matches!(self.state, State::Cached | State::Done(_) | State::Failed(_))
    }

    fn lines(&self, width: usize, style: Style) -> Vec<String> {
        let (sign, time) = match self.state {
            State::Waits => return Vec::new(),
            State::Runs(since) => (" ".to_owned(), format!("{:.1} s", since.elapsed().as_secs_f64())),
            State::Cached => (style.good("✓"), "cached".to_owned()),
            State::Done(time) => (style.good("✓"), format!("{:.1} s", time.as_secs_f64())),
            State::Failed(time) => (style.bad("✗"), format!("{:.1} s", time.as_secs_f64())),
        };
        let room = width.saturating_sub(time.chars().count() + 5);
        let title = text::pad(&text::cut(&text::flat(&self.title), room), room);
        let mut lines = vec![format!(" {sign} {title}  {time}")];
        if self.runs() {
            let skipped = self.tail.lines.len().saturating_sub(SHOWN);
            let last = self.tail.lines.iter().skip(skipped);
            lines.extend(
                last.map(|line| style.faint(&text::cut(&format!("     {}", text::flat(line)), width))),
            );
        }
        lines
    }
}

impl Watcher for Page {
    fn planned(&mut self, titles: &[String]) {
        let seen = |title: &String| Seen { title: title.clone(), state: State::Waits, tail: Tail::default() };
        self.steps = titles.iter().map(seen).collect();
    }

    fn began(&mut self, step: StepId) {
        self.set(step, |_| State::Runs(Instant::now()));
    }

    fn cached(&mut self, step: StepId) {
        if let Some(seen) = self.steps.get_mut(step) {
            seen.state = State::Cached;
        }
    }

    fn printed(&mut self, step: StepId, bytes: &[u8]) {
        if let Some(seen) = self.steps.get_mut(step) {
            seen.tail.feed(bytes);
        }
        self.draw_if_due();
    }

    fn done(&mut self, step: StepId) {
        self.set(step, State::done);
    }

    fn failed(&mut self, step: StepId) {
        self.set(step, |state| match state.done() {
            State::Done(time) => State::Failed(time),
            other => other,
        });
        self.tell_failure(step);
    }

    fn excerpt(&mut self, file: &str, lines: &str) {
        write_error(&excerpt(file, lines));
    }

    fn waiting(&mut self, what: &str) {
        what.clone_into(&mut self.waits_for);
        // What takes no time needs no sign of life.
        if self.begun.elapsed() >= Duration::from_millis(500) {
            self.draw_if_due();
        }
    }

    fn tick(&mut self) {
        self.draw_if_due();
    }

    fn remark(&mut self, remark: &str) {
        let back = self.back();
        self.shown = 0;
        write_error(&format!("{back}\x1b[Jcoffer: {}\n", text::plain(remark)));
    }
}

impl State {
    fn done(self) -> Self {
        match self {
            Self::Runs(since) => Self::Done(since.elapsed()),
            other => other,
        }
    }
}

impl Drop for Page {
    /// What is left is one page that says how it went.
    fn drop(&mut self) {
        if self.drawn.is_some() && self.shown > 0 {
            write_error(&format!("{}\x1b[J", self.back()));
        }
    }
}
