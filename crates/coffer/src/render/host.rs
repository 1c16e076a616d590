//! What this host can enforce.

use model::host::{HostCheck, HostState, HostWeight, host_level};
use serde::Serialize;

use super::style::{Style, Tone};
use super::text;
use super::units;

/// `--format json` of `coffer system check`.
#[derive(Debug, Serialize)]
pub(crate) struct HostJson<'a> {
    host: &'static str,
    checks: &'a [HostCheck],
}

impl<'a> HostJson<'a> {
    /// The level that follows, and every check.
    pub(crate) fn new(checks: &'a [HostCheck]) -> Self {
        Self { host: host_level(checks).as_str(), checks }
    }
}

/// The level, then every check with its remedy where it lacks something.
pub(crate) fn page(checks: &[HostCheck], style: Style) -> String {
    let lacks = checks.iter().filter(|check| check.state == HostState::Missing).count();
    let level = style.strong(&format!("host {}", host_level(checks)));
    let mut page = format!("{level}  {}, {lacks} missing\n", units::count(checks.len(), "check", "checks"));
    let name = checks.iter().map(|check| check.id.len()).max().unwrap_or(0);
    for (weight, title) in [
        (HostWeight::Baseline, "the default confinement needs"),
        (HostWeight::Hardened, "a hardened host has"),
        (HostWeight::Advice, "good to know"),
    ] {
        let mut lines = checks.iter().filter(|check| check.weight == weight).peekable();
        if lines.peek().is_some() {
            page.push_str(&format!("\n  {}\n", style.strong(title)));
            page.extend(lines.map(|check| line(check, name, style)));
        }
    }
    page
}

fn line(check: &HostCheck, name: usize, style: Style) -> String {
    let (mark, tone, word) = match (check.state, check.weight) {
        (HostState::Present, _) => ("✓", Tone::Good, "present"),
        (HostState::Missing, HostWeight::Advice) => ("!", Tone::Warn, "missing"),
        (HostState::Missing, _) => ("✗", Tone::Bad, "missing"),
    };
    let found = if check.found.is_empty() { String::new() } else { format!("  {}", check.found) };
    let (id, about) = (text::pad(check.id, name), text::pad(check.text, 40));
    let rest = text::plain(&format!("{word}{found}"));
    let mut line = format!("    {} {id}  {about}  {rest}\n", style.paint(tone, mark));
    if check.state == HostState::Missing {
        for remedy in check.remedy.lines() {
            line.push_str(&format!("{:indent$}{}\n", "", text::plain(remedy), indent = name + 8));
        }
    }
    line
}
