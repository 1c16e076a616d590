//! Upper and lower case.

use crate::check::rule::{Rule, Severity};
use crate::check::subject::{Found, Subject};
use crate::instruction::Instruction;
use crate::parse::{Arguments, Node};

pub(super) static STAGE_NAME: Rule = Rule {
    id: "StageNameCasing",
    severity: Severity::Warning,
    what: "Names of stages are in lower case.",
    why: "Names are compared without case; one that is written in two ways looks like two stages.",
    instead: "Write the name in lower case.",
    bad: "FROM scratch AS Base",
    good: "FROM scratch AS base",
    look: stage_name,
};

fn stage_name(subject: &Subject<'_>) -> Vec<Found> {
    let named = subject.stages().filter_map(|(line, ..)| Some((line, words(line.node).get(2)?)));
    let mixed = named.filter(|(_, name)| **name != name.to_lowercase());
    mixed.map(|(line, name)| line.found(format!("the stage `{name}` should be in lower case"))).collect()
}

pub(super) static FROM_AS: Rule = Rule {
    id: "FromAsCasing",
    severity: Severity::Warning,
    what: "`AS` has the case of its `FROM`.",
    why: "Two cases in one line are hard to read.",
    instead: "Write `FROM image AS name`.",
    bad: "FROM scratch as base",
    good: "FROM scratch AS base",
    look: from_as,
};

fn from_as(subject: &Subject<'_>) -> Vec<Found> {
    let differs = |node: &Node, keyword: &str| match case(&node.name) {
        Some(Case::Lower) => keyword != keyword.to_lowercase(),
        Some(Case::Upper) => keyword != keyword.to_uppercase(),
        None => false,
    };
    let lines = subject.stages().filter_map(|(line, ..)| match words(line.node) {
        [_, keyword, _] if differs(line.node, keyword) => Some((line, keyword)),
        _ => None,
    });
    lines
        .map(|(line, keyword)| line.found(format!("`{keyword}` and `{}` differ in case", line.node.name)))
        .collect()
}

pub(super) static INSTRUCTION: Rule = Rule {
    id: "ConsistentInstructionCasing",
    severity: Severity::Warning,
    what: "All instructions are in one case.",
    why: "Names that look alike are found faster.",
    instead: "Write all of them in upper case.",
    bad: "FROM scratch\ncopy a /a\nCOPY b /b",
    good: "FROM scratch\nCOPY a /a\nCOPY b /b",
    look: instruction,
};

fn instruction(subject: &Subject<'_>) -> Vec<Found> {
    let lines = || subject.lines.iter().filter(|line| line.stage.is_some());
    let count = |wanted| lines().filter(|line| case(&line.node.name) == Some(wanted)).count();
    let (majority, word) = match count(Case::Lower) > count(Case::Upper) {
        true => (Case::Lower, "lower"),
        false => (Case::Upper, "upper"),
    };
    let others = lines().filter(|line| case(&line.node.name) != Some(majority));
    others
        .map(|line| line.found(format!("`{}` should be in {word} case as most are", line.node.name)))
        .collect()
}

pub(super) static EXPOSE: Rule = Rule {
    id: "ExposeProtoCasing",
    severity: Severity::Warning,
    what: "Protocols of ports are in lower case.",
    why: "They are stored so, and look like another protocol otherwise.",
    instead: "Write `EXPOSE 80/tcp`.",
    bad: "FROM scratch\nEXPOSE 80/TCP",
    good: "FROM scratch\nEXPOSE 80/tcp",
    look: expose,
};

fn expose(subject: &Subject<'_>) -> Vec<Found> {
    let ports = subject.instructions().flat_map(|(line, instruction)| match instruction {
        Instruction::Expose(ports) => ports.iter().map(|port| (line, port)).collect(),
        _ => Vec::new(),
    });
    let mixed = ports.filter(|(_, port)| {
        port.split_once('/')
            .is_some_and(|(_, protocol)| protocol != protocol.to_lowercase() && !protocol.contains('$'))
    });
    mixed
        .map(|(line, port)| line.found(format!("the protocol of `{port}` should be in lower case")))
        .collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Lower,
    Upper,
}

fn case(name: &str) -> Option<Case> {
    match name {
        _ if name == name.to_lowercase() => Some(Case::Lower),
        _ if name == name.to_uppercase() => Some(Case::Upper),
        _ => None,
    }
}

fn words(node: &Node) -> &[String] {
    match &node.arguments {
        Arguments::Words(words) => words,
        _ => &[],
    }
}
