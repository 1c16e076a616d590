//! Why a vulnerability is found in something, or why it is not.

use engine::advice::Dossier;
use engine::examine::{Examined, reasons};
use model::finding::{Fix, Reach, Severity, Vulnerability};
use model::inventory::Package;
use serde::Serialize;

use crate::render::style::Style;
use crate::render::text;
use crate::value::severity;

/// A package, and the vulnerability in it.
pub(crate) type Found<'a> = (&'a Vulnerability, &'a Package);

/// Where a vulnerability is, by any of its names.
pub(crate) fn found<'a>(examined: &'a Examined, name: &str) -> Vec<Found<'a>> {
    let is = |found: &&Vulnerability| found.id == name || found.aliases.iter().any(|alias| alias == name);
    let package = |found: &'a Vulnerability| {
        let index = usize::try_from(found.package).ok()?;
        examined.inventory.packages.get(index).map(|package| (found, package))
    };
    examined.vulnerabilities.iter().filter(is).filter_map(package).collect()
}

/// `--format json` of `coffer scan explain`.
#[derive(Debug, Serialize)]
pub(crate) struct ExplainedJson<'a> {
    id: &'a str,
    target: &'a str,
    known: bool,
    exploited: bool,
    epss: Option<f32>,
    bulletins: Vec<BulletinJson<'a>>,
    found: Vec<FoundJson<'a>>,
}

#[derive(Debug, Serialize)]
struct BulletinJson<'a> {
    id: &'a str,
    source: &'a str,
    summary: &'a str,
    published: &'a str,
    severity: Option<Severity>,
    reference: &'a str,
}

#[derive(Debug, Serialize)]
struct FoundJson<'a> {
    package: &'a Package,
    layer_digest: &'a str,
    made_by: &'a str,
    vulnerability: &'a Vulnerability,
    reasons: Vec<String>,
}

impl<'a> ExplainedJson<'a> {
    pub(crate) fn new(id: &'a str, examined: &'a Examined, all: &[Found<'a>], dossier: &'a Dossier) -> Self {
        let found = all.iter().map(|(vulnerability, package)| {
            let (layer_digest, made_by) = layer(examined, package);
            let reasons = reasons(vulnerability);
            FoundJson { package, layer_digest, made_by, vulnerability, reasons }
        });
        let bulletins = dossier.bulletins.iter().map(|bulletin| BulletinJson {
            id: &bulletin.id,
            source: &bulletin.source,
            summary: &bulletin.summary,
            published: &bulletin.published,
            severity: bulletin.severity,
            reference: &bulletin.reference,
        });
        Self {
            id,
            target: &examined.target.name,
            known: !dossier.bulletins.is_empty(),
            exploited: dossier.exploited.is_some(),
            epss: dossier.epss,
            bulletins: bulletins.collect(),
            found: found.collect(),
        }
    }
}

/// Characters before what is said.
const INDENT: usize = 16;

/// The whole page.
pub(crate) fn page(
    id: &str,
    examined: &Examined,
    found: &[Found<'_>],
    dossier: &Dossier,
    style: Style,
    width: usize,
) -> String {
    let mut page = format!("{}\n", style.strong(&text::plain(id)));
    if let Some(bulletin) = dossier.bulletins.iter().find(|bulletin| !bulletin.summary.is_empty()) {
        page.push_str(&format!("{}\n", text::plain(&bulletin.summary)));
    }
    for bulletin in &dossier.bulletins {
        let more =
            if bulletin.reference.is_empty() { String::new() } else { format!("  {}", bulletin.reference) };
        page.push_str(&line("says", &format!("{} as {}{more}", bulletin.source, bulletin.id), style, width));
    }
    if let Some((vulnerability, _)) = found.first() {
        if let Some(cvss) = &vulnerability.cvss {
            page.push_str(&line("cvss", &format!("{:.1}  {}", cvss.score, cvss.vector), style, width));
        }
        for (vulnerability, packages) in of_sources(found) {
            page.push_str(&format!("\n{}", one(examined, vulnerability, &packages, style, width)));
        }
        return page;
    }
    let name = &examined.target.name;
    let answer = match (dossier.bulletins.is_empty(), &examined.database) {
        (_, None) => format!("nobody knows whether {name} has it: there are no advisories here"),
        (true, Some(_)) => format!("no advisory here is about it, so nobody can say whether {name} has it"),
        (false, Some(_)) => format!("{name} has no package in a version that it is about"),
    };
    page.push_str(&format!("\n  {}\n", text::plain(&answer)));
    page
}

/// Packages that are built from one source have the same for the same reasons.
fn of_sources<'a>(found: &[Found<'a>]) -> Vec<(&'a Vulnerability, Vec<&'a Package>)> {
    let mut groups: Vec<(&Vulnerability, Vec<&Package>)> = Vec::new();
    for (vulnerability, package) in found {
        let same = |other: &Package| {
            package.source.is_some()
                && (&other.source, &other.location) == (&package.source, &package.location)
        };
        let group = groups.iter_mut().find(|(_, packages)| packages.first().is_some_and(|other| same(other)));
        match group {
            Some((_, packages)) => packages.push(package),
            None => groups.push((vulnerability, vec![package])),
        }
    }
    groups
}

