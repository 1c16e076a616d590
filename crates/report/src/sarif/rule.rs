//! What a result is an instance of: a vulnerability, or a rule about secrets, files or how an image is made.

use model::finding::{Severity, Vulnerability};
use serde_json::{Value, json};

use super::text::{cut, markdown, plain};
use crate::json::{object, text};
use crate::rating::{page, score, word};

/// Longest name of a rule, in characters, before the one that says that it was cut: GitHub takes 255.
const LONGEST_ID: usize = 254;

/// A rule.
pub(super) struct Rule {
    pub(super) id: String,
    title: String,
    severity: Severity,
    score: f32,
    tag: &'static str,
    /// As text.
    advice: String,
    /// As Markdown.
    help: String,
    page: Option<String>,
}

impl Rule {
    /// A vulnerability, whichever packages have it.
    pub(super) fn vulnerability(found: &Vulnerability) -> Self {
        Self {
            id: cut(&found.id, LONGEST_ID),
            title: [&found.summary, &found.id]
                .into_iter()
                .find(|text| !text.is_empty())
                .cloned()
                .unwrap_or_default(),
            severity: found.severity,
            // By the word where the maintainers and CVSS disagree: theirs is the one that counts.
            score: bounded(found.cvss.as_ref().map_or(0.0, |cvss| cvss.score), found.severity),
            tag: "vulnerability",
            advice: found.summary.clone(),
            help: help(found),
            page: page(&found.id),
        }
    }

    /// A rule of ours.
    pub(super) fn own(id: &str, title: &str, severity: Severity, tag: &'static str, advice: &str) -> Self {
        Self {
            id: cut(id, LONGEST_ID),
            title: title.to_owned(),
            severity,
            score: bounded(score(severity), severity),
            tag,
            advice: advice.to_owned(),
            help: markdown(advice),
            page: None,
        }
    }

    pub(super) fn level(&self) -> &'static str {
        level(self.severity)
    }

    /// GitHub takes no rule without.
    fn advice(&self) -> &str {
        let all = [self.advice.as_str(), self.title.as_str(), self.id.as_str()];
        all.into_iter().find(|words| !words.trim().is_empty()).unwrap_or("Nobody says more about it.")
    }

    /// As SARIF has it.
    pub(super) fn value(&self) -> Value {
        object([
            ("id", json!(self.id)),
            ("name", json!(self.id)),
            ("shortDescription", json!({"text": plain(&cut(&self.title, 250))})),
            ("fullDescription", json!({"text": plain(&self.title)})),
            ("defaultConfiguration", json!({"level": self.level()})),
            ("help", json!({"text": plain(self.advice()), "markdown": self.help})),
            ("helpUri", text(self.page.as_deref().unwrap_or_default())),
            (
                "properties",
                json!({
                    "tags": ["security", self.tag],
                    "precision": "high",
                    "problem.severity": problem(self.severity),
                    "security-severity": format!("{:.1}", self.score),
                }),
            ),
        ])
    }
}

/// How GitHub colours a result.
pub(super) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Negligible | Severity::Unknown => "note",
    }
}

fn problem(severity: Severity) -> &'static str {
    match level(severity) {
        "note" => "recommendation",
        other => other,
    }
}

/// A score within what GitHub calls by the severity's word; one that is no number is the least of it.
fn bounded(score: f32, severity: Severity) -> f32 {
    score.max(floor(severity)).min(ceiling(severity))
}

/// The least that GitHub calls by a severity's word. It takes no zero.
fn floor(severity: Severity) -> f32 {
    match severity {
        Severity::Critical => 9.0,
        Severity::High => 7.0,
        Severity::Medium => 4.0,
        Severity::Low | Severity::Negligible | Severity::Unknown => 0.1,
    }
}

/// The most.
fn ceiling(severity: Severity) -> f32 {
    match severity {
        Severity::Critical => 10.0,
        Severity::High => 8.9,
        Severity::Medium => 6.9,
        Severity::Low | Severity::Negligible | Severity::Unknown => 3.9,
    }
}

/// What is known of a vulnerability, as Markdown.
fn help(found: &Vulnerability) -> String {
    let mut lines = vec![markdown(&found.summary), String::new()];
    let mut row = |name: &str, value: String| {
        if !value.is_empty() {
            lines.push(format!("- **{name}**: {value}"));
        }
    };
    row("Severity", format!("{} {}", word(found.severity), said_by(&found.severity_source)));
    let cvss = found.cvss.as_ref();
    row("CVSS", cvss.map(|cvss| format!("{:.1} {}", cvss.score, markdown(&cvss.vector))).unwrap_or_default());
    let percent = |epss: f32| format!("{:.1} % within 30 days (EPSS)", epss * 100.0);
    row("Chance of exploitation", found.epss.map(percent).unwrap_or_default());
    let exploited = found.exploited.as_ref();
    row(
        "Exploited",
        exploited.map(|by| format!("known since {} (CISA)", markdown(&by.since))).unwrap_or_default(),
    );
    row("Also known as", markdown(&found.aliases.join(", ")));
    row("Published", markdown(&found.published));
    row("More", page(&found.id).unwrap_or_default());
    lines.join("\n").trim().to_owned()
}

fn said_by(source: &str) -> String {
    if source.is_empty() { String::new() } else { format!("(says {})", markdown(source)) }
}
