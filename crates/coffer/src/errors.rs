//! The one file that translates errors for people: what happened to which thing, and what to do next.

mod engine;
mod refusal;
mod registries;
mod serving;
mod usage;

use std::error::Error;
use std::io;

use serde::Serialize;

use crate::args::global::Format;
use crate::render::style::Style;
use crate::render::text;
use crate::value::ValueError;

pub(crate) use refusal::Refused;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    code: &'static str,
    what: String,
    remedy: String,
    refused: Option<Box<Refused>>,
}

/// Who has to do something about it; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The command was not understood.
    Usage,
    /// It was understood and failed or was refused.
    Failed,
    /// The container's program is the reason: 126 and 127 belong to it.
    Program(u8),
    /// Nobody listens any more (EPIPE): nothing to say.
    Silent,
    /// A signal asked us to end, and we cleared up first: nothing to say either.
    Interrupted(u8),
}

/// How a command ends when it fails: Docker's codes for `run`, 1 and 2 elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitCodes {
    /// 125 whenever the reason is Cofferdam's and not the program's.
    OfRun,
    /// The same codes for the program and for what is not understood; 1 failed.
    OfExec,
    /// 1 failed, 2 not understood.
    Ordinary,
}

impl Failure {
    /// The command was not understood.
    pub(crate) fn usage(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Kind::Usage, "E-cli-usage", what, remedy)
    }

    /// The value of an option was not understood.
    pub(crate) fn value(option: &str, value: &str, error: &ValueError) -> Self {
        let what = format!("`{}` does not work for `{option}`: {}", shortened(value), error.wrong);
        Self::new(Kind::Usage, "E-cli-value", what, format!("right would be: {}", error.right))
    }

    /// The same, where the error's sentence names the value.
    fn unsuitable(option: &str, error: &dyn Error, help: String) -> Self {
        Self::new(Kind::Usage, "E-cli-value", format!("`{option}`: {error}"), help)
    }

    /// Our own output could not be written.
    pub(crate) fn output(error: &io::Error) -> Self {
        let kind = if error.kind() == io::ErrorKind::BrokenPipe { Kind::Silent } else { Kind::Failed };
        Self::new(kind, "E-cli-output", format!("the output cannot be written: {error}"), "")
    }

    /// A file that belongs to the command line, not to a stage.
    pub(crate) fn file(action: &str, path: &std::path::Path, error: &io::Error) -> Self {
        let what = format!("cannot {action} `{}`: {error}", path.display());
        Self::new(Kind::Failed, "E-cli-file", what, "choose another path, or change its permissions")
    }

    /// A signal asked us to end; whoever sent it knows why, so there is no code and no message.
    pub(crate) fn interrupted(signal: i32) -> Self {
        Self::new(Kind::Interrupted(u8::try_from(signal).unwrap_or(0)), "", "", "")
    }

    /// Something that cannot happen did.
    pub(crate) fn internal(error: &dyn Error) -> Self {
        let what = format!("this is a fault in Cofferdam: {error}");
        Self::new(Kind::Failed, "E-cli-internal", what, "please report it with the command that you typed")
    }

    /// An error with a code of its own.
    pub(crate) fn failed(code: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Kind::Failed, code, what, remedy)
    }

    /// Policy said no.
    pub(crate) fn refused(code: &'static str, refused: Refused) -> Self {
        let failure = Self::new(Kind::Failed, code, format!("refused: {}", refused.asked), &refused.instead);
        Self { refused: Some(Box::new(refused)), ..failure }
    }

    /// The program in the container cannot be started: `exit` is 126 or 127.
    pub(crate) fn program(exit: u8, code: &'static str, what: String, remedy: String) -> Self {
        Self::new(Kind::Program(exit), code, what, remedy)
    }

    fn new(kind: Kind, code: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { kind, code, what: what.into(), remedy: remedy.into(), refused: None }
    }

    /// The process's exit code.
    pub(crate) fn exit_code(&self, codes: ExitCodes) -> u8 {
        match (self.kind, codes) {
            (Kind::Silent, _) => 0,
            (Kind::Interrupted(signal), _) => 128_u8.saturating_add(signal),
            (Kind::Program(code), ExitCodes::OfRun | ExitCodes::OfExec) => code,
            (_, ExitCodes::OfRun) | (Kind::Usage, ExitCodes::OfExec) => 125,
            (Kind::Usage, ExitCodes::Ordinary) => 2,
            (Kind::Failed | Kind::Program(_), ExitCodes::OfExec | ExitCodes::Ordinary) => 1,
        }
    }

    fn is_silent(&self) -> bool {
        matches!(self.kind, Kind::Silent | Kind::Interrupted(_))
    }

    /// What happened, in one sentence.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// For whoever asked.
    pub(crate) fn text(&self, format: Format, style: Style) -> String {
        match format {
            Format::Json => self.for_programs(),
            Format::Table | Format::Document(_) => self.for_people(style),
        }
    }

    /// For people: one sentence with the code, then what to do. Nothing where nobody listens.
    pub(crate) fn for_people(&self, style: Style) -> String {
        if self.is_silent() {
            return String::new();
        }
        if let Some(refused) = &self.refused {
            return refused.for_people(self.code, style);
        }
        let mut text = format!(
            "{} {} {}\n",
            style.bad("coffer:"),
            text::plain(&self.what),
            style.faint(&format!("[{}]", self.code))
        );
        for line in self.remedy.lines() {
            text.push_str(&format!("  {}\n", text::plain(line)));
        }
        text
    }

    /// For programs: one JSON object on a line.
    pub(crate) fn for_programs(&self) -> String {
        if self.is_silent() {
            return String::new();
        }
        let error = ErrorJson {
            code: self.code,
            what: &self.what,
            remedy: &self.remedy,
            refused: self.refused.as_deref(),
        };
        serde_json::to_string(&Outer { error }).map_or_else(|_| String::new(), |json| json + "\n")
    }
}

/// `{"error": {...}}`
#[derive(Serialize)]
struct Outer<'a> {
    error: ErrorJson<'a>,
}

#[derive(Serialize)]
struct ErrorJson<'a> {
    code: &'static str,
    what: &'a str,
    remedy: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<&'a Refused>,
}

fn shortened(value: &str) -> String {
    text::cut(value, 120)
}
