//! Images, as a table and as data.

use std::collections::BTreeMap;

use engine::{Finding as StoreFinding, Pruned, Removed};
use model::image::Image;
use serde::Serialize;

use super::style::Style;
use super::table::{Cell, Column, Table};
use super::{text, time, units};
use crate::commands::Truncate;

/// `--format json` of `coffer image ls`, `inspect` and `import`: one image.
#[derive(Debug, Serialize)]
pub(crate) struct ImageJson<'a> {
    digest: String,
    config_digest: String,
    names: &'a [String],
    size: u64,
    created: Option<String>,
    imported: String,
    layers: Vec<LayerJson>,
    config: ConfigJson<'a>,
    facts: FactsJson<'a>,
}

#[derive(Debug, Serialize)]
struct LayerJson {
    blob: String,
    diff_id: String,
    size: u64,
}

#[derive(Debug, Serialize)]
struct ConfigJson<'a> {
    architecture: &'a str,
    os: &'a str,
    user: &'a str,
    entrypoint: &'a [String],
    cmd: &'a [String],
    env: &'a [String],
    working_dir: &'a str,
    exposed_ports: &'a [String],
    volumes: &'a [String],
    stop_signal: &'a str,
    labels: &'a BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
struct FactsJson<'a> {
    entries: u64,
    exec_dirs: Vec<&'a str>,
    setuid_files: &'a [String],
    capability_files: &'a [String],
    flattened_owners: bool,
}

impl<'a> ImageJson<'a> {
    /// Everything that is known of it.
    pub(crate) fn new(image: &'a Image) -> Self {
        let layer = |layer: &model::image::Layer| LayerJson {
            blob: layer.blob.to_string(),
            diff_id: layer.diff_id.to_string(),
            size: layer.size,
        };
        Self {
            digest: image.digest.to_string(),
            config_digest: image.config_digest.to_string(),
            names: &image.names,
            size: image.size,
            created: image.created.map(time::rfc3339),
            imported: time::rfc3339(image.imported),
            layers: image.layers.iter().map(layer).collect(),
            config: ConfigJson::new(image),
            facts: FactsJson::new(image),
        }
    }
}

impl<'a> ConfigJson<'a> {
    fn new(image: &'a Image) -> Self {
        let config = &image.config;
        Self {
            architecture: &config.architecture,
            os: &config.os,
            user: &config.user,
            entrypoint: &config.entrypoint,
            cmd: &config.cmd,
            env: &config.env,
            working_dir: &config.working_dir,
            exposed_ports: &config.exposed_ports,
            volumes: &config.volumes,
            stop_signal: &config.stop_signal,
            labels: &config.labels,
        }
    }
}

impl<'a> FactsJson<'a> {
    fn new(image: &'a Image) -> Self {
        let facts = &image.facts;
        Self {
            entries: facts.entries,
            exec_dirs: facts.exec_dirs.iter().map(|dir| dir.path.as_str()).collect(),
            setuid_files: &facts.setuid_files,
            capability_files: &facts.capability_files,
            flattened_owners: facts.flattened_owners,
        }
    }
}

/// One row for each name; an image without a name has one row too.
pub(crate) fn table(images: &[Image], truncate: Truncate, now: i64, style: Style, width: usize) -> String {
    let mut table = Table::new([
        Column::gives_way("NAME"),
        Column::whole("DIGEST"),
        Column::whole("SIZE"),
        Column::whole("LAYERS"),
        Column::whole("IMPORTED"),
    ]);
    for image in images {
        let names = if image.names.is_empty() { vec!["<none>".to_owned()] } else { image.names.clone() };
        for name in names {
            table.row([
                name.into(),
                digest(image, truncate).into(),
                units::bytes(image.size).into(),
                Cell::from(image.layers.len().to_string()),
                time::ago(image.imported, now).into(),
            ]);
        }
    }
    table.render(style, width)
}

