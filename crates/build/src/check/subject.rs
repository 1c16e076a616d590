//! What rules look at: every line with what it means, and what is known when it is reached.

use std::collections::BTreeSet;

use crate::check::Surroundings;
use crate::check::scope::{self, Facts, StageFacts};
use crate::check::script::{Origin, Script, ScriptCommand, is_shell};
use crate::instruction::{Command, Document, Instruction, Lines, Run, Stage, Tabs};
use crate::limits::Limits;
use crate::parse::{Fault, Node, ParseError, Statement, Tree, statement};
use crate::words::Words;

/// A file for rules.
pub(crate) struct Subject<'a> {
    pub(crate) lines: Vec<Line<'a>>,
    pub(crate) stages: Vec<StageFacts>,
    pub(crate) gaps: &'a [Lines],
    pub(crate) surroundings: &'a Surroundings<'a>,
}

/// A line that was understood.
pub(crate) struct Line<'a> {
    /// Its place among the lines.
    pub(crate) index: usize,
    pub(crate) node: &'a Node,
    pub(crate) what: Statement,
    /// Its stage; none before the first.
    pub(crate) stage: Option<usize>,
    pub(crate) facts: Facts,
    /// What a shell is given.
    pub(crate) scripts: Vec<Script>,
}

/// What a rule has found.
pub(crate) struct Found {
    /// Which line's comments can silence it.
    pub(crate) line: usize,
    pub(crate) lines: Lines,
    pub(crate) message: String,
}

impl<'a> Subject<'a> {
    /// Understands lines up to the first one that nobody understands.
    pub(super) fn new(
        tree: &'a Tree,
        surroundings: &'a Surroundings<'a>,
        limits: &Limits,
    ) -> (Self, Option<ParseError>) {
        let words = Words::new(tree.directives.escape, limits);
        let (mut lines, mut error, mut stage) = (Vec::new(), None, None::<usize>);
        for (index, node) in tree.nodes.iter().enumerate() {
            let what = match statement(node, &words) {
                Ok(what) => what,
                Err(fault) => {
                    error = Some(fault.at(node.lines));
                    break;
                }
            };
            match &what {
                Statement::Stage(_) => stage = Some(stage.map_or(0, |stage| stage + 1)),
                Statement::Instruction(Instruction::Arg(_)) => {}
                Statement::Instruction(_) if stage.is_none() => {
                    error = Some(Fault::Early(node.name.clone()).at(node.lines));
                    break;
                }
                Statement::Instruction(_) => {}
            }
            let scripts = scripts(&what);
            lines.push(Line { index, node, what, stage, facts: Facts::default(), scripts });
        }
        if error.is_none() && stage.is_none() {
            error = Some(Fault::NoStage.at(Lines::default()));
        }
        let stages = scope::follow(&mut lines, tree.directives.escape, surroundings);
        (Self { lines, stages, gaps: &tree.gaps, surroundings }, error)
    }

    pub(super) fn comments(&self, line: usize) -> &[String] {
        self.lines.get(line).map_or(&[], |line| line.node.comments.as_slice())
    }

    /// What is found at the line of that number.
    pub(crate) fn on(&self, line: usize, message: String) -> Found {
        let lines = self.lines.get(line).map(|line| line.node.lines).unwrap_or_default();
        Found { line, lines, message }
    }

    /// Instructions of stages, but for `FROM`.
    pub(crate) fn instructions(&self) -> impl Iterator<Item = (&Line<'a>, &Instruction)> {
        self.lines.iter().filter_map(|line| match &line.what {
            Statement::Instruction(instruction) if line.stage.is_some() => Some((line, instruction)),
            _ => None,
        })
    }

    /// `RUN` with its scripts.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (&Line<'a>, &Run)> {
        self.instructions().filter_map(|(line, instruction)| match instruction {
            Instruction::Run(run) => Some((line, run)),
            _ => None,
        })
    }

    /// `RUN` whose layers are in the image: of the last stage, and of those that it begins with.
    pub(crate) fn shipped_runs(&self) -> impl Iterator<Item = (&Line<'a>, &Run)> {
        let above = |stage: &usize| self.stages.get(*stage)?.parent;
        let shipped: BTreeSet<usize> =
            std::iter::successors(self.stages.len().checked_sub(1), above).collect();
        self.runs().filter(move |(line, _)| line.stage.is_some_and(|stage| shipped.contains(&stage)))
    }

    /// `FROM`, and what is known of the stage.
    pub(crate) fn stages(&self) -> impl Iterator<Item = (&Line<'a>, &Stage, &StageFacts)> {
        let lines = self.lines.iter().filter_map(|line| match &line.what {
            Statement::Stage(stage) => Some((line, stage)),
            Statement::Instruction(_) => None,
        });
        lines.zip(&self.stages).map(|((line, stage), facts)| (line, stage, facts))
    }
}

impl Line<'_> {
    pub(crate) fn found(&self, message: impl Into<String>) -> Found {
        Found { line: self.index, lines: self.node.lines, message: message.into() }
    }

    /// The commands of all its scripts.
    pub(crate) fn commands(&self) -> impl Iterator<Item = &ScriptCommand> {
        self.scripts.iter().flat_map(|script| &script.commands)
    }
}

fn scripts(what: &Statement) -> Vec<Script> {
    let Statement::Instruction(Instruction::Run(run)) = what else { return Vec::new() };
    match &run.command {
        Command::Exec(words) => vec![Script::of_words(words)],
        Command::Shell(line, documents) => {
            let script = Script::read(line, Origin::Line);
            let shells = documents.iter().filter(|_| reads_documents(&script));
            let inner: Vec<Script> = shells.filter_map(of_document).collect();
            [script].into_iter().chain(inner).collect()
        }
    }
}

/// Whether the line gives its documents to a shell: `<<EOF` alone, or `bash <<EOF`.
fn reads_documents(line: &Script) -> bool {
    let first = line.commands.first();
    first.is_some_and(|command| {
        command.words.iter().find(|word| !word.contains("<<")).is_none_or(|program| is_shell(program))
    })
}

fn of_document(document: &Document) -> Option<Script> {
    let text = match document.tabs {
        Tabs::Kept => document.content.clone(),
        Tabs::Stripped => crate::plan::text_of(document),
    };
    let interpreter = text.lines().next().and_then(|line| line.strip_prefix("#!"));
    let shell = |line: &str| line.split_whitespace().any(is_shell);
    interpreter.is_none_or(shell).then(|| Script::read(&text, Origin::Document))
}
