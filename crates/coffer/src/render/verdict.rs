//! The answer of `coffer assess`, and its parts elsewhere.

use model::image::Image;
use model::trust::Vouched;
use model::usecase::{Provenance, UseCase};
use model::verdict::{Exception, Finding, Outcome, Reason, Verdict};
use serde::Serialize;

use super::style::{Style, Tone};
use super::{image, text, units, vouched};

/// Where the line of the level ends, on a terminal that is wide enough.
const PAGE: usize = 116;

/// `--format json` of `coffer assess`.
#[derive(Debug, Serialize)]
pub(crate) struct AssessmentJson<'a> {
    image: image::ImageJson<'a>,
    outcome: Outcome,
    level: &'static str,
    case: UseCase,
    vouched: &'a Vouched,
    applied: Vec<FindingJson<'a>>,
    missing: Vec<FindingJson<'a>>,
    reasons: &'a [Reason],
    exceptions: &'a [Exception],
    exit_code: u8,
}

#[derive(Debug, Serialize)]
struct FindingJson<'a> {
    control: &'static str,
    rule: &'static str,
    detail: &'a str,
    why: &'static str,
    remedy: &'a str,
    nist: &'static [&'static str],
    cis: &'static [&'static str],
}

impl<'a> AssessmentJson<'a> {
    /// Everything that the table says, and the table's exit code.
    pub(crate) fn new(image: &'a Image, verdict: &'a Verdict) -> Self {
        Self {
            image: image::ImageJson::new(image),
            outcome: verdict.outcome,
            level: verdict.level.as_str(),
            case: verdict.case,
            vouched: &verdict.vouched,
            applied: verdict.applied.iter().map(FindingJson::new).collect(),
            missing: verdict.missing.iter().map(FindingJson::new).collect(),
            reasons: &verdict.reasons,
            exceptions: &verdict.exceptions,
            exit_code: verdict.outcome.exit_code(),
        }
    }
}

impl<'a> FindingJson<'a> {
    fn new(finding: &'a Finding) -> Self {
        let control = finding.control;
        Self {
            control: control.id,
            rule: finding.rule,
            detail: detail(finding),
            why: control.why,
            remedy: remedy(finding),
            nist: control.nist,
            cis: control.cis,
        }
    }
}

/// The whole page.
pub(crate) fn page(image: &Image, verdict: &Verdict, style: Style, width: usize) -> String {
    let width = width.min(PAGE);
    let mut page = format!("{}\n\n{}\n", image::headline(image, style), answer(verdict, style, width));
    let sections = [
        ("applied for you", verdict.applied.iter().map(Line::applied).collect::<Vec<_>>()),
        ("you supply", verdict.missing.iter().map(Line::missing).collect()),
        ("refused because", verdict.reasons.iter().map(Line::reason).collect()),
        ("exceptions", verdict.exceptions.iter().map(Line::exception).collect()),
    ];
    for (title, lines) in sections.iter().filter(|(_, lines)| !lines.is_empty()) {
        let columns = Columns::of(lines, width);
        page.push_str(&format!("\n  {}\n", style.strong(title)));
        page.extend(lines.iter().map(|line| line.render(&columns, style)));
    }
    page.push_str(&format!("\n  {}  {}\n", style.faint("evidence"), evidence(image, &verdict.case)));
    if let Some(line) = vouched::line(&verdict.vouched) {
        page.push_str(&format!("  {}  {}\n", style.faint("vouched "), text::plain(&line)));
    }
    page.push_str(&format!("  {}  exit {}\n", style.faint("answer  "), verdict.outcome.exit_code()));
    page
}

/// `GO WITH 2 CONTROLS`, and the level at the right.
fn answer(verdict: &Verdict, style: Style, width: usize) -> String {
    let level = format!("level {}", verdict.level);
    let (words, tone) = match verdict.outcome {
        Outcome::Go => ("GO".to_owned(), Tone::Good),
        Outcome::GoWithControls => {
            (format!("GO WITH {}", units::count(verdict.missing.len(), "CONTROL", "CONTROLS")), Tone::Warn)
        }
        Outcome::NoGo => ("NO GO".to_owned(), Tone::Bad),
    };
    let gap = width.saturating_sub(2 + words.len() + level.len()).max(2);
    format!("  {}{}{}", style.paint(tone, &words), " ".repeat(gap), style.faint(&level))
}

/// The verdict in a table: `go`, `go with 2`, `no go`.
pub(crate) fn short(outcome: Outcome, missing: usize) -> String {
    match outcome {
        Outcome::GoWithControls => format!("go with {missing}"),
        other => other.as_str().to_owned(),
    }
}

/// `NIST 4.4.3  CIS 5.5`
pub(crate) fn citation(nist: &[impl AsRef<str>], cis: &[impl AsRef<str>]) -> String {
    let nist = numbered("NIST", nist);
    let cis = numbered("CIS", cis);
    [nist, cis].into_iter().flatten().collect::<Vec<_>>().join("  ")
}

