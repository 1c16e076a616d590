//! What a line means.

use crate::instruction::{Argument, Instruction, Pair, Stage};
use crate::parse::error::Fault;
use crate::parse::flags::{Flag, Flags, text};
use crate::parse::keyword::Keyword;
use crate::parse::node::{Arguments, Node};
use crate::parse::{health, run, split, transfer};
use crate::words::Words;

/// A line that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Statement {
    /// `FROM`
    Stage(Stage),
    /// All others.
    Instruction(Instruction),
}

const FROM: &[Flag] = &[text("platform")];

/// Understands a line.
pub(crate) fn statement(node: &Node, words: &Words) -> Result<Statement, Fault> {
    let Some(keyword) = node.keyword else { return Err(unknown(&node.name)) };
    if keyword == Keyword::From {
        return stage(node).map(Statement::Stage);
    }
    instruction(keyword, node, words).map(Statement::Instruction)
}

fn unknown(name: &str) -> Fault {
    match name {
        "" => Fault::Blank,
        _ => Fault::Instruction { name: name.to_owned(), near: Keyword::near(name) },
    }
}

fn instruction(keyword: Keyword, node: &Node, words: &Words) -> Result<Instruction, Fault> {
    // The others read their flags themselves.
    if !matches!(keyword, Keyword::Add | Keyword::Copy | Keyword::Run | Keyword::Healthcheck) {
        Flags::read(&node.name, &node.flags, &[])?;
    }
    Ok(match keyword {
        Keyword::Add => Instruction::Add(transfer::add(node, words)?),
        Keyword::Arg => Instruction::Arg(arguments(node)?),
        Keyword::Cmd => Instruction::Cmd(run::command(&node.arguments, &[])),
        Keyword::Copy => Instruction::Copy(transfer::copy(node, words)?),
        Keyword::Entrypoint => Instruction::Entrypoint(run::command(&node.arguments, &[])),
        Keyword::Env => Instruction::Env(pairs(node, "ENV")?),
        Keyword::Expose => Instruction::Expose(some(node)?),
        Keyword::From => return Err(Fault::From),
        Keyword::Healthcheck => Instruction::Healthcheck(health::healthcheck(node)?),
        Keyword::Label => Instruction::Label(pairs(node, "LABEL")?),
        Keyword::Maintainer => Instruction::Maintainer(one(node)?),
        Keyword::OnBuild => trigger(node, words)?,
        Keyword::Run => Instruction::Run(run::run(node, words)?),
        Keyword::Shell => Instruction::Shell(shell(node)?),
        Keyword::StopSignal => Instruction::StopSignal(one(node)?),
        Keyword::User => Instruction::User(one(node)?),
        Keyword::Volume => Instruction::Volume(volumes(node)?),
        Keyword::Workdir => Instruction::Workdir(one(node)?),
    })
}

fn stage(node: &Node) -> Result<Stage, Fault> {
    let (base, name) = match words(node) {
        [base] => (base, None),
        [base, keyword, name] if keyword.eq_ignore_ascii_case("as") => (base, Some(stage_name(name)?)),
        _ => return Err(Fault::From),
    };
    let platform = Flags::read(&node.name, &node.flags, FROM)?.text("platform");
    let text = node.text.trim().to_owned();
    let instructions = Vec::new();
    Ok(Stage { base: base.clone(), name, platform, instructions, lines: node.lines, text })
}

fn stage_name(written: &str) -> Result<String, Fault> {
    let name = written.to_lowercase();
    let belongs = |character: char| {
        character.is_ascii_lowercase() || character.is_ascii_digit() || "-_.".contains(character)
    };
    let valid = name.starts_with(|first: char| first.is_ascii_lowercase()) && name.chars().all(belongs);
    if valid { Ok(name) } else { Err(Fault::Stage(written.to_owned())) }
}

/// `ONBUILD`, whose text goes into the image's configuration with its documents.
fn trigger(node: &Node, words: &Words) -> Result<Instruction, Fault> {
    let Arguments::Trigger(inner) = &node.arguments else { return Err(Fault::Some(node.name.clone())) };
    let instruction = match statement(inner, words)? {
        Statement::Stage(_) => return Err(Fault::Trigger("FROM".to_owned())),
        Statement::Instruction(Instruction::Maintainer(_)) => {
            return Err(Fault::Trigger("MAINTAINER".to_owned()));
        }
        Statement::Instruction(instruction) => instruction,
    };
    let mut text = split::once(node.text.trim()).1.unwrap_or_default().to_owned();
    for document in &node.documents {
        text.push('\n');
        text.push_str(&document.content);
        text.push_str(&document.name);
    }
    Ok(Instruction::OnBuild(Box::new(instruction), text))
}

fn arguments(node: &Node) -> Result<Vec<Argument>, Fault> {
    let read = |word: &String| match word.split_once('=') {
        Some(("", _)) => Err(Fault::Name("ARG")),
        Some((name, default)) => Ok(Argument { name: name.to_owned(), default: Some(default.to_owned()) }),
        None => Ok(Argument { name: word.clone(), default: None }),
    };
    some(node)?.iter().map(read).collect()
}

fn pairs(node: &Node, instruction: &'static str) -> Result<Vec<Pair>, Fault> {
    match &node.arguments {
        Arguments::Pairs(pairs) if pairs.iter().any(|pair| pair.name.is_empty()) => {
            Err(Fault::Name(instruction))
        }
        Arguments::Pairs(pairs) => Ok(pairs.clone()),
        _ => Err(Fault::Some(node.name.clone())),
    }
}

fn shell(node: &Node) -> Result<Vec<String>, Fault> {
    match &node.arguments {
        Arguments::Json(words) if !words.is_empty() => Ok(words.clone()),
        Arguments::Words(words) if !words.is_empty() => Err(Fault::Shell),
        _ => Err(Fault::Some(node.name.clone())),
    }
}

fn volumes(node: &Node) -> Result<Vec<String>, Fault> {
    let volumes: Vec<String> = some(node)?.iter().map(|volume| volume.trim().to_owned()).collect();
    if volumes.iter().any(String::is_empty) { Err(Fault::Volume) } else { Ok(volumes) }
}

fn some(node: &Node) -> Result<Vec<String>, Fault> {
    match words(node) {
        [] => Err(Fault::Some(node.name.clone())),
        words => Ok(words.to_vec()),
    }
}

fn one(node: &Node) -> Result<String, Fault> {
    match words(node) {
        [word] => Ok(word.clone()),
        _ => Err(Fault::One(node.name.clone())),
    }
}

fn words(node: &Node) -> &[String] {
    match &node.arguments {
        Arguments::Json(words) | Arguments::Words(words) => words,
        _ => &[],
    }
}
