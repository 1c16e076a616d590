//! Instructions that change how an image starts and make no root.

use std::collections::BTreeSet;

use model::signal::Signal;

use super::error::Problem;
use super::graph::Graph;
use super::ports::Ports;
use super::reader::Reader;
use super::stage::Stage;
use super::{health, history};
use crate::instruction::{Argument, Command, Healthcheck, Instruction, Pair};

/// What an instruction changes; those that make a step are not here.
pub(super) fn apply(stage: &mut Stage, instruction: &Instruction, graph: &Graph<'_>) -> Result<(), Problem> {
    let reader = &graph.reader;
    match instruction {
        Instruction::Arg(arguments) => declare(stage, arguments, graph)?,
        Instruction::Env(pairs) => env(stage, pairs, reader)?,
        Instruction::Label(pairs) => label(stage, pairs, reader)?,
        Instruction::Cmd(command) => cmd(stage, command, reader)?,
        Instruction::Entrypoint(command) => entrypoint(stage, command, reader)?,
        Instruction::Expose(ports) => expose(stage, ports, reader)?,
        Instruction::Healthcheck(check) => healthcheck(stage, check, reader)?,
        Instruction::Maintainer(name) => {
            stage.author.clone_from(name);
            stage.note(format!("MAINTAINER {name}"), reader)?;
        }
        Instruction::OnBuild(_, text) => {
            reader.budget.charge(text.len())?;
            stage.config.on_build.push(text.clone());
        }
        Instruction::Shell(shell) => {
            stage.config.shell.clone_from(shell);
            stage.note(format!("SHELL {}", history::list(shell)), reader)?;
        }
        Instruction::StopSignal(signal) => stop_signal(stage, signal, reader)?,
        Instruction::User(user) => {
            let user = stage.scope(reader).word(user)?;
            stage.note(format!("USER {user}"), reader)?;
            stage.config.user = user;
        }
        Instruction::Volume(paths) => volume(stage, paths, reader)?,
        Instruction::Add(_) | Instruction::Copy(_) | Instruction::Run(_) | Instruction::Workdir(_) => {}
    }
    Ok(())
}

/// `ARG`: what was said, else the default, else what holds before the first `FROM`. Each sees those before it.
fn declare(stage: &mut Stage, arguments: &[Argument], graph: &Graph<'_>) -> Result<(), Problem> {
    let reader = &graph.reader;
    for argument in arguments {
        let name = argument.name.as_str();
        let value = match (graph.options.argument(name), &argument.default) {
            (Some(said), _) => Some(said),
            (None, Some(default)) => Some(stage.scope(reader).word(default)?),
            (None, None) => graph.globals.get(name).map(str::to_owned),
        };
        stage.arguments.set(name, "");
        if let Some(value) = value {
            reader.budget.charge(name.len() + value.len())?;
            stage.seen.set(name, value);
        }
    }
    let names: Vec<&str> = arguments.iter().map(|argument| argument.name.as_str()).collect();
    stage.note(format!("ARG {}", names.join(" ")), reader)
}

/// All values are those before the instruction: `ENV a=1 b=$a` has the old `a` in `b`.
fn expanded(stage: &Stage, pairs: &[Pair], reader: &Reader) -> Result<Vec<Pair>, Problem> {
    let scope = stage.scope(reader);
    let one = |pair: &Pair| {
        let (name, value) = (scope.word(&pair.name)?, scope.word(&pair.value)?);
        let expanded = Pair { name, value, form: pair.form };
        reader.budget.charge(expanded.name.len() + expanded.value.len())?;
        if expanded.name.is_empty() { Err(Problem::BlankName(pair.name.clone())) } else { Ok(expanded) }
    };
    pairs.iter().map(one).collect()
}

fn env(stage: &mut Stage, pairs: &[Pair], reader: &Reader) -> Result<(), Problem> {
    let pairs = expanded(stage, pairs, reader)?;
    for pair in &pairs {
        stage.set(&pair.name, &pair.value);
    }
    stage.note(history::pairs("ENV", &pairs), reader)
}

fn label(stage: &mut Stage, pairs: &[Pair], reader: &Reader) -> Result<(), Problem> {
    let pairs = expanded(stage, pairs, reader)?;
    stage.config.labels.extend(pairs.iter().map(|pair| (pair.name.clone(), pair.value.clone())));
    stage.note(history::pairs("LABEL", &pairs), reader)
}

fn program(stage: &Stage, command: &Command) -> Vec<String> {
    match command {
        Command::Exec(arguments) => arguments.clone(),
        Command::Shell(line, _) => stage.in_shell(line.clone()),
    }
}

fn cmd(stage: &mut Stage, command: &Command, reader: &Reader) -> Result<(), Problem> {
    stage.config.cmd = program(stage, command);
    stage.has_command = true;
    stage.note(format!("CMD {}", history::quoted(&stage.config.cmd)), reader)
}

/// A base's `CMD` does not go with another entry point; a `CMD` of this stage does.
fn entrypoint(stage: &mut Stage, command: &Command, reader: &Reader) -> Result<(), Problem> {
    stage.config.entrypoint = program(stage, command);
    if !stage.has_command {
        stage.config.cmd.clear();
    }
    stage.note(format!("ENTRYPOINT {}", history::quoted(&stage.config.entrypoint)), reader)
}

/// As BuildKit sorts them: by what is written.
fn expose(stage: &mut Stage, ports: &[String], reader: &Reader) -> Result<(), Problem> {
    let mut sorted: Vec<&String> = ports.iter().collect();
    sorted.sort();
    let mut written = Vec::new();
    for port in sorted {
        written.extend(stage.scope(reader).words(port)?);
    }
    let mut exposed = Ports::of(&stage.config.exposed_ports);
    let mut added = Vec::new();
    for port in &written {
        added.extend(exposed.add(port)?);
    }
    let exposed = exposed.finish();
    reader.budget.charge(exposed.iter().map(String::len).sum())?;
    stage.config.exposed_ports = exposed;
    stage.note(format!("EXPOSE {}", history::list(&added)), reader)
}

fn healthcheck(stage: &mut Stage, check: &Healthcheck, reader: &Reader) -> Result<(), Problem> {
    stage.config.health = health::health(check)?;
    stage.note(health::line(&stage.config.health), reader)
}

fn stop_signal(stage: &mut Stage, signal: &str, reader: &Reader) -> Result<(), Problem> {
    let signal = stage.scope(reader).word(signal)?;
    signal.parse::<Signal>()?;
    stage.note(format!("STOPSIGNAL {signal}"), reader)?;
    stage.config.stop_signal = signal;
    Ok(())
}

fn volume(stage: &mut Stage, paths: &[String], reader: &Reader) -> Result<(), Problem> {
    let scope = stage.scope(reader);
    let paths: Vec<String> = paths.iter().map(|path| scope.word(path)).collect::<Result<_, _>>()?;
    if paths.iter().any(String::is_empty) {
        return Err(Problem::BlankVolume);
    }
    let mut volumes: BTreeSet<String> = stage.config.volumes.iter().cloned().collect();
    volumes.extend(paths.iter().cloned());
    stage.config.volumes = volumes.into_iter().collect();
    reader.budget.charge(stage.config.volumes.iter().map(String::len).sum())?;
    stage.note(format!("VOLUME {}", history::list(&paths)), reader)
}
