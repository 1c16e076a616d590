//! The target, the distribution and packages as SPDX's packages.

use std::collections::BTreeSet;

use model::bill;
use model::inventory::{Package, PackageKind};
use model::purl::Purl;
use serde_json::{Value, json};

use super::licence::{Licences, NOTHING};
use super::{DISTRIBUTION, PREFIX, TARGET, annotation};
use crate::json::{list, object, text};
use crate::name::{Names, purl_of};
use crate::subject::{Scan, TargetKind};

/// The scanned thing.
pub(super) fn target(scan: &Scan<'_>) -> Value {
    let purpose = match scan.target.kind {
        TargetKind::Image => "CONTAINER",
        TargetKind::Directory | TargetKind::Sbom => "OTHER",
    };
    let checksum = scan
        .target
        .digest
        .strip_prefix("sha256:")
        .map(|digits| json!([{"algorithm": "SHA256", "checksumValue": digits}]));
    let layers = scan.target.layers.iter().map(|layer| annotation(scan, bill::LAYER_DIGEST, &layer.digest));
    object([
        ("SPDXID", json!(TARGET)),
        ("name", json!(scan.target.name)),
        ("versionInfo", text(&scan.target.digest)),
        ("downloadLocation", json!(NOTHING)),
        ("filesAnalyzed", json!(false)),
        ("primaryPackagePurpose", json!(purpose)),
        ("checksums", checksum.unwrap_or_default()),
        ("externalRefs", list(purl_of(scan.target).map(|purl| manager(&purl)))),
        ("annotations", list(layers)),
    ])
}

/// The distribution, as an operating system.
pub(super) fn distribution(scan: &Scan<'_>) -> Option<Value> {
    let distribution = scan.inventory.distribution.as_ref()?;
    let codename = [(bill::CODENAME, distribution.codename.as_str())];
    let traits = codename.into_iter().chain(distribution.like.iter().map(|like| (bill::LIKE, like.as_str())));
    Some(object([
        ("SPDXID", json!(DISTRIBUTION)),
        ("name", json!(distribution.id)),
        ("versionInfo", text(&distribution.version)),
        ("summary", text(&distribution.name)),
        ("downloadLocation", json!(NOTHING)),
        ("filesAnalyzed", json!(false)),
        ("primaryPackagePurpose", json!("OPERATING_SYSTEM")),
        ("annotations", annotations(scan, traits)),
    ]))
}

/// A package.
pub(super) fn package(
    scan: &Scan<'_>,
    names: &Names,
    licences: &mut Licences<'_>,
    pages: &BTreeSet<String>,
    (index, package): (usize, &Package),
) -> Value {
    let purpose = if package.kind == PackageKind::Generic { "APPLICATION" } else { "LIBRARY" };
    let layer = package.layer.to_string();
    let traits = [
        (bill::LOCATION, package.location.as_str()),
        (bill::LAYER, layer.as_str()),
        (bill::LAYER_DIGEST, scan.layer(package.layer)),
        (bill::OWNER, names.owner(package).unwrap_or_default()),
    ];
    let words = package.licences.iter().map(|licence| (bill::LICENCE, licence.as_str()));
    let references = scan.purl(package).map(|purl| manager(&purl));
    object([
        ("SPDXID", json!(format!("{PREFIX}{}", names.get(index)))),
        ("name", json!(package.name)),
        ("versionInfo", text(&package.version)),
        ("downloadLocation", json!(NOTHING)),
        ("filesAnalyzed", json!(false)),
        ("primaryPackagePurpose", json!(purpose)),
        ("licenseConcluded", json!(NOTHING)),
        ("licenseDeclared", json!(licences.declared(package))),
        ("copyrightText", json!(NOTHING)),
        ("externalRefs", list(references.into_iter().chain(pages.iter().map(advisory)))),
        ("annotations", annotations(scan, traits.into_iter().chain(words))),
    ])
}

fn manager(purl: &Purl) -> Value {
    json!({"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl.to_string()})
}

fn advisory(page: &String) -> Value {
    json!({"referenceCategory": "SECURITY", "referenceType": "advisory", "referenceLocator": page})
}

fn annotations<'a>(scan: &Scan<'_>, traits: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    let traits = traits.filter(|(_, value)| !value.is_empty());
    list(traits.map(|(name, value)| annotation(scan, name, value)))
}
