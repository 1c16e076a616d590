//! SARIF 2.1.0 as GitHub's code scanning accepts it, and other tools with it.
//!
//! Findings that somebody dismissed are left out: code scanning would show them as open.

mod rule;
mod place;
mod text;
mod result;
mod remarks;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::json::{list, object};
use crate::subject::Scan;
pub use remarks::{Level, Remark, Remarks, Rule, remarks};
use result::Outcome;

/// How much whoever reads it takes.
#[derive(Debug, Clone, Copy)]
struct Limits {
    results: usize,
    /// Of results and rules.
    bytes: usize,
}

/// GitHub takes 25,000 results in a run, and 10 MB packed, which is more than this unpacked.
const GITHUB: Limits = Limits { results: 25_000, bytes: 20_000_000 };

/// The document. What does not fit is counted in a notification; the most urgent comes first and fits.
#[must_use]
pub fn sarif(scan: &Scan<'_>) -> String {
    within(scan, GITHUB)
}

fn within(scan: &Scan<'_>, limits: Limits) -> String {
    let mut run = Run {
        limits,
        results: Vec::new(),
        rules: Vec::new(),
        known: HashMap::new(),
        identities: HashMap::new(),
        bytes: 0,
    };
    let left_out = result::all(scan).filter(|outcome| !run.add(outcome)).count();
    let driver = json!({
        "name": scan.tool.name,
        "semanticVersion": scan.tool.version,
        "version": scan.tool.version,
        "rules": run.rules,
    });
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": driver},
            "automationDetails": {"id": format!("{}/{}", scan.tool.name, text::cut(&scan.target.name, 200))},
            "invocations": [invocation(scan, left_out)],
            "columnKind": "utf16CodeUnits",
            "results": run.results,
        }],
    });
    format!("{document}\n")
}

/// What goes into the document.
struct Run {
    limits: Limits,
    results: Vec<Value>,
    rules: Vec<Value>,
    known: HashMap<String, usize>,
    identities: HashMap<String, u32>,
    bytes: usize,
}

impl Run {
    /// Adds a result, and its rule if it is new; says whether it fits.
    fn add(&mut self, outcome: &Outcome) -> bool {
        let known = self.known.get(&outcome.rule.id).copied();
        let rule = if known.is_none() { Some(outcome.rule.value()) } else { None };
        let occurrence = self.identities.entry(outcome.identity.clone()).or_default();
        *occurrence += 1;
        let result = outcome.value(known.unwrap_or(self.rules.len()), *occurrence);
        self.bytes += size(&result) + rule.as_ref().map_or(0, size);
        if self.results.len() >= self.limits.results || self.bytes > self.limits.bytes {
            return false;
        }
        if let Some(rule) = rule {
            self.known.insert(outcome.rule.id.clone(), self.rules.len());
            self.rules.push(rule);
        }
        self.results.push(result);
        true
    }
}

fn size(value: &Value) -> usize {
    value.to_string().len()
}

/// How the scan went: what could not be read, and what does not fit.
fn invocation(scan: &Scan<'_>, left_out: usize) -> Value {
    let warning = |words: String| json!({"level": "warning", "message": {"text": text::plain(&words)}});
    let gaps = scan.inventory.gaps.iter().take(MOST_GAPS);
    let gaps = gaps.map(|gap| warning(format!("{} could not be read: {}", gap.location, gap.reason)));
    let rest = (left_out > 0).then(|| warning(format!("{left_out} less urgent results did not fit.")));
    object([
        ("executionSuccessful", json!(true)),
        ("endTimeUtc", crate::json::text(scan.time)),
        ("toolExecutionNotifications", list(gaps.chain(rest))),
    ])
}

/// The most gaps that are named one by one.
const MOST_GAPS: usize = 100;
