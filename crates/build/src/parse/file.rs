//! A file as stages of instructions.

use crate::instruction::{Argument, Dockerfile, Instruction, Lines, Located, Stage};
use crate::limits::Limits;
use crate::parse::error::{Fault, ParseError};
use crate::parse::node::Node;
use crate::parse::statement::{Statement, statement};
use crate::parse::tree::Tree;
use crate::words::Words;

/// Reads a Dockerfile.
///
/// # Errors
///
/// With the line and what is wrong with it.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Dockerfile, ParseError> {
    let tree = Tree::read(bytes, limits)?;
    let words = Words::new(tree.directives.escape, limits);
    let (mut arguments, mut stages): (Vec<Located<Argument>>, Vec<Stage>) = (Vec::new(), Vec::new());
    for node in &tree.nodes {
        let read = statement(node, &words).map_err(|fault| fault.at(node.lines))?;
        let full = stages.len() == limits.stages;
        match (read, stages.last_mut()) {
            (Statement::Stage(_), _) if full => {
                return Err(Fault::Stages(limits.stages).at(node.lines));
            }
            (Statement::Stage(stage), _) => stages.push(stage),
            (Statement::Instruction(instruction), Some(stage)) => {
                stage.instructions.push(located(instruction, node));
            }
            (Statement::Instruction(Instruction::Arg(found)), None) => {
                arguments.extend(found.into_iter().map(|argument| located(argument, node)));
            }
            (Statement::Instruction(_), None) => {
                return Err(Fault::Early(node.name.clone()).at(node.lines));
            }
        }
    }
    match stages.is_empty() {
        true => Err(Fault::NoStage.at(Lines::default())),
        false => Ok(Dockerfile { directives: tree.directives, arguments, stages }),
    }
}

/// Reads a trigger that an image's configuration has: one instruction.
///
/// # Errors
///
/// If it is none, or one that cannot be a trigger.
pub fn parse_trigger(text: &str, limits: &Limits) -> Result<Located<Instruction>, ParseError> {
    let tree = Tree::read(text.as_bytes(), limits)?;
    let words = Words::new('\\', limits);
    let forbidden = |name: &str, lines| Err(Fault::Trigger(name.to_owned()).at(lines));
    match tree.nodes.as_slice() {
        [node] => match statement(node, &words).map_err(|fault| fault.at(node.lines))? {
            Statement::Stage(_) => forbidden("FROM", node.lines),
            Statement::Instruction(Instruction::OnBuild(..)) => forbidden("ONBUILD", node.lines),
            Statement::Instruction(Instruction::Maintainer(_)) => forbidden("MAINTAINER", node.lines),
            Statement::Instruction(instruction) => Ok(located(instruction, node)),
        },
        nodes => {
            forbidden("more than one instruction", nodes.last().map(|node| node.lines).unwrap_or_default())
        }
    }
}

fn located<T>(what: T, node: &Node) -> Located<T> {
    Located { what, lines: node.lines, text: node.text.trim().to_owned() }
}