fn one(
    examined: &Examined,
    found: &Vulnerability,
    packages: &[&Package],
    style: Style,
    width: usize,
) -> String {
    let Some(package) = packages.first() else { return String::new() };
    let names: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let mut page =
        format!("  {}\n", style.strong(&text::plain(&format!("{} {}", names.join(", "), package.version))));
    let mut say = |title: &str, words: String| page.push_str(&line(title, &words, style, width));
    if let Some(source) = &package.source {
        say("built from", format!("{} {}", source.name, source.version));
    }
    say("found in", package.location.clone());
    let (digest, made_by) = layer(examined, package);
    if !digest.is_empty() {
        let made_by =
            if made_by.is_empty() { String::new() } else { format!("  {}", text::cut(made_by, 60)) };
        let short = text::first(digest, "sha256:".len() + 12);
        say(
            "layer",
            format!(
                "{} of {}  {short}{made_by}",
                package.layer.saturating_add(1),
                examined.target.layers.len()
            ),
        );
    }
    say("matches", format!("{}: {}", found.source, found.range));
    say("fix", fix(found));
    let by = if found.severity_source.is_empty() {
        String::new()
    } else {
        format!(", says {}", found.severity_source)
    };
    say("severity", format!("{}{by}", severity::word(found.severity)));
    match found.reach {
        Reach::Present => say("code", "one of the vulnerable functions is in the file".to_owned()),
        Reach::Absent => say("code", "none of the vulnerable functions is in the file".to_owned()),
        Reach::Unknown => {}
    }
    if let Some(exploited) = &found.exploited {
        let ransomware = if exploited.ransomware { ", by ransomware too" } else { "" };
        say("exploited", format!("since {}{ransomware}; due by {} (CISA)", exploited.since, exploited.due));
    }
    say("urgency", format!("{} of 100", found.priority));
    for reason in reasons(found) {
        say("", reason);
    }
    if let Some(dismissed) = &found.dismissed {
        let until = dismissed.until.as_ref().map(|until| format!(", until {until}")).unwrap_or_default();
        say("dismissed", format!("{} ({}{until})", dismissed.reason, dismissed.source));
    }
    page
}

fn fix(found: &Vulnerability) -> String {
    match &found.fix {
        Fix::In(version) => format!("update to {version}"),
        Fix::None => "there is none yet".to_owned(),
        Fix::Never => "there will be none".to_owned(),
    }
}

/// Digest of the layer that brought a package, and what made it.
fn layer<'a>(examined: &'a Examined, package: &Package) -> (&'a str, &'a str) {
    let index = usize::try_from(package.layer).unwrap_or(usize::MAX);
    examined.target.layers.get(index).map_or(("", ""), |layer| (&layer.digest, &layer.made_by))
}

fn line(title: &str, words: &str, style: Style, width: usize) -> String {
    let words = text::wrapped(&text::plain(words), width, INDENT);
    format!("    {}  {words}\n", style.faint(&text::pad(title, 10)))
}
