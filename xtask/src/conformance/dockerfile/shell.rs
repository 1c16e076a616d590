//! `frontend/dockerfile/shell`: words, and what becomes of them in an environment.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use super::case::Case;
use super::read;
use crate::conformance::go::{self, table};
use crate::shell::Outcome;

pub(super) fn cases(directory: &Path) -> Outcome<Vec<Case>> {
    let mut cases = variables(&read(&directory.join("envVarTest"))?);
    cases.extend(words(&read(&directory.join("wordsTest"))?));
    cases.extend(matches(&read(&directory.join("lex_test.go"))?)?);
    Ok(cases)
}

/// `A|word | value`, where the first letter says for which systems.
fn variables(file: &str) -> Vec<Case> {
    let environment = json!({ "PWD": "/home", "SHELL": "bash", "KOREAN": "한국어", "NULL": "" });
    let mut cases = Vec::new();
    for (number, line) in (1..).zip(file.lines()) {
        let parts: Vec<&str> = line.split('|').map(str::trim).collect();
        let ["A" | "U", word, expected] = parts.as_slice() else { continue };
        let name = format!("shell/envVarTest/{number:03}");
        let question = json!({ "ask": "word", "text": word, "environment": environment });
        cases.push(match *expected {
            "error" => Case::error(name, question),
            expected => Case::answer(name, question, expected.into()),
        });
    }
    cases
}

/// `ENV name=value` for the lines that follow, and `word | word,word`.
fn words(file: &str) -> Vec<Case> {
    let (mut environment, mut cases) = (BTreeMap::new(), Vec::new());
    for (number, line) in (1..).zip(file.lines()) {
        if let Some((name, value)) = line.strip_prefix("ENV ").and_then(|pair| pair.split_once('=')) {
            environment.insert(name.trim_start_matches(' ').to_owned(), value.to_owned());
        } else if let Some((word, expected)) = line.split_once('|').filter(|_| !line.starts_with('#')) {
            let name = format!("shell/wordsTest/{number:02}");
            let question = json!({ "ask": "words", "text": word.trim(), "environment": environment });
            cases.push(match expected.trim_start_matches(' ') {
                "error" => Case::error(name, question),
                expected => Case::answer(name, question, expected.split(',').collect()),
            });
        }
    }
    cases
}

/// Words, and which names had a value.
fn matches(source: &str) -> Outcome<Vec<Case>> {
    let table = table(source, "TestProcessWithMatches", "tc")?;
    let case = |(place, (_, test)): (usize, &(_, go::Value))| {
        let text = |name| test.field(name, usize::MAX).and_then(go::Value::text).unwrap_or_default();
        let names = |name| test.field(name, usize::MAX).map(keys).unwrap_or_default();
        let environment = test.field("envs", usize::MAX).map(environment).unwrap_or_default();
        let name = format!("shell/matches/{place:02}");
        let question = json!({ "ask": "matches", "text": text("input"), "environment": environment });
        if test.field("expectedErr", usize::MAX).is_some_and(go::Value::is_true) {
            return Case::error(name, question);
        }
        let answer =
            json!({ "text": text("expected"), "used": names("matches"), "unmatched": names("unmatched") });
        Case::answer(name, question, answer)
    };
    Ok(table.list().iter().enumerate().map(case).collect())
}

fn keys(map: &go::Value) -> BTreeSet<String> {
    map.list().iter().filter_map(|(key, _)| Some(key.as_ref()?.text()?.to_owned())).collect()
}

fn environment(map: &go::Value) -> BTreeMap<String, Value> {
    let pair = |(key, value): &(Option<go::Value>, go::Value)| {
        Some((key.as_ref()?.text()?.to_owned(), Value::from(value.text()?)))
    };
    map.list().iter().filter_map(pair).collect()
}
