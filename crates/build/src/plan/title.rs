//! What a step is called while it is done: `[build 3/7] RUN make`.

use super::error::Problem;
use super::graph::{Graph, Node, Place};
use super::reader::Scope;
use super::running::is_alone;
use crate::instruction::{Command, Instruction, Located};

/// The titles of one stage's steps, counted.
pub(super) struct Titles {
    /// None if there is only this stage.
    stage: Option<String>,
    total: usize,
    number: usize,
}

impl Titles {
    pub(super) fn of(node: &Node<'_>, graph: &Graph<'_>) -> Self {
        let is_only = graph.file.stages.len() == 1 && !graph.is_foreign;
        let name = node.stage.name.clone().unwrap_or_else(|| format!("stage-{}", node.index));
        let begins = matches!(node.base, Place::Image { .. } | Place::Files(_));
        let steps = node.instructions().filter(|(located, _)| is_step(&located.what)).count();
        Self { stage: (!is_only).then_some(name), total: usize::from(begins) + steps, number: 0 }
    }

    pub(super) fn next(&mut self, text: &str) -> String {
        self.number += 1;
        let width = self.total.checked_ilog10().map_or(1, |digits| digits as usize + 1);
        let stage = self.stage.as_ref().map(|stage| format!("{stage} ")).unwrap_or_default();
        format!("[{stage}{:width$}/{}] {text}", self.number, self.total)
    }
}

fn is_step(instruction: &Instruction) -> bool {
    use Instruction::{Add, Copy, Run, Workdir};
    matches!(instruction, Add(_) | Copy(_) | Run(_) | Workdir(_))
}

/// An instruction as people know it, with the variables that have a value; those of secrets stay hidden.
pub(super) fn text(
    located: &Located<Instruction>,
    scope: Scope<'_>,
    hidden: &[&str],
) -> Result<String, Problem> {
    let shown = scope.shown(&located.text, hidden)?;
    let (verb, rest) = shown.split_once(char::is_whitespace).unwrap_or((&shown, ""));
    let mut title = format!("{} {}", verb.to_ascii_uppercase(), rest.trim_start());
    if let Instruction::Run(run) = &located.what
        && let Command::Shell(line, documents) = &run.command
        && let [document] = documents.as_slice()
        && is_alone(line, document)
    {
        title.push_str(&summary(&document.content));
    }
    Ok(title.trim_end().to_owned())
}

/// The first line of a document.
fn summary(content: &str) -> String {
    let mut lines = content.trim().lines();
    let first = lines.next().unwrap_or_default().trim_end();
    let more = if lines.next().is_some() { "..." } else { "" };
    format!(" ({first}{more})")
}
