//! Names of stages and arguments, and what comments say about them.

use std::collections::BTreeSet;

use crate::check::rule::{Rule, Severity};
use crate::check::subject::{Found, Line, Subject};
use crate::instruction::Instruction;
use crate::parse::Statement;

pub(super) static DUPLICATE: Rule = Rule {
    id: "DuplicateStageName",
    severity: Severity::Warning,
    what: "Every stage has a name of its own.",
    why: "Only the last stage of a name can be meant, and which one that is depends on the place.",
    instead: "Rename one of them.",
    bad: "FROM scratch AS a\nFROM scratch AS a",
    good: "FROM scratch AS a\nFROM scratch AS b",
    look: duplicate,
};

fn duplicate(subject: &Subject<'_>) -> Vec<Found> {
    let mut known = BTreeSet::new();
    let named = subject.stages().filter_map(|(line, stage, _)| Some((line, stage.name.as_ref()?)));
    let again = named.filter(|(_, name)| !known.insert(*name));
    again.map(|(line, name)| line.found(format!("there is a stage `{name}` already"))).collect()
}

pub(super) static RESERVED: Rule = Rule {
    id: "ReservedStageName",
    severity: Severity::Warning,
    what: "No stage is called `scratch` or `context`.",
    why: "These names mean the empty image and the build context.",
    instead: "Choose another name.",
    bad: "FROM scratch AS context",
    good: "FROM scratch AS base",
    look: reserved,
};

fn reserved(subject: &Subject<'_>) -> Vec<Found> {
    let named = subject.stages().filter_map(|(line, stage, _)| Some((line, stage.name.as_deref()?)));
    let taken = named.filter(|(_, name)| ["scratch", "context"].contains(name));
    taken.map(|(line, name)| line.found(format!("`{name}` has a meaning of its own"))).collect()
}

pub(super) static DESCRIPTION: Rule = Rule {
    id: "InvalidDefinitionDescription",
    severity: Severity::Note,
    what: "A comment right above an argument or a stage begins with its name.",
    why: "`docker build --call outline` shows such comments as descriptions.",
    instead: "Write `# NAME what it is`, or put an empty comment between.",
    bad: "# check=experimental=all\n# the version\nARG VERSION=1\nFROM scratch",
    good: "# check=experimental=all\n# VERSION is the version\nARG VERSION=1\nFROM scratch",
    look: description,
};

fn description(subject: &Subject<'_>) -> Vec<Found> {
    let described = |line: &Line<'_>| {
        let comment = line.node.comments.last()?;
        let names: Vec<&str> = match &line.what {
            Statement::Stage(stage) => stage.name.iter().map(String::as_str).collect(),
            Statement::Instruction(Instruction::Arg(arguments)) => {
                arguments.iter().map(|argument| argument.name.as_str()).collect()
            }
            Statement::Instruction(_) => Vec::new(),
        };
        let first = comment.split(' ').next().unwrap_or_default();
        let name = names.first()?;
        let wrong = !names.contains(&first);
        wrong.then(|| line.found(format!("the comment should be `# {name} what it is`")))
    };
    subject.lines.iter().filter_map(described).collect()
}
