//! The advisories of a site, as text and as data.

use engine::advice::{Catalogue, Imported, PublisherKey, Replaced, Source};
use engine::examine::{Acceptance, Affected, Answer, By, Holder};
use engine::time::Moment;
use model::finding::{Fix, Severity};
use serde::Serialize;

use super::style::{Style, Tone};
use super::table::{Cell, Column, Table};
use super::{text, time, units};
use crate::value::severity;

/// Things that were not understood and are said one by one.
const MOST: usize = 8;

/// `--format json` of `coffer advisories status`, `verify` and `update`.
#[derive(Debug, Serialize)]
pub(crate) struct CatalogueJson<'a> {
    created: &'a str,
    sources: Vec<SourceJson<'a>>,
}

#[derive(Debug, Serialize)]
struct SourceJson<'a> {
    source: &'a str,
    origin: &'a str,
    imported: &'a str,
    advisories: u32,
    remarks: u32,
    packages: u32,
    ecosystems: &'a [String],
    size: u64,
    sha256: String,
}

impl<'a> CatalogueJson<'a> {
    pub(crate) fn new(index: &'a Catalogue) -> Self {
        let source = |source: &'a Source| SourceJson {
            source: &source.source,
            origin: &source.origin,
            imported: &source.imported,
            advisories: source.counts.advisories,
            remarks: source.counts.remarks,
            packages: source.counts.packages,
            ecosystems: &source.ecosystems,
            size: source.size,
            sha256: source.sha256.to_string(),
        };
        Self { created: &index.created, sources: index.shards.iter().map(source).collect() }
    }
}

/// `--format json` of `coffer advisories status`: the sources, and whose signature they need.
#[derive(Debug, Serialize)]
pub(crate) struct StatusJson<'a> {
    #[serde(flatten)]
    catalogue: CatalogueJson<'a>,
    #[serde(flatten)]
    publishers: PublishersJson,
}

impl<'a> StatusJson<'a> {
    pub(crate) fn new(index: &'a Catalogue, keys: Option<&[PublisherKey]>) -> Self {
        Self { catalogue: CatalogueJson::new(index), publishers: PublishersJson::new(keys) }
    }
}

/// `--format json` of `coffer advisories pin` and `unpin`.
#[derive(Debug, Serialize)]
pub(crate) struct PublishersJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    publishers: Option<Vec<String>>,
}

impl PublishersJson {
    pub(crate) fn new(keys: Option<&[PublisherKey]>) -> Self {
        Self { publishers: keys.map(|keys| keys.iter().map(ToString::to_string).collect()) }
    }
}

/// A line for each key that is pinned.
pub(crate) fn publishers(keys: &[PublisherKey]) -> String {
    keys.iter().map(|key| format!("signed by  {key}\n")).collect()
}

/// A row for each source.
pub(crate) fn catalogue(index: &Catalogue, now: i64, style: Style, width: usize) -> String {
    let mut table = Table::new([
        Column::whole("SOURCE"),
        Column::whole("ADVISORIES"),
        Column::whole("PACKAGES"),
        Column::whole("SIZE"),
        Column::whole("IMPORTED"),
        Column::gives_way("ABOUT"),
    ]);
    for source in &index.shards {
        let then = Moment::parse(source.imported.as_bytes()).map_or(now, |moment| moment.seconds);
        let entries = u64::from(source.counts.advisories) + u64::from(source.counts.remarks);
        table.row([
            Cell::from(source.source.as_str()),
            entries.to_string().into(),
            source.counts.packages.to_string().into(),
            units::bytes(source.size).into(),
            time::ago(then, now).into(),
            source.ecosystems.join(", ").into(),
        ]);
    }
    let bytes: u64 = index.shards.iter().map(|source| source.size).sum();
    let sources = units::count(index.shards.len(), "source", "sources");
    format!("{}  {sources}, {}\n", table.render(style, width), units::bytes(bytes))
}

/// `✓ verified 5 sources ...`
pub(crate) fn verified(index: &Catalogue, style: Style) -> String {
    let sources = units::count(index.shards.len(), "source", "sources");
    format!("{} {sources} of advisories: every byte is what was written\n", style.good("✓ verified"))
}

/// `--format json` of `coffer advisories import`.
#[derive(Debug, Serialize)]
pub(crate) struct ImportedJson<'a> {
    replaced: Vec<ReplacedJson<'a>>,
    formats: Vec<FormatJson<'a>>,
    skipped: u64,
    named: &'a [String],
    database: CatalogueJson<'a>,
}

#[derive(Debug, Serialize)]
struct ReplacedJson<'a> {
    source: &'a str,
    before: u64,
    after: u64,
}

#[derive(Debug, Serialize)]
struct FormatJson<'a> {
    format: &'a str,
    documents: u64,
}

impl<'a> ImportedJson<'a> {
    pub(crate) fn new(imported: &'a Imported) -> Self {
        let replaced = |replaced: &'a Replaced| ReplacedJson {
            source: &replaced.source,
            before: replaced.before,
            after: replaced.after,
        };
        let format = |(format, documents): &(&'a str, u64)| FormatJson { format, documents: *documents };
        Self {
            replaced: imported.sources.iter().map(replaced).collect(),
            formats: imported.formats.iter().map(format).collect(),
            skipped: imported.skipped,
            named: &imported.named,
            database: CatalogueJson::new(&imported.index),
        }
    }
}

