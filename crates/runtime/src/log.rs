//! What is said beside the answer: on standard error for people, in `--log`'s file for engines, which read
//! runc's form of it.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::clock;

/// Where messages go.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) file: Option<PathBuf>,
    pub(crate) format: Format,
    pub(crate) threshold: Threshold,
}

/// How they are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Format {
    #[default]
    Text,
    Json,
}

/// Which are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Threshold {
    #[default]
    Info,
    Debug,
}

#[derive(Serialize)]
struct Line<'a> {
    level: &'a str,
    msg: &'a str,
    time: &'a str,
}

impl Log {
    pub(crate) fn debug(&self, message: &str) {
        if self.threshold == Threshold::Debug {
            self.write("debug", message);
        }
    }

    pub(crate) fn warning(&self, message: &str) {
        self.write("warning", message);
    }

    /// An error is said twice: engines read the file, people the terminal.
    pub(crate) fn error(&self, message: &str) {
        self.write("error", message);
        if self.file.is_some() {
            say(&format!("coffer-runtime: {message}"));
        }
    }

    fn write(&self, level: &str, message: &str) {
        let Some(path) = &self.file else {
            let word = if level == "error" { String::new() } else { format!("{level}: ") };
            say(&format!("coffer-runtime: {word}{message}"));
            return;
        };
        let written = open(path).and_then(|mut file| file.write_all(self.line(level, message).as_bytes()));
        if let Err(error) = written {
            say(&format!("coffer-runtime: cannot write the log `{}`: {error}", path.display()));
        }
    }

    fn line(&self, level: &str, message: &str) -> String {
        let time = clock::now();
        let json = serde_json::to_string(&Line { level, msg: message, time: &time });
        match (self.format, json) {
            (Format::Json, Ok(json)) => format!("{json}\n"),
            _ => format!("time=\"{time}\" level={level} msg={message:?}\n"),
        }
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o644).open(path)
}

/// A line on standard error; if nobody listens there, nobody can be told.
pub(crate) fn say(line: &str) {
    let _nobody_listens = writeln!(std::io::stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_reads_json_lines() {
        let log = Log { format: Format::Json, ..Log::default() };
        let line: serde_json::Value = serde_json::from_str(&log.line("error", "no \"luck\"")).unwrap();
        assert_eq!((line["level"].as_str(), line["msg"].as_str()), (Some("error"), Some("no \"luck\"")));
        assert!(line["time"].as_str().unwrap().ends_with('Z'));
    }
}
