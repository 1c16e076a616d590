//! SPDX 2.3 JSON: the bill of material.

mod package;
mod licence;

use std::collections::{BTreeSet, HashMap};

use model::bill;
use model::digest::Digest;
use serde_json::{Value, json};

use crate::json::{document, list, object};
use crate::name::{Names, uuid};
use crate::rating::page;
use crate::subject::Scan;
use licence::Licences;

/// Before every name within a document.
const PREFIX: &str = "SPDXRef-";
/// The document's own name.
const DOCUMENT: &str = "SPDXRef-DOCUMENT";
/// The scanned thing's.
const TARGET: &str = "SPDXRef-target";
/// The distribution's.
const DISTRIBUTION: &str = "SPDXRef-distribution";

/// The document. Its namespace comes from its content: the same scan gives the same bytes.
#[must_use]
pub fn spdx(scan: &Scan<'_>) -> String {
    let names = Names::of(scan.inventory);
    let mut licences = Licences::of(scan);
    let mut packages = vec![package::target(scan)];
    packages.extend(package::distribution(scan));
    let (pages, none) = (pages(scan), BTreeSet::new());
    packages.extend(scan.inventory.packages.iter().enumerate().map(|(index, of)| {
        let pages = u32::try_from(index).ok().and_then(|index| pages.get(&index)).unwrap_or(&none);
        package::package(scan, &names, &mut licences, pages, (index, of))
    }));
    let mut document_value = object([
        ("spdxVersion", json!("SPDX-2.3")),
        ("dataLicense", json!("CC0-1.0")),
        ("SPDXID", json!(DOCUMENT)),
        ("name", json!(scan.target.name)),
        ("creationInfo", json!({"created": scan.time, "creators": [annotator(scan)]})),
        ("packages", Value::Array(packages)),
        ("relationships", relationships(scan, &names)),
        ("hasExtractedLicensingInfos", list(licences.extracted())),
        ("annotations", list(gaps(scan))),
    ]);
    let namespace = uuid(Digest::of(document_value.to_string().as_bytes()));
    if let Some(members) = document_value.as_object_mut() {
        members.insert("documentNamespace".to_owned(), json!(namespace));
    }
    document(&document_value)
}

/// The pages about each package's vulnerabilities.
fn pages(scan: &Scan<'_>) -> HashMap<u32, BTreeSet<String>> {
    let mut pages: HashMap<u32, BTreeSet<String>> = HashMap::new();
    for (found, _) in scan.open() {
        pages.entry(found.package).or_default().extend(page(&found.id));
    }
    pages
}

/// Who says so, as SPDX has it.
fn annotator(scan: &Scan<'_>) -> String {
    format!("Tool: {}-{}", scan.tool.name, scan.tool.version)
}

/// What the standard has no member for.
fn annotation(scan: &Scan<'_>, name: &str, value: &str) -> Value {
    json!({
        "annotationDate": scan.time,
        "annotationType": "OTHER",
        "annotator": annotator(scan),
        "comment": format!("{name}={value}"),
    })
}

fn gaps(scan: &Scan<'_>) -> Vec<Value> {
    let gaps = scan.inventory.gaps.iter();
    gaps.map(|gap| annotation(scan, bill::GAP, &format!("{}: {}", gap.location, gap.reason))).collect()
}

/// The document is about the target, and the target contains all.
fn relationships(scan: &Scan<'_>, names: &Names) -> Value {
    let relationship = |one: &str, kind: &str, other: &str| json!({"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other});
    let distribution = scan.inventory.distribution.is_some().then(|| DISTRIBUTION.to_owned());
    let contained = distribution.into_iter().chain(names.iter().map(|name| format!("{PREFIX}{name}")));
    let contained = contained.map(|name| relationship(TARGET, "CONTAINS", &name));
    let described = relationship(DOCUMENT, "DESCRIBES", TARGET);
    Value::Array([described].into_iter().chain(contained).collect())
}
