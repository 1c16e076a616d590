//! `frontend/dockerfile/instructions`: what lines mean, and which mean nothing.

use std::path::Path;

use serde_json::{Value, json};

use super::case::Case;
use super::read;
use crate::conformance::go::{self, table};
use crate::shell::Outcome;

/// Tests of names of instructions that lack their arguments, and what they are given.
const LACKING: &[(&str, &str)] = &[
    ("TestCommandsExactlyOneArgument", ""),
    ("TestCommandsAtLeastOneArgument", ""),
    ("TestCommandsNoDestinationArgument", " arg1"),
];

pub(super) fn cases(directory: &Path) -> Outcome<Vec<Case>> {
    let source = read(&directory.join("parse_test.go"))?;
    let documents = read(&directory.join("parse_heredoc_test.go"))?;
    let mut cases = Vec::new();
    for (function, argument) in LACKING {
        for name in table(&source, function, "commands")?.texts() {
            let question = json!({ "ask": "parse", "file": format!("FROM a\n{name}{argument}") });
            cases.push(Case::error(format!("instructions/lacking/{name}"), question));
        }
    }
    let wrong =
        [table(&source, "TestErrorCases", "cases")?, table(&documents, "TestErrorCasesHeredoc", "cases")?];
    let wrong = wrong.iter().flat_map(go::Value::list);
    cases.extend(wrong.enumerate().map(|(place, (_, test))| {
        Case::error(format!("instructions/wrong/{place}"), question("parse", test))
    }));
    let copies = table(&documents, "TestCopyHeredoc", "cases")?;
    cases.extend(copies.list().iter().enumerate().map(|(place, (_, test))| {
        Case::answer(format!("instructions/copy/{place}"), question("copy", test), copy(test))
    }));
    let runs = table(&documents, "TestRunHeredoc", "cases")?;
    cases.extend(runs.list().iter().enumerate().map(|(place, (_, test))| {
        Case::answer(format!("instructions/run/{place}"), question("run", test), run(test))
    }));
    Ok(cases)
}

fn question(ask: &str, test: &go::Value) -> Value {
    json!({ "ask": ask, "file": format!("FROM a\n{}", text(test, "dockerfile")) })
}

fn copy(test: &go::Value) -> Value {
    let Some(transfer) = test.field("sourcesAndDest", usize::MAX) else { return Value::Null };
    let documents: Value = list(transfer, "SourceContents")
        .iter()
        .map(|(_, document)| {
            json!({ "name": text(document, "Path"), "content": text(document, "Data"), "expand": is(document, "Expand") })
        })
        .collect();
    json!({
        "sources": texts(transfer, "SourcePaths"),
        "documents": documents,
        "destination": text(transfer, "DestPath"),
    })
}

fn run(test: &go::Value) -> Value {
    let documents: Value = list(test, "files")
        .iter()
        .map(|(_, document)| {
            json!({ "name": text(document, "Name"), "content": text(document, "Data"), "chomp": is(document, "Chomp") })
        })
        .collect();
    json!({ "shell": is(test, "shell"), "command": texts(test, "command"), "documents": documents })
}

fn text<'a>(value: &'a go::Value, name: &str) -> &'a str {
    value.field(name, usize::MAX).and_then(go::Value::text).unwrap_or_default()
}

fn texts(value: &go::Value, name: &str) -> Vec<String> {
    value.field(name, usize::MAX).map(go::Value::texts).unwrap_or_default()
}

fn list<'a>(value: &'a go::Value, name: &str) -> &'a [(Option<go::Value>, go::Value)] {
    value.field(name, usize::MAX).map(go::Value::list).unwrap_or_default()
}

fn is(value: &go::Value, name: &str) -> bool {
    value.field(name, usize::MAX).is_some_and(go::Value::is_true)
}