fn numbered(source: &str, ids: &[impl AsRef<str>]) -> Option<String> {
    let ids: Vec<&str> = ids.iter().map(AsRef::as_ref).collect();
    (!ids.is_empty()).then(|| format!("{source} {}", ids.join(" ")))
}

fn detail(finding: &Finding) -> &str {
    if finding.detail.is_empty() { finding.control.text } else { &finding.detail }
}

fn remedy(finding: &Finding) -> &str {
    if finding.remedy.is_empty() { finding.control.remedy } else { &finding.remedy }
}

fn evidence(image: &Image, case: &UseCase) -> String {
    let facts = &image.facts;
    let vouched = match case.provenance {
        Provenance::None => "unsigned",
        Provenance::Signed => "signed",
        Provenance::Attested => "signed and attested",
    };
    let user = if image.config.user.is_empty() { "root" } else { &image.config.user };
    let files = units::count(usize::try_from(facts.entries).unwrap_or(usize::MAX), "file", "files");
    let setuid = units::count(facts.setuid_files.len(), "set-user-id file", "set-user-id files");
    text::plain(&format!("{vouched} · host {} · starts as {user} · {files} · {setuid}", case.host))
}

/// One line of a section, and what to do about it below.
struct Line<'a> {
    mark: (&'static str, Tone),
    name: &'a str,
    detail: String,
    citation: String,
    remedy: &'a str,
}

impl<'a> Line<'a> {
    fn applied(finding: &'a Finding) -> Self {
        Self { remedy: "", ..Self::finding(finding, ("✓", Tone::Good)) }
    }

    fn missing(finding: &'a Finding) -> Self {
        Self::finding(finding, ("✗", Tone::Bad))
    }

    fn finding(finding: &'a Finding, mark: (&'static str, Tone)) -> Self {
        Self {
            mark,
            name: finding.control.id,
            detail: detail(finding).to_owned(),
            citation: citation(finding.control.nist, finding.control.cis),
            remedy: remedy(finding),
        }
    }

    fn reason(reason: &'a Reason) -> Self {
        Self {
            mark: ("✗", Tone::Bad),
            name: reason.rule,
            detail: reason.detail.clone(),
            citation: citation(reason.nist, reason.cis),
            remedy: &reason.remedy,
        }
    }

    fn exception(exception: &'a Exception) -> Self {
        Self {
            mark: ("!", Tone::Warn),
            name: &exception.id,
            detail: format!("{} (asked with {})", exception.detail, exception.asked_by),
            citation: String::new(),
            remedy: "",
        }
    }

    fn render(&self, columns: &Columns, style: Style) -> String {
        let detail = text::plain(&self.detail);
        let name = text::pad(&text::plain(self.name), columns.name);
        let mut line = format!("    {} {name}  {detail}", style.paint(self.mark.1, self.mark.0));
        let end = columns.detail() + detail.chars().count();
        let begins = columns.citation.max(end + 2);
        if !self.citation.is_empty() && begins + self.citation.chars().count() <= columns.width {
            line.push_str(&" ".repeat(begins - end));
            line.push_str(&style.faint(&self.citation));
        }
        line.push('\n');
        for remedy in self.remedy.lines() {
            line.push_str(&format!("{:indent$}{}\n", "", text::plain(remedy), indent = columns.detail()));
        }
        line
    }
}

/// Where the columns of a section begin.
struct Columns {
    name: usize,
    citation: usize,
    width: usize,
}

impl Columns {
    /// Citations begin after the longest detail, or as far right as leaves room for all of them. One that
    /// still does not fit is left out; the data has it in any case.
    fn of(lines: &[Line<'_>], width: usize) -> Self {
        let count = |text: &str| text.chars().count();
        let name = lines.iter().map(|line| count(line.name)).max().unwrap_or(0);
        let cited = lines.iter().filter(|line| !line.citation.is_empty());
        let widest = cited.clone().map(|line| count(&line.citation)).max().unwrap_or(0);
        let columns = Self { name, citation: 0, width };
        let longest = cited.map(|line| columns.detail() + count(&line.detail) + 2).max().unwrap_or(0);
        Self { citation: longest.min(width.saturating_sub(widest)), ..columns }
    }

    /// Two spaces after the name.
    fn detail(&self) -> usize {
        4 + 2 + self.name + 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line<'a>(detail: &str, citation: &str) -> Line<'a> {
        let (detail, citation) = (detail.to_owned(), citation.to_owned());
        Line { mark: ("✓", Tone::Good), name: "seccomp", detail, citation, remedy: "" }
    }

    #[test]
    fn citations_are_aligned_and_give_way() {
        let lines = [line("short", "NIST 1"), line("longer", "CIS 2"), line(&"x".repeat(30), "CIS 3")];
        let columns = Columns::of(&lines, 40);
        let text: Vec<String> = lines.iter().map(|line| line.render(&columns, Style::Plain)).collect();
        assert_eq!(text[0], "    ✓ seccomp  short              NIST 1\n");
        assert_eq!(text[1], "    ✓ seccomp  longer             CIS 2\n");
        assert_eq!(text[2], format!("    ✓ seccomp  {}\n", "x".repeat(30)));
    }
}
