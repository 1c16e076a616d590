//! Images that were shipped, as text and as data.

use engine::ship::{Copied, Moved, Outcome, Pulled, Pushed, Synced};
use serde::Serialize;

use super::image::{ImageJson, headline_as};
use super::style::{Style, Tone};
use super::table::{Cell, Column, Table};
use super::{text, units};

/// `--format json` of `coffer pull`: one image.
#[derive(Debug, Serialize)]
pub(crate) struct PulledJson<'a> {
    name: String,
    digest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    already: bool,
    beside: usize,
    image: ImageJson<'a>,
}

impl<'a> PulledJson<'a> {
    pub(crate) fn new(pulled: &'a Pulled) -> Self {
        let (name, digest) = (pulled.name.to_string(), pulled.digest.to_string());
        let before = pulled.before.map(|before| before.to_string());
        let (already, beside) = (pulled.already, pulled.company.kept);
        Self { name, digest, before, already, beside, image: ImageJson::new(&pulled.image) }
    }
}

/// `--format json` of `coffer push`: one image.
#[derive(Debug, Serialize)]
pub(crate) struct PushedJson {
    name: String,
    digest: String,
    moved: MovedJson,
}

impl PushedJson {
    pub(crate) fn new(pushed: &Pushed) -> Self {
        let (name, digest) = (pushed.name.tagged(), pushed.digest.to_string());
        Self { name, digest, moved: MovedJson::new(&pushed.moved) }
    }
}

/// `--format json` of `coffer copy`.
#[derive(Debug, Serialize)]
pub(crate) struct CopiedJson<'a> {
    from: &'a str,
    to: &'a str,
    digest: String,
    moved: MovedJson,
}

impl<'a> CopiedJson<'a> {
    pub(crate) fn new(copied: &'a Copied) -> Self {
        let Copied { from, to, digest, moved, .. } = copied;
        Self { from, to, digest: digest.to_string(), moved: MovedJson::new(moved) }
    }
}

#[derive(Debug, Serialize)]
struct MovedJson {
    manifests: u64,
    blobs: u64,
    bytes: u64,
    mounted: u64,
    present: u64,
    referrers: u64,
}

impl MovedJson {
    fn new(moved: &Moved) -> Self {
        let Moved { documents: manifests, blobs, bytes, mounted, present, referrers } = *moved;
        Self { manifests, blobs, bytes, mounted, present, referrers }
    }
}

/// `--format json` of `coffer sync`: one tag.
#[derive(Debug, Serialize)]
pub(crate) struct SyncedJson<'a> {
    from: &'a str,
    to: &'a str,
    digest: Option<String>,
    state: &'static str,
    error: Option<String>,
}

impl<'a> SyncedJson<'a> {
    pub(crate) fn new(synced: &'a Synced) -> Self {
        let error = match &synced.outcome {
            Outcome::Failed(error) => Some(error.to_string()),
            _ => None,
        };
        let digest = synced.digest.map(|digest| digest.to_string());
        Self { from: &synced.from, to: &synced.to, digest, state: state(&synced.outcome), error }
    }
}

fn state(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Copied => "copied",
        Outcome::Differs => "differs",
        Outcome::UpToDate => "up to date",
        Outcome::Failed(_) => "failed",
    }
}

/// The image, and the name that can never mean anything else.
pub(crate) fn pulled(pulled: &Pulled, style: Style) -> String {
    let line = headline_as(&pulled.name.to_string(), &pulled.image, style);
    let beside = match pulled.company.kept {
        0 => String::new(),
        kept => format!("beside  {}\n", units::count(kept, "artifact", "artifacts")),
    };
    format!("{line}\npinned  {}\n{beside}", text::plain(&pulled.pinned()))
}

/// `registry.example/app:1  sha256:...  142 MB sent`
pub(crate) fn pushed(pushed: &Pushed, style: Style) -> String {
    let name = style.strong(&text::plain(&pushed.name.tagged()));
    format!("{name}  {}  {}{}\n", pushed.digest, effort(&pushed.moved), along(&pushed.moved))
}

/// The same for a copy.
pub(crate) fn copied(copied: &Copied, style: Style) -> String {
    let name = style.strong(&text::plain(&copied.to));
    format!("{name}  {}  {}{}\n", copied.digest, effort(&copied.moved), along(&copied.moved))
}

/// What went with it.
fn along(moved: &Moved) -> String {
    match usize::try_from(moved.referrers).unwrap_or(usize::MAX) {
        0 => String::new(),
        number => format!(", {} along", units::count(number, "referrer", "referrers")),
    }
}

fn effort(moved: &Moved) -> String {
    let mounted = if moved.mounted > 0 { format!(", {} linked", moved.mounted) } else { String::new() };
    match moved.documents + moved.blobs {
        0 => "it was there".to_owned(),
        _ => format!("{} sent{mounted}", units::bytes(moved.bytes)),
    }
}

/// One row for each tag.
pub(crate) fn synced(all: &[Synced], style: Style, width: usize) -> String {
    let mut table = Table::new([
        Column::gives_way("FROM"),
        Column::gives_way("TO"),
        Column::whole("DIGEST"),
        Column::whole("STATE"),
    ]);
    for synced in all {
        let digest = synced.digest.map(|digest| text::first(&digest.to_string(), "sha256:".len() + 12));
        let tone = if matches!(synced.outcome, Outcome::Failed(_)) { Tone::Bad } else { Tone::Plain };
        table.row([
            synced.from.as_str().into(),
            synced.to.as_str().into(),
            digest.unwrap_or_default().into(),
            Cell::toned(state(&synced.outcome), tone),
        ]);
    }
    table.render(style, width)
}
