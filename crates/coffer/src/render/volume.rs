//! Volumes, as a table and as data.

use std::collections::BTreeMap;

use engine::Volume;
use serde::Serialize;

use super::table::{Column, Table};
use super::time;

/// `--format json` of `coffer volume ls`: one volume.
#[derive(Debug, Serialize)]
pub(crate) struct VolumeJson<'a> {
    name: &'a str,
    created: Option<String>,
    changed: String,
    labels: &'a BTreeMap<String, String>,
    containers: &'a [String],
}

/// `coffer volume inspect`: the same, where it lies, and its size if that was asked for.
#[derive(Debug, Serialize)]
pub(crate) struct InspectJson<'a> {
    #[serde(flatten)]
    volume: VolumeJson<'a>,
    mountpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
}

impl<'a> VolumeJson<'a> {
    pub(crate) fn new(volume: &'a Volume) -> Self {
        let Volume { name, changed, containers, created, labels, path: _ } = volume;
        let (created, changed) = (created.map(time::rfc3339), time::rfc3339(*changed));
        Self { name, created, changed, labels, containers }
    }
}

impl<'a> InspectJson<'a> {
    pub(crate) fn new(volume: &'a Volume, size: Option<u64>) -> Self {
        let mountpoint = volume.path.to_string_lossy().into_owned();
        Self { volume: VolumeJson::new(volume), mountpoint, size }
    }
}

/// The table of `coffer volume ls`.
pub(crate) fn table(volumes: &[Volume], now: i64) -> Table {
    let mut table =
        Table::new([Column::whole("NAME"), Column::whole("CHANGED"), Column::gives_way("CONTAINERS")]);
    for volume in volumes {
        let changed = time::ago(volume.changed, now);
        table.row([volume.name.as_str().into(), changed.into(), volume.containers.join(" ").into()]);
    }
    table
}