/// A line for each source, and what was not understood.
pub(crate) fn imported(imported: &Imported, style: Style) -> String {
    let mut page = String::new();
    let width = imported.sources.iter().map(|replaced| replaced.source.len()).max().unwrap_or(0);
    for Replaced { source, before, after } in &imported.sources {
        let before = match before {
            0 => String::new(),
            before if after < before => style.warn(&format!(", {before} before")),
            before => format!(", {before} before"),
        };
        page.push_str(&format!(
            "{}  {after}{before}\n",
            style.strong(&text::pad(&text::plain(source), width))
        ));
    }
    if imported.skipped > 0 {
        let skipped = usize::try_from(imported.skipped).unwrap_or(usize::MAX);
        let words = units::count(skipped, "thing was not understood", "things were not understood");
        page.push_str(&format!("{}\n", style.warn(&words)));
        let shown = imported.named.iter().take(MOST);
        page.extend(shown.map(|named| format!("  {}\n", text::plain(named))));
        if skipped > MOST {
            page.push_str(&format!("  and {} more\n", skipped - MOST));
        }
    }
    page
}

/// `--format json` of `coffer advisories affected`.
#[derive(Debug, Serialize)]
pub(crate) struct AnswerJson<'a> {
    name: &'a str,
    by: &'static str,
    examined: usize,
    unknown: Vec<&'a [String]>,
    images: Vec<AffectedJson<'a>>,
}

#[derive(Debug, Serialize)]
struct AffectedJson<'a> {
    digest: String,
    names: &'a [String],
    packages: Vec<HolderJson<'a>>,
}

#[derive(Debug, Serialize)]
struct HolderJson<'a> {
    name: &'a str,
    version: &'a str,
    location: &'a str,
    layer: u32,
    severity: Option<Severity>,
    fix: Option<&'a Fix>,
}

impl<'a> AnswerJson<'a> {
    pub(crate) fn new(name: &'a str, answer: &'a Answer) -> Self {
        let holder = |holder: &'a Holder| HolderJson {
            name: &holder.package.name,
            version: &holder.package.version,
            location: &holder.package.location,
            layer: holder.package.layer,
            severity: holder.found.as_ref().map(|found| found.severity),
            fix: holder.found.as_ref().map(|found| &found.fix),
        };
        let affected = |affected: &'a Affected| AffectedJson {
            digest: affected.image.digest.to_string(),
            names: &affected.image.names,
            packages: affected.holders.iter().map(holder).collect(),
        };
        Self {
            name,
            by: match answer.by {
                By::Vulnerability => "vulnerability",
                By::Package => "package",
            },
            examined: answer.examined,
            unknown: answer.unknown.iter().map(|image| image.names.as_slice()).collect(),
            images: answer.images.iter().map(affected).collect(),
        }
    }
}

/// A row for each package that has it.
pub(crate) fn answer(name: &str, answer: &Answer, style: Style, width: usize) -> String {
    let mut table = Table::new([
        Column::gives_way("IMAGE"),
        Column::gives_way("PACKAGE"),
        Column::gives_way("VERSION"),
        Column::whole("SEVERITY"),
        Column::gives_way("FIXED IN"),
    ]);
    for affected in &answer.images {
        let mut image =
            affected.image.names.first().cloned().unwrap_or_else(|| affected.image.digest.short());
        for Holder { package, found } in &affected.holders {
            let severity = found.as_ref().map_or("", |found| severity::word(found.severity));
            let fix = match found.as_ref().map(|found| &found.fix) {
                Some(Fix::In(version)) => version.as_str(),
                Some(Fix::None) => "not yet",
                Some(Fix::Never) => "never",
                None => "",
            };
            table.row([
                std::mem::take(&mut image).into(),
                package.name.as_str().into(),
                package.version.as_str().into(),
                severity.into(),
                Cell::from(fix),
            ]);
        }
    }
    let shown = if answer.images.is_empty() { String::new() } else { table.render(style, width) + "\n" };
    format!("{shown}{}", summary(name, answer, style))
}

fn summary(name: &str, answer: &Answer, style: Style) -> String {
    let name = text::plain(name);
    let count = answer.images.len();
    let has = match answer.by {
        By::Vulnerability => "affected by",
        By::Package => "with a package called",
    };
    let images = units::count(answer.examined, "image", "images");
    let tone = if answer.by == By::Vulnerability && count > 0 { Tone::Bad } else { Tone::Plain };
    let mut summary = format!("{}\n", style.paint(tone, &format!("{count} of {images} {has} {name}")));
    if !answer.unknown.is_empty() {
        let unknown = units::count(answer.unknown.len(), "image was", "images were");
        summary.push_str(&format!("{unknown} never scanned: coffer scan --all\n"));
    }
    summary
}

/// `accepted CVE-2023-38545 in curl until 2027-01-31`
pub(crate) fn accepted(acceptance: &Acceptance) -> String {
    let Acceptance { id, package, until, .. } = acceptance;
    let package = package.as_ref().map(|package| format!(" in {package}")).unwrap_or_default();
    let until = if until == "never" { "without an end".to_owned() } else { format!("until {until}") };
    format!("accepted {}\n", text::plain(&format!("{id}{package} {until}")))
}
