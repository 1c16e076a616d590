//! Images that were built, as text and as data.

use engine::building::{Built, FileRemark, FileRemarks, Moved};
use engine::ship::Member;
use serde::Serialize;

use super::image::{ImageJson, headline};
use super::ledger::shortened;
use super::style::{Style, Tone};
use super::{text, units};
use crate::commands::Truncate;

/// `--format json` of `coffer build`, and its metadata file.
#[derive(Debug, Serialize)]
pub(crate) struct BuiltJson<'a> {
    digest: String,
    names: &'a [String],
    already: bool,
    steps: usize,
    cached: usize,
    evidence: Vec<EvidenceJson<'a>>,
    image: ImageJson<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    platforms: Vec<MemberJson>,
}

/// The images for several platforms.
pub(crate) struct Family<'a> {
    /// The digest of what stands for all of them.
    pub(crate) index: String,
    pub(crate) members: &'a [Member],
}

/// One of them.
#[derive(Debug, Serialize)]
struct MemberJson {
    platform: String,
    digest: String,
}

impl MemberJson {
    fn new(member: &Member) -> Self {
        Self { platform: member.platform.to_string(), digest: member.image.digest.to_string() }
    }
}

/// Something that lies beside it.
#[derive(Debug, Serialize)]
struct EvidenceJson<'a> {
    kind: &'a str,
    digest: String,
}

impl<'a> BuiltJson<'a> {
    pub(crate) fn new(built: &'a Built, family: Option<&'a Family<'a>>) -> Self {
        let evidence = built.evidence.iter();
        let evidence =
            evidence.map(|(kind, digest)| EvidenceJson { kind: kind.as_str(), digest: digest.to_string() });
        Self {
            digest: built.image.digest.to_string(),
            names: &built.image.names,
            already: built.already,
            steps: built.steps,
            cached: built.cached,
            evidence: evidence.collect(),
            image: ImageJson::new(&built.image),
            index: family.map(|family| family.index.as_str()),
            platforms: family.iter().flat_map(|family| family.members).map(MemberJson::new).collect(),
        }
    }
}

/// `app:1  sha256:9f2c41d0aa17  142 MB  5 layers  3 of 8 steps from earlier builds`
pub(crate) fn built(built: &Built, family: Option<&Family<'_>>, style: Style) -> String {
    let image = &built.image;
    let name = image.names.first().map_or_else(String::new, |name| format!("{}  ", text::plain(name)));
    let digest = shortened(&image.digest.to_string(), Truncate::Short);
    let layers = units::count(image.layers.len(), "layer", "layers");
    let steps = match built.cached {
        0 => units::count(built.steps, "step", "steps"),
        cached if cached == built.steps => "everything from earlier builds".to_owned(),
        cached => format!("{cached} of {} from earlier builds", units::count(built.steps, "step", "steps")),
    };
    let main = format!("{}{digest}  {}  {layers}  {steps}\n", style.strong(&name), units::bytes(image.size));
    family.map_or_else(String::new, members) + &main
}

/// `linux/arm64  sha256:9f2c41d0aa17  142 MB` for each, and the digest for all of them.
fn members(family: &Family<'_>) -> String {
    let short = |digest: &str| shortened(digest, Truncate::Short);
    let one = |Member { platform, image }: &Member| {
        format!("{platform}  {}  {}\n", short(&image.digest.to_string()), units::bytes(image.size))
    };
    let all: String = family.members.iter().map(one).collect();
    format!("{all}{} platforms  {}\n", family.members.len(), short(&family.index))
}

/// A line for each remark, and one for what to do about it.
pub(crate) fn remarks(checked: &FileRemarks, style: Style) -> String {
    let file = text::plain(&checked.file);
    let tone = |severity: &str| match severity {
        "error" => Tone::Bad,
        "warning" => Tone::Warn,
        _ => Tone::Faint,
    };
    let one = |remark: &FileRemark| {
        let severity = style.paint(tone(remark.severity), remark.severity);
        let message = text::plain(&remark.message);
        format!("{file}:{}  {severity}  {message}  [{}]\n  {}\n", remark.first, remark.rule, remark.instead)
    };
    let lines: String = checked.remarks.iter().map(one).collect();
    let error =
        checked.error.iter().map(|error| format!("{file}  {}  {}\n", style.bad("error"), text::plain(error)));
    let all: String = [lines].into_iter().chain(error).collect();
    if all.is_empty() { format!("{file}  {}\n", style.good("nothing to remark")) } else { all }
}

/// `--format json` of `coffer rebase`.
#[derive(Debug, Serialize)]
pub(crate) struct MovedJson<'a> {
    digest: String,
    before: String,
    from: String,
    base_layers: usize,
    remarks: &'a [String],
    image: ImageJson<'a>,
}

impl<'a> MovedJson<'a> {
    pub(crate) fn new(moved: &'a Moved) -> Self {
        Self {
            digest: moved.image.digest.to_string(),
            before: moved.before.to_string(),
            from: moved.from.to_string(),
            base_layers: moved.base_layers,
            remarks: &moved.remarks,
            image: ImageJson::new(&moved.image),
        }
    }
}

/// `app:1  sha256:9f2c41d0aa17  142 MB  5 layers  was sha256:4e0f2bc1858e`
pub(crate) fn moved(moved: &Moved, style: Style) -> String {
    format!("{}  was {}\n", headline(&moved.image, style), moved.before.short())
}
