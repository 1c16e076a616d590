//! Where output goes and how it may look.

use std::io::{IsTerminal as _, Write as _};

use serde::Serialize;

use crate::args::global::{Format, Globals, When};
use crate::errors::Failure;
use crate::render::style::Style;

/// Widest line where output is no terminal: pipes and files take all.
const UNLIMITED: usize = usize::MAX;

/// Which letters a terminal can show, as the locale says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Letters {
    /// All of them.
    Unicode,
    /// Those of ASCII.
    Ascii,
}

/// What a command may know of the outside.
#[derive(Debug)]
pub(crate) struct Context {
    /// How results are written.
    pub(crate) format: Format,
    /// How standard output may look.
    pub(crate) style: Style,
    when: When,
}

impl Context {
    /// What the options and the environment say together.
    pub(crate) fn new(globals: Globals) -> Self {
        let style = style(globals.color, std::io::stdout().is_terminal());
        Self { format: globals.format, style, when: globals.color }
    }

    /// How standard error may look.
    pub(crate) fn error_style(&self) -> Style {
        style(self.when, std::io::stderr().is_terminal())
    }

    /// Columns of the terminal on standard output.
    pub(crate) fn width(&self) -> usize {
        let stdout = std::io::stdout();
        if !stdout.is_terminal() {
            return UNLIMITED;
        }
        rustix::termios::tcgetwinsize(stdout)
            .ok()
            .map(|size| usize::from(size.ws_col))
            .filter(|columns| *columns > 0)
            .unwrap_or(UNLIMITED)
    }

    /// Writes to standard output.
    pub(crate) fn print(&self, text: &str) -> Result<(), Failure> {
        let mut stdout = std::io::stdout().lock();
        stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush())
            .map_err(|error| Failure::output(&error))
    }

    /// Writes one line to standard error, for something that the person can change.
    pub(crate) fn warn(&self, text: &str) {
        // Without a standard error nobody can be warned.
        let _nobody = writeln!(std::io::stderr(), "coffer: {text}");
    }

    /// Says what went wrong with one of several things, where the command goes on.
    pub(crate) fn complain(&self, failure: Option<Failure>) {
        if let Some(failure) = failure {
            write_error(&failure.text(self.format, self.error_style()));
        }
    }

    /// Writes data for programs.
    pub(crate) fn print_json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let mut text = serde_json::to_string_pretty(value).map_err(|error| Failure::internal(&error))?;
        text.push('\n');
        self.print(&text)
    }

    /// Writes data for programs that read line by line.
    pub(crate) fn print_json_line(&self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value).map_err(|error| Failure::internal(&error))?;
        self.print(&(text + "\n"))
    }

    /// Which letters can be shown.
    pub(crate) fn letters(&self) -> Letters {
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default();
        let locale = locale.to_ascii_lowercase();
        if locale.contains("utf-8") || locale.contains("utf8") { Letters::Unicode } else { Letters::Ascii }
    }

    /// Writes whichever of the two was asked for.
    pub(crate) fn show<T: Serialize>(
        &self,
        data: impl FnOnce() -> T,
        table: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        match self.format {
            Format::Json => self.print_json(&data()),
            Format::Table | Format::Document(_) => self.print(&table()),
        }
    }
}

/// Nothing can be said about a standard error that cannot be written to.
pub(crate) fn write_error(text: &str) {
    let _unheard = std::io::stderr().lock().write_all(text.as_bytes());
}

/// no-color.org: any value that is not empty counts.
fn style(when: When, terminal: bool) -> Style {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = || std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    match when {
        When::Always => Style::Coloured,
        When::Auto if terminal && !set("NO_COLOR") && !dumb() => Style::Coloured,
        When::Auto | When::Never => Style::Plain,
    }
}
