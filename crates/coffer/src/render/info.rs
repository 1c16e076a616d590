//! What this site is.

use engine::Info;
use serde::Serialize;

use super::style::Style;
use super::{text, units};

/// `--format json` of `coffer system info`.
#[derive(Debug, Serialize)]
pub(crate) struct InfoJson<'a> {
    version: &'static str,
    #[serde(flatten)]
    info: &'a Info,
}

impl<'a> InfoJson<'a> {
    pub(crate) fn new(info: &'a Info) -> Self {
        Self { version: env!("CARGO_PKG_VERSION"), info }
    }
}

/// A name and a value on each line.
pub(crate) fn page(info: &Info, style: Style) -> String {
    let rows = [
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("kernel", info.kernel.clone()),
        ("user", user(info)),
        ("control groups", format!("{}, {}", info.cgroup_version, names(&info.controllers))),
        ("containers", format!("{}, {} running", info.containers, info.running)),
        ("images", info.images.to_string()),
        ("ledger", format!("{}, {}", entries(info.entries), info.origin)),
        ("state", info.state.clone()),
        ("runtime", info.run.clone()),
        ("level", info.level.as_str().to_owned()),
        ("host", info.host.as_str().to_owned()),
        ("enforced", names(&info.enforced)),
        ("lacking", names(&info.lacking)),
    ];
    let width = rows.iter().map(|(name, _)| name.len() + 1).max().unwrap_or(0);
    let line = |(name, value): &(&str, String)| {
        let name = text::pad(&format!("{name}:"), width);
        format!("{}  {}\n", style.strong(&name), text::plain(value))
    };
    rows.iter().map(line).collect()
}

fn user(info: &Info) -> String {
    match (info.rootless, info.ids) {
        (false, _) => "root".to_owned(),
        (true, 1) => "without root, a single id for containers".to_owned(),
        (true, ids) => format!("without root, {ids} ids for containers"),
    }
}

fn entries(count: u64) -> String {
    units::count(usize::try_from(count).unwrap_or(usize::MAX), "entry", "entries")
}

fn names<T: AsRef<str>>(names: &[T]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", "),
    }
}
