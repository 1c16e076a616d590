//! moby/patternmatcher: patterns, paths, and whether they match.

use std::path::Path;

use serde_json::{Value, json};

use super::case::Case;
use super::read;
use crate::conformance::go::{self, table};
use crate::shell::Outcome;

pub(super) fn cases(checkout: &Path) -> Outcome<Vec<Case>> {
    let source = read(&checkout.join("patternmatcher_test.go"))?;
    let mut cases = Vec::new();
    for (place, (_, test)) in table(&source, "TestMatches", "tests")?.list().iter().enumerate() {
        let patterns = text(test, "pattern", 0).map(|pattern| vec![pattern]).unwrap_or_default();
        cases.push(case(format!("patterns/one/{place:02}"), patterns, test));
    }
    for (place, (_, test)) in table(&source, "TestMatches", "multiPatternTests")?.list().iter().enumerate() {
        let patterns = test.field("patterns", 0).map(go::Value::texts).unwrap_or_default();
        cases.push(case(format!("patterns/several/{place:02}"), patterns, test));
    }
    for (place, (_, test)) in table(&source, "", "matchTests")?.list().iter().enumerate() {
        let patterns = text(test, "pattern", 0).map(|pattern| vec![pattern]).unwrap_or_default();
        let name = format!("patterns/go/{place:02}");
        // An error is a name; none is `nil`.
        let fails = !matches!(test.field("err", 3), Some(go::Value::Word(word)) if word == "nil");
        let case = case(name.clone(), patterns.clone(), test);
        cases.push(if fails { Case::error(name, question(&patterns, test)) } else { case });
    }
    Ok(cases)
}

fn case(name: String, patterns: Vec<String>, test: &go::Value) -> Case {
    let expected = test.field("pass", 2).is_some_and(go::Value::is_true);
    Case::answer(name, question(&patterns, test), expected.into())
}

fn question(patterns: &[String], test: &go::Value) -> Value {
    json!({ "ask": "excludes", "patterns": patterns, "path": text(test, "text", 1) })
}

fn text(test: &go::Value, name: &str, place: usize) -> Option<String> {
    test.field(name, place).and_then(go::Value::text).map(str::to_owned)
}
