//! Packages and the distribution as components.

use model::bill;
use model::inventory::{Package, PackageKind};
use serde_json::{Value, json};

use super::{DISTRIBUTION, version};
use crate::json::{list, object, text};
use crate::name::Names;
use crate::subject::Scan;

/// The distribution, as an operating system.
pub(super) fn distribution(scan: &Scan<'_>) -> Option<Value> {
    let distribution = scan.inventory.distribution.as_ref()?;
    let codename = [(bill::CODENAME, distribution.codename.as_str())];
    let like = distribution.like.iter().map(|like| (bill::LIKE, like.as_str()));
    Some(object([
        ("type", json!("operating-system")),
        ("bom-ref", json!(DISTRIBUTION)),
        ("name", json!(distribution.id)),
        ("version", version(&distribution.version)),
        ("description", text(&distribution.name)),
        ("properties", properties(codename.into_iter().chain(like))),
    ]))
}

/// A package.
pub(super) fn package(scan: &Scan<'_>, names: &Names, index: usize, package: &Package) -> Value {
    let kind = if package.kind == PackageKind::Generic { "application" } else { "library" };
    let purl = scan.purl(package);
    let (group, name) = named(package);
    let layer = package.layer.to_string();
    let traits = [
        (bill::LAYER, layer.as_str()),
        (bill::LAYER_DIGEST, scan.layer(package.layer)),
        (bill::OWNER, names.owner(package).unwrap_or_default()),
    ];
    let words = package.licences.iter().map(|licence| (bill::LICENCE, licence.as_str()));
    object([
        ("type", json!(kind)),
        ("bom-ref", json!(names.get(index))),
        ("group", text(group)),
        ("name", json!(name)),
        ("version", version(&package.version)),
        ("purl", purl.map_or(Value::Null, |purl| json!(purl.to_string()))),
        ("licenses", licences(scan, package)),
        ("evidence", evidence(&package.location)),
        ("properties", properties(traits.into_iter().chain(words))),
    ])
}

/// Group and name, as CycloneDX keeps them apart.
fn named(package: &Package) -> (&str, &str) {
    match package.kind {
        PackageKind::Maven => package.name.split_once(':').unwrap_or(("", &package.name)),
        PackageKind::Npm | PackageKind::Packagist => {
            package.name.rsplit_once('/').unwrap_or(("", &package.name))
        }
        _ => ("", &package.name),
    }
}

fn evidence(location: &str) -> Value {
    if location.is_empty() { Value::Null } else { json!({"occurrences": [{"location": location}]}) }
}

fn properties<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    let pairs = pairs.filter(|(_, value)| !value.is_empty());
    list(pairs.map(|(name, value)| json!({"name": name, "value": value})))
}

/// One licence may be an expression; of several, each has a name of its own.
fn licences(scan: &Scan<'_>, package: &Package) -> Value {
    if let [one] = package.licences.as_slice()
        && let Some(expression) = scan.expression(one).filter(|expression| !is_id(expression))
    {
        return json!([{"expression": expression, "acknowledgement": "declared"}]);
    }
    list(package.licences.iter().filter(|declared| !declared.is_empty()).map(|declared| {
        let expression = scan.expression(declared);
        let licence = match expression.filter(|expression| is_id(expression)) {
            Some(id) => json!({"id": id, "acknowledgement": "declared"}),
            None => json!({"name": expression.unwrap_or(declared), "acknowledgement": "declared"}),
        };
        json!({"license": licence})
    }))
}

/// Whether an expression is no more than one licence of SPDX's list.
fn is_id(expression: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    !expression.starts_with("LicenseRef-") && expression.bytes().all(plain)
}
