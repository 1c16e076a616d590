//! What takes room on disk, as tables and as data.

use engine::usage::{ContainerUsage, ImageUsage, Sum, Usage, VolumeUsage};
use serde::Serialize;

use super::container;
use super::style::Style;
use super::table::{Column, Table};
use super::{time, units};

/// `--format json` of `coffer system df`.
#[derive(Debug, Serialize)]
pub(crate) struct UsageJson {
    images: SumJson,
    containers: SumJson,
    logs: SumJson,
    volumes: SumJson,
    build_cache: SumJson,
    ledger: SumJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    each: Option<EachJson>,
}

#[derive(Debug, Serialize)]
struct SumJson {
    total: usize,
    active: usize,
    size: u64,
    reclaimable: u64,
}

/// With `--verbose`.
#[derive(Debug, Serialize)]
struct EachJson {
    images: Vec<ImageJson>,
    containers: Vec<ContainerJson>,
    volumes: Vec<VolumeJson>,
}

#[derive(Debug, Serialize)]
struct ImageJson {
    digest: String,
    names: Vec<String>,
    size: u64,
    shared: u64,
    containers: usize,
}

#[derive(Debug, Serialize)]
struct ContainerJson {
    id: String,
    name: String,
    image: String,
    status: &'static str,
    size: u64,
    log: u64,
}

#[derive(Debug, Serialize)]
struct VolumeJson {
    name: String,
    size: u64,
    containers: Vec<String>,
}

/// Whether things are shown one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Sums only.
    Sums,
    /// Also what they are made of.
    Each,
}

impl UsageJson {
    pub(crate) fn new(usage: &Usage, detail: Detail) -> Self {
        Self {
            images: SumJson::new(usage.images),
            containers: SumJson::new(usage.containers),
            logs: SumJson::new(usage.logs),
            volumes: SumJson::new(usage.volumes),
            build_cache: SumJson::new(usage.build_cache),
            ledger: SumJson::new(usage.ledger),
            each: (detail == Detail::Each).then(|| EachJson {
                images: usage.each_image.iter().map(ImageJson::new).collect(),
                containers: usage.each_container.iter().map(ContainerJson::new).collect(),
                volumes: usage.each_volume.iter().map(VolumeJson::new).collect(),
            }),
        }
    }
}

impl SumJson {
    fn new(sum: Sum) -> Self {
        let Sum { total, active, bytes, reclaimable } = sum;
        Self { total, active, size: bytes, reclaimable }
    }
}

impl ImageJson {
    fn new(usage: &ImageUsage) -> Self {
        let ImageUsage { image, bytes, shared, containers } = usage;
        let (digest, names) = (image.digest.to_string(), image.names.clone());
        Self { digest, names, size: *bytes, shared: *shared, containers: *containers }
    }
}

impl ContainerJson {
    fn new(usage: &ContainerUsage) -> Self {
        let ContainerUsage { record, freezer, bytes, log } = usage;
        Self {
            id: record.id.to_string(),
            name: record.name.clone(),
            image: record.image_name.clone(),
            status: container::status(&record.status, *freezer),
            size: *bytes,
            log: *log,
        }
    }
}

impl VolumeJson {
    fn new(usage: &VolumeUsage) -> Self {
        let VolumeUsage { volume, bytes } = usage;
        Self { name: volume.name.clone(), size: *bytes, containers: volume.containers.clone() }
    }
}

/// The page of `coffer system df`.
pub(crate) fn page(usage: &Usage, detail: Detail, now: i64, style: Style, width: usize) -> String {
    let mut page = sums(usage).render(style, width);
    if detail == Detail::Each {
        for table in [
            images(&usage.each_image),
            containers(&usage.each_container, now),
            volumes(&usage.each_volume, now),
        ] {
            page.push('\n');
            page.push_str(&table.render(style, width));
        }
    }
    page
}

fn sums(usage: &Usage) -> Table {
    let mut table = Table::new(["TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"].map(Column::whole));
    for (name, sum) in [
        ("images", usage.images),
        ("containers", usage.containers),
        ("logs", usage.logs),
        ("volumes", usage.volumes),
        ("build cache", usage.build_cache),
        ("ledger", usage.ledger),
    ] {
        table.row([
            name.into(),
            sum.total.to_string().into(),
            sum.active.to_string().into(),
            units::bytes(sum.bytes).into(),
            reclaimable(sum).into(),
        ]);
    }
    table
}

/// `12 MB (40%)`
fn reclaimable(sum: Sum) -> String {
    let percent = (u128::from(sum.reclaimable) * 100).checked_div(u128::from(sum.bytes));
    let percent = percent.filter(|_| sum.reclaimable > 0).map(|percent| format!(" ({percent}%)"));
    units::bytes(sum.reclaimable) + &percent.unwrap_or_default()
}

fn images(images: &[ImageUsage]) -> Table {
    let mut table = Table::new([
        Column::gives_way("IMAGE"),
        Column::whole("DIGEST"),
        Column::whole("SIZE"),
        Column::whole("SHARED"),
        Column::whole("CONTAINERS"),
    ]);
    for ImageUsage { image, bytes, shared, containers } in images {
        table.row([
            image.names.first().map_or("<none>", String::as_str).into(),
            image.digest.short().into(),
            units::bytes(*bytes).into(),
            units::bytes(*shared).into(),
            containers.to_string().into(),
        ]);
    }
    table
}

fn containers(containers: &[ContainerUsage], now: i64) -> Table {
    let mut table = Table::new([
        Column::whole("CONTAINER"),
        Column::gives_way("IMAGE"),
        Column::whole("STATUS"),
        Column::whole("SIZE"),
        Column::whole("LOG"),
        Column::whole("NAMES"),
    ]);
    for ContainerUsage { record, freezer, bytes, log } in containers {
        table.row([
            record.id.short().into(),
            record.image_name.as_str().into(),
            container::since(&record.status, *freezer, now).into(),
            units::bytes(*bytes).into(),
            units::bytes(*log).into(),
            record.name.as_str().into(),
        ]);
    }
    table
}

fn volumes(volumes: &[VolumeUsage], now: i64) -> Table {
    let mut table = Table::new([
        Column::whole("VOLUME"),
        Column::whole("CHANGED"),
        Column::whole("SIZE"),
        Column::gives_way("CONTAINERS"),
    ]);
    for VolumeUsage { volume, bytes } in volumes {
        table.row([
            volume.name.as_str().into(),
            time::ago(volume.changed, now).into(),
            units::bytes(*bytes).into(),
            volume.containers.join(" ").into(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_had_back_is_a_part_of_the_whole() {
        let sum = Sum { total: 3, active: 1, bytes: 300_000_000, reclaimable: 120_000_000 };
        assert_eq!(reclaimable(sum), "120 MB (40%)");
        assert_eq!(reclaimable(Sum::default()), "0 B");
    }
}
