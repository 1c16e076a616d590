//! What rules say about a file that people write, such as a Dockerfile.

use std::collections::BTreeMap;

use model::digest::Digest;
use serde_json::{Value, json};

use super::text::{address, cut, markdown, plain};
use crate::subject::Tool;

/// A file, and what rules say about it.
#[derive(Debug, Clone, Copy)]
pub struct Remarks<'a> {
    /// Who checked it.
    pub tool: Tool<'a>,
    /// Its path, relative to the sources.
    pub file: &'a str,
    /// By place.
    pub remarks: &'a [Remark<'a>],
}

/// What one rule says about a place.
#[derive(Debug, Clone, Copy)]
pub struct Remark<'a> {
    /// The rule.
    pub rule: Rule<'a>,
    /// Its first line, from 1 on.
    pub first: u32,
    /// Its last one.
    pub last: u32,
    /// What is wrong there.
    pub message: &'a str,
}

/// A rule.
#[derive(Debug, Clone, Copy)]
pub struct Rule<'a> {
    /// Its name.
    pub id: &'a str,
    /// How bad it is.
    pub level: Level,
    /// What it wants.
    pub what: &'a str,
    /// Why.
    pub why: &'a str,
    /// What to write instead.
    pub instead: &'a str,
}

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// It could be better.
    Note,
    /// It will bite.
    Warning,
    /// It lets somebody in.
    Error,
}

impl Level {
    const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    const fn problem(self) -> &'static str {
        match self {
            Self::Note => "recommendation",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// The document.
#[must_use]
pub fn remarks(checked: &Remarks<'_>) -> String {
    let (mut rules, mut known, mut seen) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    let mut results = Vec::new();
    for remark in checked.remarks {
        let index = *known.entry(remark.rule.id).or_insert_with(|| {
            rules.push(rule(&remark.rule));
            rules.len() - 1
        });
        let occurrence: &mut u32 = seen.entry((remark.rule.id, remark.message)).or_default();
        *occurrence += 1;
        results.push(result(checked.file, remark, index, *occurrence));
    }
    let driver = json!({
        "name": checked.tool.name,
        "semanticVersion": checked.tool.version,
        "version": checked.tool.version,
        "rules": rules,
    });
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": driver},
            "automationDetails": {"id": format!("{}/{}", checked.tool.name, cut(checked.file, 200))},
            "columnKind": "utf16CodeUnits",
            "results": results,
        }],
    });
    format!("{document}\n")
}

fn rule(rule: &Rule<'_>) -> Value {
    let help = format!("{} {}", rule.why, rule.instead);
    json!({
        "id": rule.id,
        "name": rule.id,
        "shortDescription": {"text": plain(&cut(rule.what, 250))},
        "fullDescription": {"text": plain(&format!("{} {}", rule.what, rule.why))},
        "defaultConfiguration": {"level": rule.level.name()},
        "help": {"text": plain(&help), "markdown": format!("{}\n\n{}", markdown(rule.why), markdown(rule.instead))},
        "properties": {"tags": ["dockerfile"], "precision": "high", "problem.severity": rule.level.problem()},
    })
}

/// A result is the same one in another version of the file if its rule and its words are, wherever it went.
fn result(file: &str, remark: &Remark<'_>, rule: usize, occurrence: u32) -> Value {
    let mut digits = Digest::of([remark.rule.id, remark.message].join("\0").as_bytes()).hex();
    digits.truncate(32);
    let first = remark.first.max(1);
    json!({
        "ruleId": remark.rule.id,
        "ruleIndex": rule,
        "level": remark.rule.level.name(),
        "message": {"text": plain(&format!("{}. {}", remark.message, remark.rule.instead))},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": address(file)},
            "region": {"startLine": first, "endLine": remark.last.max(first)},
        }}],
        "partialFingerprints": {"primaryLocationLineHash": format!("{digits}:{occurrence}")},
    })
}
