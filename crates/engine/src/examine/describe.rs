//! Images, licences and advisories, as reports have them.

use std::collections::BTreeMap;

use advisories::database::Index;
use model::image::Image;
use model::inventory::Inventory;
use scan::licence::{Category, understood};

use super::{Database, DatabaseSource, Layer, Licence, Target, TargetKind};
use crate::time::Moment;

/// An image under the name that somebody gave it.
pub(super) fn image(name: &str, image: &Image) -> Target {
    let mut made_by = image.history.iter().filter(|entry| !entry.empty_layer);
    let layers = image.layers.iter().map(|layer| Layer {
        digest: layer.diff_id.to_string(),
        made_by: made_by.next().map(|entry| entry.created_by.clone()).unwrap_or_default(),
    });
    Target {
        name: name.to_owned(),
        kind: TargetKind::Image,
        digest: image.digest.to_string(),
        architecture: image.config.architecture.clone(),
        layers: layers.collect(),
    }
}

/// Under which package URLs somebody may speak of an image.
pub(super) fn image_purls(image: Option<&Image>) -> Vec<String> {
    let Some(image) = image else { return Vec::new() };
    let digest = image.digest.to_string().replace(':', "%3A");
    let names = image.names.iter().map(|name| name.rsplit_once(':').unwrap_or((name, "")));
    let purls = names.flat_map(|(repository, tag)| {
        let last = repository.rsplit('/').next().unwrap_or(repository);
        let path = repository.strip_prefix("docker.io/").unwrap_or(repository);
        [format!("pkg:oci/{last}@{digest}"), format!("pkg:docker/{path}@{tag}")]
    });
    purls.collect()
}

/// What the declared licences mean.
pub(super) fn licences(inventory: &Inventory) -> BTreeMap<String, Licence> {
    let mut licences = BTreeMap::new();
    for declared in inventory.packages.iter().flat_map(|package| &package.licences) {
        if !licences.contains_key(declared) {
            let known = understood(declared);
            let licence = Licence { expression: known.expression, category: category(known.category).into() };
            licences.insert(declared.clone(), licence);
        }
    }
    licences
}

fn category(category: Category) -> &'static str {
    match category {
        Category::Permissive => "permissive",
        Category::WeakCopyleft => "weak-copyleft",
        Category::StrongCopyleft => "strong-copyleft",
        Category::NetworkCopyleft => "network-copyleft",
        Category::Proprietary => "proprietary",
        Category::Unknown => "unknown",
    }
}

/// The advisories, and how old they are. Sources do not say when they were published; when they were had does.
pub(super) fn database(index: &Index, now: i64) -> Database {
    let sources = index.shards.iter().map(|entry| DatabaseSource {
        name: entry.source.clone(),
        advisories: u64::from(entry.counts.advisories) + u64::from(entry.counts.remarks),
        time: entry.imported.clone(),
    });
    let time = index.shards.iter().map(|entry| &entry.imported).max().unwrap_or(&index.created);
    Database { time: time.clone(), age_days: age(time, now), sources: sources.collect() }
}

/// Whole days since an instant.
fn age(time: &str, now: i64) -> Option<u32> {
    const DAY: i64 = 86_400;
    let then = Moment::parse(time.as_bytes())?.seconds;
    u32::try_from(now.saturating_sub(then).max(0) / DAY).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_whole_days_and_never_negative() {
        let noon = Moment::parse(b"2026-11-26T12:00:00Z").unwrap().seconds;
        for (time, days) in [
            ("2026-11-26T11:00:00Z", Some(0)),
            ("2026-11-25T12:00:01Z", Some(0)),
            ("2026-11-24T12:00:00Z", Some(2)),
            ("2027-01-01T00:00:00Z", Some(0)),
            ("lately", None),
        ] {
            assert_eq!(age(time, noon), days, "{time}");
        }
    }
}
