//! CycloneDX 1.6 JSON: the bill of material, and what is known of its vulnerabilities.

mod component;
mod vulnerability;
mod analysis;

use model::bill;
use model::digest::Digest;
use serde_json::{Value, json};

use crate::json::{document, list, object, text};
use crate::name::Names;
use crate::subject::{Scan, TargetKind};

/// The scanned thing's own name within the document.
const TARGET: &str = "target";
/// The distribution's.
const DISTRIBUTION: &str = "distribution";

/// The document. Its serial number comes from its content: the same scan gives the same bytes.
#[must_use]
pub fn cyclonedx(scan: &Scan<'_>) -> String {
    let names = Names::of(scan.inventory);
    let packages = scan.inventory.packages.iter().enumerate();
    let packages = packages.map(|(index, package)| component::package(scan, &names, index, package));
    let components = component::distribution(scan).into_iter().chain(packages);
    let mut bom = object([
        ("$schema", json!("http://cyclonedx.org/schema/bom-1.6.schema.json")),
        ("bomFormat", json!("CycloneDX")),
        ("specVersion", json!("1.6")),
        ("version", json!(1)),
        ("metadata", metadata(scan)),
        ("components", Value::Array(components.collect())),
        ("dependencies", dependencies(scan, &names)),
        ("compositions", compositions(scan)),
        ("vulnerabilities", list(vulnerability::all(scan, &names))),
    ]);
    let serial = serial(&bom);
    if let Some(members) = bom.as_object_mut() {
        members.insert("serialNumber".to_owned(), json!(serial));
    }
    document(&bom)
}

/// A UUID of version 8 (RFC 9562), from what the document says.
fn serial(bom: &Value) -> String {
    crate::name::uuid(Digest::of(bom.to_string().as_bytes()))
}

fn metadata(scan: &Scan<'_>) -> Value {
    let tool = json!({"type": "application", "name": scan.tool.name, "version": scan.tool.version});
    object([
        ("timestamp", text(scan.time)),
        ("tools", json!({"components": [tool]})),
        ("component", target(scan)),
        ("properties", list(scan.inventory.gaps.iter().map(gap))),
    ])
}

fn gap(gap: &model::inventory::Gap) -> Value {
    json!({"name": bill::GAP, "value": format!("{}: {}", gap.location, gap.reason)})
}

fn target(scan: &Scan<'_>) -> Value {
    let kind = match scan.target.kind {
        TargetKind::Image => "container",
        TargetKind::Directory | TargetKind::Sbom => "application",
    };
    let layers = scan.target.layers.iter();
    let layers = layers.map(|layer| json!({"name": bill::LAYER_DIGEST, "value": layer.digest}));
    object([
        ("type", json!(kind)),
        ("bom-ref", json!(TARGET)),
        ("name", json!(scan.target.name)),
        ("version", version(&scan.target.digest)),
        ("purl", crate::name::purl_of(scan.target).map_or(Value::Null, |purl| json!(purl.to_string()))),
        (
            "hashes",
            sha256(&scan.target.digest)
                .map_or(Value::Null, |hex| json!([{"alg": "SHA-256", "content": hex}])),
        ),
        ("properties", list(layers)),
    ])
}

/// The most letters of a version: the standard allows no more.
const LONGEST_VERSION: usize = 1024;

/// A version, or nothing where it is empty or too long; the package URL has it then.
fn version(version: &str) -> Value {
    if version.chars().nth(LONGEST_VERSION).is_some() { Value::Null } else { text(version) }
}

/// The hex digits of a digest.
fn sha256(digest: &str) -> Option<&str> {
    let is_hex = |hex: &&str| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    digest.strip_prefix("sha256:").filter(is_hex)
}

/// The target has all; what each of them needs, package managers know and files do not say.
fn dependencies(scan: &Scan<'_>, names: &Names) -> Value {
    let distribution = scan.inventory.distribution.is_some().then_some(DISTRIBUTION);
    let all: Vec<&str> = distribution.into_iter().chain(names.iter()).collect();
    json!([{"ref": TARGET, "dependsOn": all}])
}

/// Whether this is everything.
fn compositions(scan: &Scan<'_>) -> Value {
    let aggregate = if scan.inventory.gaps.is_empty() { "unknown" } else { "incomplete" };
    json!([{"aggregate": aggregate, "assemblies": [TARGET]}])
}
