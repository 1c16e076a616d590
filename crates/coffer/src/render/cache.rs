//! What builds keep, as a table and as data.

use engine::building::{CacheEntry, CacheKind, CachePruned};
use serde::Serialize;

use super::ledger::shortened;
use super::style::Style;
use super::table::{Column, Table};
use super::{text, time, units};
use crate::commands::Truncate;

/// `--format json` of `coffer build cache ls`: one thing that is kept.
#[derive(Debug, Serialize)]
pub(crate) struct CacheJson<'a> {
    key: &'a str,
    r#type: &'static str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
    last_used: String,
    bytes: u64,
    in_use: bool,
    shared: bool,
}

impl<'a> CacheJson<'a> {
    pub(crate) fn new(entry: &'a CacheEntry) -> Self {
        Self {
            key: &entry.key,
            r#type: entry.kind.name(),
            title: &entry.title,
            created: entry.created.map(time::rfc3339),
            last_used: time::rfc3339(entry.last_used),
            bytes: entry.bytes,
            in_use: entry.busy,
            shared: entry.shared,
        }
    }
}

/// One row for each.
pub(crate) fn cache(
    entries: &[CacheEntry],
    truncate: Truncate,
    now: i64,
    style: Style,
    width: usize,
) -> String {
    let mut table = Table::new([
        Column::whole("KEY"),
        Column::whole("TYPE"),
        Column::whole("USED"),
        Column::whole("SIZE"),
        Column::gives_way("WHAT"),
    ]);
    for entry in entries {
        let used = if entry.busy { "now".to_owned() } else { time::ago(entry.last_used, now) };
        table.row([
            shortened(&entry.key, truncate).into(),
            entry.kind.name().into(),
            used.into(),
            units::bytes(entry.bytes).into(),
            text::plain(&entry.title).into(),
        ]);
    }
    table.render(style, width)
}

/// `--format json` of `coffer build cache prune`.
#[derive(Debug, Serialize)]
pub(crate) struct CachePrunedJson<'a> {
    removed: Vec<CacheJson<'a>>,
    blobs: u64,
    layers: u64,
    bytes: u64,
}

impl<'a> CachePrunedJson<'a> {
    pub(crate) fn new(pruned: &'a CachePruned) -> Self {
        let CachePruned { removed, store, bytes } = pruned;
        let removed = removed.iter().map(CacheJson::new).collect();
        Self { removed, blobs: store.blobs, layers: store.layers, bytes: *bytes }
    }
}

/// `3 steps, 1 directory of RUN --mount=type=cache, 12 MB freed`
pub(crate) fn pruned(pruned: &CachePruned) -> String {
    let count = |kind| pruned.removed.iter().filter(|entry| entry.kind == kind).count();
    let mut said = vec![units::count(count(CacheKind::Step), "step", "steps")];
    for (kind, one, several) in [
        (CacheKind::Mount, "directory of RUN --mount=type=cache", "directories of RUN --mount=type=cache"),
        (CacheKind::Context, "mounted part of a context", "mounted parts of contexts"),
    ] {
        let count = count(kind);
        said.extend((count > 0).then(|| units::count(count, one, several)));
    }
    format!("{}, {} freed\n", said.join(", "), units::bytes(pruned.bytes))
}
