//! What is wrong with a Dockerfile that builds.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use build::check::{Severity, Strictness, Surroundings};
use build::{Ignore, Limits};
use report::sarif;
use report::subject::Tool;
use serde::Serialize;

use super::error::BuildError;
use crate::error::EngineError;

/// Standard input.
const STDIN: &str = "-";

/// What all rules say about a file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FileRemarks {
    /// As it was named.
    pub file: String,
    /// By place.
    pub remarks: Vec<FileRemark>,
    /// Why it cannot be built at all.
    pub error: Option<String>,
    /// Whether the file says that every remark is an error.
    #[serde(skip)]
    pub is_strict: bool,
}

/// What a rule says about a place.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FileRemark {
    /// Its name.
    pub rule: &'static str,
    /// `note`, `warning`, `error`
    pub severity: &'static str,
    /// The first line, from 1.
    pub first: u32,
    /// The last line.
    pub last: u32,
    /// What is wrong there.
    pub message: String,
    /// What to write instead.
    pub instead: &'static str,
    #[serde(skip)]
    what: &'static str,
    #[serde(skip)]
    why: &'static str,
}

/// Looks at a Dockerfile, and at the `.dockerignore` beside it. `skip` is as in `# check=skip=`.
///
/// # Errors
/// A file that cannot be read, or in which no line can be told from another.
pub fn check_file(
    file: &str,
    arguments: &BTreeMap<String, String>,
    skip: &[String],
) -> Result<FileRemarks, BuildError> {
    let limits = Limits::default();
    let bytes = text(file)?;
    let ignore = beside(file, &limits)?;
    let options = (!skip.is_empty()).then(|| format!("skip={}", skip.join(",")));
    let around = Surroundings {
        ignore: ignore.as_ref(),
        arguments,
        environment: &|_| None,
        options: options.as_deref(),
    };
    let wrong = |source: build::check::CheckError| BuildError::Check {
        file: file.to_owned(),
        why: source.to_string(),
    };
    let checked = build::check(&bytes, &around, &limits).map_err(wrong)?;
    let remark = |remark: build::check::Remark| FileRemark {
        rule: remark.rule.id,
        severity: word(remark.rule.severity),
        first: remark.lines.first,
        last: remark.lines.last,
        message: remark.message,
        instead: remark.rule.instead,
        what: remark.rule.what,
        why: remark.rule.why,
    };
    Ok(FileRemarks {
        file: file.to_owned(),
        remarks: checked.remarks.into_iter().map(remark).collect(),
        error: checked.error.map(|error| error.to_string()),
        is_strict: checked.strictness == Strictness::Strict,
    })
}

impl FileRemarks {
    /// For code scanning.
    #[must_use]
    pub fn sarif(&self) -> String {
        let level = |severity: &str| match severity {
            "error" => sarif::Level::Error,
            "warning" => sarif::Level::Warning,
            _ => sarif::Level::Note,
        };
        let remark = |remark: &'_ FileRemark| sarif::Rule {
            id: remark.rule,
            level: level(remark.severity),
            what: remark.what,
            why: remark.why,
            instead: remark.instead,
        };
        let remarks: Vec<sarif::Remark<'_>> = self
            .remarks
            .iter()
            .map(|found| sarif::Remark {
                rule: remark(found),
                first: found.first,
                last: found.last,
                message: &found.message,
            })
            .collect();
        let tool = Tool { name: "coffer", version: env!("CARGO_PKG_VERSION") };
        sarif::remarks(&sarif::Remarks { tool, file: &self.file, remarks: &remarks })
    }

    /// Whether somebody should look: more than a note, or no file that builds.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        let counts = |remark: &FileRemark| self.is_strict || remark.severity != "note";
        self.error.is_some() || self.remarks.iter().any(counts)
    }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn text(file: &str) -> Result<Vec<u8>, BuildError> {
    let most = Limits::default().file_bytes as u64 + 1;
    let mut bytes = Vec::new();
    let read = if file == STDIN {
        io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else {
        File::open(file).and_then(|opened| opened.take(most).read_to_end(&mut bytes))
    };
    let missing = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => {
            BuildError::NoDockerfile { file: file.to_owned(), context: "this directory".into() }
        }
        _ => EngineError::io("read the Dockerfile")(error).into(),
    };
    read.map_err(missing)?;
    Ok(bytes)
}

/// The rules about what is left out of the context: the file's own, or those of its directory.
fn beside(file: &str, limits: &Limits) -> Result<Option<Ignore>, BuildError> {
    if file == STDIN {
        return Ok(None);
    }
    let own = format!("{file}.dockerignore");
    let common = Path::new(file).with_file_name(".dockerignore");
    for path in [Path::new(&own), &common] {
        if let Ok(opened) = File::open(path) {
            let mut text = Vec::new();
            let read = opened.take(limits.file_bytes as u64 + 1).read_to_end(&mut text);
            read.map_err(EngineError::io("read .dockerignore"))?;
            let wrong = |why: build::ignore::IgnoreError| BuildError::Check {
                file: path.display().to_string(),
                why: why.to_string(),
            };
            return Ignore::parse(&text, limits).map(Some).map_err(wrong);
        }
    }
    Ok(None)
}