/// `sha256:` and 12 digits, or all of them.
pub(crate) fn digest(image: &Image, truncate: Truncate) -> String {
    match truncate {
        Truncate::Short => image.digest.short(),
        Truncate::Whole => image.digest.to_string(),
    }
}

/// `nginx:latest  sha256:9f2c41d0aa17  142 MB  3 layers`
pub(crate) fn headline(image: &Image, style: Style) -> String {
    headline_as(image.names.first().map_or("<none>", String::as_str), image, style)
}

/// The same under the name that was asked for.
pub(crate) fn headline_as(name: &str, image: &Image, style: Style) -> String {
    let layers = units::count(image.layers.len(), "layer", "layers");
    let name = style.strong(&text::plain(name));
    format!("{name}  {}  {}  {layers}", image.digest.short(), units::bytes(image.size))
}

/// `--format json` of `coffer image rm`: one for each image that was named.
#[derive(Debug, Serialize)]
pub(crate) struct RemovedJson {
    untagged: Vec<String>,
    deleted: Option<String>,
    bytes: u64,
}

impl RemovedJson {
    /// What went.
    pub(crate) fn new(removed: &Removed) -> Self {
        let deleted = removed.deleted.map(|digest| digest.to_string());
        Self { untagged: removed.untagged.clone(), deleted, bytes: removed.bytes }
    }
}

/// Docker's words: `untagged` and `deleted`.
pub(crate) fn removed(removed: &Removed) -> String {
    let untagged = removed.untagged.iter().map(|name| format!("untagged {}\n", text::plain(name)));
    let deleted =
        removed.deleted.map(|digest| format!("deleted {digest}, {} freed\n", units::bytes(removed.bytes)));
    untagged.chain(deleted).collect()
}

/// `--format json` of `coffer image prune`.
#[derive(Debug, Serialize)]
pub(crate) struct PrunedJson {
    images: Vec<String>,
    blobs: u64,
    layers: u64,
    bytes: u64,
}

impl PrunedJson {
    /// What went.
    pub(crate) fn new(pruned: &Pruned) -> Self {
        let images = pruned.images.iter().map(ToString::to_string).collect();
        Self { images, blobs: pruned.blobs, layers: pruned.layers, bytes: pruned.bytes }
    }
}

/// One line for each image, and one for all.
pub(crate) fn pruned(pruned: &Pruned) -> String {
    let images = pruned.images.iter().map(|digest| format!("deleted {digest}\n"));
    let count = units::count(pruned.images.len(), "image", "images");
    images.chain([format!("{count}, {} freed\n", units::bytes(pruned.bytes))]).collect()
}

/// `--format json` of `coffer image verify`.
#[derive(Debug, Serialize)]
pub(crate) struct VerifiedJson<'a> {
    intact: bool,
    findings: Vec<FindingJson<'a>>,
}

#[derive(Debug, Serialize)]
struct FindingJson<'a> {
    images: &'a [String],
    file: String,
    why: &'a str,
}

impl<'a> VerifiedJson<'a> {
    /// What is not as it was.
    pub(crate) fn new(findings: &'a [StoreFinding]) -> Self {
        let finding = |finding: &'a StoreFinding| FindingJson {
            images: &finding.images,
            file: finding.file.display().to_string(),
            why: &finding.why,
        };
        Self { intact: findings.is_empty(), findings: findings.iter().map(finding).collect() }
    }
}

/// One line for each finding, or one that says there is none.
pub(crate) fn verified(findings: &[StoreFinding], style: Style) -> String {
    if findings.is_empty() {
        return format!("{} every byte of the store is what it was\n", style.good("✓ verified"));
    }
    let line = |finding: &StoreFinding| {
        let what = format!("{}  {}  {}", finding.images.join(" "), finding.file.display(), finding.why);
        format!("{} {}\n", style.bad("✗ damaged"), text::plain(&what))
    };
    let remedy = "  coffer image rm the images named here, and import them again\n".to_owned();
    findings.iter().map(line).chain([remedy]).collect()
}
