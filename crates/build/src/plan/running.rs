//! `RUN`: what is executed, and with what around it.

use super::error::{Problem, shown};
use super::options::Options;
use super::reader::Reader;
use super::stage::Stage;
use super::{Mount, Run, RunNetwork, Script, history, paths, text_of};
use crate::instruction::{self, Command, Document};

/// Where scripts lie while they run: where BuildKit puts them.
const SCRIPTS: &str = "/dev/pipes";

/// The step, and its line of history.
pub(super) fn run(
    run: &instruction::Run,
    mounts: Vec<Mount>,
    stage: &Stage,
    options: &Options,
    proxies: &[String],
    reader: &Reader,
) -> Result<(Run, String), Problem> {
    let (arguments, scripts) = executed(&run.command, stage)?;
    reader.budget.charge(stage.seen.bytes() + stage.arguments.bytes())?;
    let line = history::run(stage.arguments.iter().map(|(name, _)| name), &arguments);
    let step = Run {
        arguments,
        scripts,
        env: stage.seen.lines(),
        proxies: proxies.to_vec(),
        user: stage.config.user.clone(),
        working_dir: stage.directory().to_owned(),
        mounts,
        network: network(run.network.as_deref(), options.network)?,
        hosts: options.hosts.iter().cloned().collect(),
        insecure: is_insecure(run.security.as_deref())?,
    };
    Ok((step, line))
}

fn executed(command: &Command, stage: &Stage) -> Result<(Vec<String>, Vec<Script>), Problem> {
    match command {
        Command::Exec(arguments) if arguments.is_empty() => Err(Problem::NoProgram),
        Command::Exec(arguments) => Ok((arguments.clone(), Vec::new())),
        Command::Shell(line, documents) => match documents.as_slice() {
            [] if line.trim().is_empty() => Err(Problem::NoProgram),
            [document] if is_alone(line, document) => alone(document, stage),
            documents => Ok((stage.in_shell(with_documents(line, documents)), Vec::new())),
        },
    }
}

/// Whether the line is nothing but `<<EOF`.
pub(super) fn is_alone(line: &str, document: &Document) -> bool {
    let word = line.trim().trim_start_matches(|c: char| c.is_ascii_digit());
    let word = word.strip_prefix("<<").map(|word| word.strip_prefix('-').unwrap_or(word));
    let is_quote = |c: &char| matches!(c, '"' | '\'' | '\\');
    word.is_some_and(|word| word.trim_start().chars().filter(|c| !is_quote(c)).eq(document.name.chars()))
}

/// The document is the command: a program of its own if it begins with `#!`, else lines for the shell.
fn alone(document: &Document, stage: &Stage) -> Result<(Vec<String>, Vec<Script>), Problem> {
    let content = text_of(document);
    if !content.starts_with("#!") {
        return Ok((stage.in_shell(content), Vec::new()));
    }
    if !paths::is_file_name(&document.name) {
        return Err(Problem::DocumentName(shown(&document.name)));
    }
    let path = format!("{SCRIPTS}/{}", document.name);
    Ok((stage.in_shell(path.clone()), vec![Script { path, content }]))
}

/// The shell knows what to do with documents: it gets them as they are.
fn with_documents(line: &str, documents: &[Document]) -> String {
    let mut text = line.to_owned();
    for document in documents {
        text.push('\n');
        text.push_str(&document.content);
        text.push_str(&document.name);
    }
    text
}

fn network(written: Option<&str>, default: RunNetwork) -> Result<RunNetwork, Problem> {
    match written {
        None | Some("default") => Ok(default),
        Some("none") => Ok(RunNetwork::None),
        Some("host") => Ok(RunNetwork::Host),
        Some(other) => Err(Problem::Network(shown(other))),
    }
}

fn is_insecure(written: Option<&str>) -> Result<bool, Problem> {
    match written {
        None | Some("sandbox") => Ok(false),
        Some("insecure") => Ok(true),
        Some(other) => Err(Problem::Security(shown(other))),
    }
}
