//! Documents as their writers write them, and documents that nobody should.

use std::fmt::Write as _;

use model::inventory::{Distribution, PackageKind, SourcePackage};
use proptest::prelude::*;

use super::*;

fn reads(text: &str) -> Sbom {
    read(&Content::Bytes(text.as_bytes())).unwrap()
}

/// The packages as lines: kind, name, version, licences, location and layer.
fn lines(sbom: &Sbom) -> Vec<String> {
    let packages = sbom.inventory.packages.iter();
    packages
        .map(|of| {
            let licences = of.licences.join(",");
            format!("{:?} {} {} [{licences}] {} {}", of.kind, of.name, of.version, of.location, of.layer)
        })
        .collect()
}

fn gaps(sbom: &Sbom) -> Vec<&str> {
    sbom.inventory.gaps.iter().map(|gap| gap.reason.as_str()).collect()
}

fn distribution(id: &str, version: &str) -> Distribution {
    Distribution { id: id.to_owned(), version: version.to_owned(), ..Distribution::default() }
}

/// As Trivy writes an image: properties in place of what the standard has, and files that are components.
const TRIVY: &str = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component": {
    "type": "container", "name": "app:1", "purl": "pkg:oci/app@sha256%3Aaa", "properties": [
        {"name": "aquasecurity:trivy:DiffID", "value": "sha256:one"},
        {"name": "aquasecurity:trivy:DiffID", "value": "sha256:two"},
        {"name": "aquasecurity:trivy:ImageID", "value": "sha256:config"}]}},
  "components": [
    {"type": "operating-system", "name": "Alpine", "version": "3.18.4"},
    {"type": "application", "name": "app/package-lock.json", "components": [
      {"type": "library", "name": "core", "purl": "pkg:npm/%40babel/core@7.0.0"}]},
    {"type": "library", "name": "musl-utils", "version": "1.2.4-r2", "bom-ref": "b",
     "purl": "pkg:apk/alpine/musl-utils@1.2.4-r2?arch=x86_64&distro=3.18.4",
     "licenses": [{"license": {"name": "MIT"}}, {"license": {"id": "BSD-2-Clause"}}, {"expression": "GPL-2.0 OR x"}],
     "properties": [{"name": "aquasecurity:trivy:SrcName", "value": "musl"},
       {"name": "aquasecurity:trivy:SrcVersion", "value": "1.2.4-r2"},
       {"name": "aquasecurity:trivy:LayerDiffID", "value": "sha256:two"},
       {"name": "aquasecurity:trivy:FilePath", "value": "/lib/apk/db/installed"}]},
    {"type": "library", "name": "without a name"},
    {"type": "library", "name": "jason", "purl": "pkg:hex/jason@1.1.2"}]}"#;

#[test]
fn cyclonedx_of_trivy() {
    let sbom = reads(TRIVY);
    assert_eq!((sbom.format.as_str(), sbom.subject.as_str()), ("CycloneDX 1.6", "app:1"));
    assert_eq!(sbom.digest, "sha256:config");
    assert_eq!(sbom.inventory.distribution, Some(distribution("alpine", "3.18.4")));
    assert_eq!(
        lines(&sbom),
        [
            "Apk musl-utils 1.2.4-r2 [MIT,BSD-2-Clause,GPL-2.0 OR x] lib/apk/db/installed 1",
            "Npm @babel/core 7.0.0 []  0",
        ]
    );
    let musl = SourcePackage { name: "musl".to_owned(), version: "1.2.4-r2".to_owned() };
    assert_eq!(sbom.inventory.packages[0].source, Some(musl));
    let unknown = "1 packages of type `hex`, whose vulnerabilities are not looked for";
    assert_eq!(gaps(&sbom), [unknown, "1 packages without a package URL"]);
}

#[test]
fn spdx_of_syft() {
    let sbom = reads(
        r#"{"spdxVersion": "SPDX-2.3", "name": "app", "packages": [
        {"name": "libcurl4", "SPDXID": "SPDXRef-a", "versionInfo": "7.88.1-10",
         "licenseConcluded": "NOASSERTION", "licenseDeclared": "curl AND ISC", "externalRefs": [
          {"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a"},
          {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
           "referenceLocator": "pkg:deb/debian/libcurl4@7.88.1-10?arch=amd64&upstream=curl&distro=debian-12"}]},
        {"name": "etc/passwd", "SPDXID": "SPDXRef-f", "primaryPackagePurpose": "FILE"},
        {"name": "app", "SPDXID": "SPDXRef-r", "primaryPackagePurpose": "CONTAINER", "versionInfo": "sha256:aa"}]}"#,
    );
    assert_eq!((sbom.format.as_str(), sbom.subject.as_str()), ("SPDX 2.3", "app"));
    assert_eq!(sbom.digest, "sha256:aa");
    assert_eq!(sbom.inventory.distribution, Some(distribution("debian", "12")));
    assert_eq!(lines(&sbom), ["Dpkg libcurl4 7.88.1-10 [curl AND ISC]  0"]);
    let curl = SourcePackage { name: "curl".to_owned(), version: "7.88.1-10".to_owned() };
    assert_eq!(sbom.inventory.packages[0].source, Some(curl));
    assert_eq!(gaps(&sbom), [""; 0]);
}

#[test]
fn spdx_as_tags() {
    let sbom = reads(
        "SPDXVersion: SPDX-2.2\r\nDocumentName: app\nPackageName: six\nSPDXID: SPDXRef-six\n\
         PackageLicenseDeclared: MIT\nPackageCopyrightText: <text>a\nPackageName: no\nb</text>\n\
         ExternalRef: PACKAGE_MANAGER purl pkg:pypi/six@1.16.0\n# PackageName: nor this\n\
         FileName: ./x\nPackageVersion: 9\n",
    );
    assert_eq!((sbom.format.as_str(), sbom.subject.as_str()), ("SPDX 2.2", "app"));
    assert_eq!(lines(&sbom), ["PyPi six 1.16.0 [MIT]  0"]);
}

#[test]
fn syft_says_where_and_whose() {
    let sbom = reads(
        r#"{"artifacts": [
        {"id": "2", "name": "six", "purl": "pkg:pypi/six@1.16.0", "licenses": ["MIT"],
         "locations": [{"path": "/usr/lib/six/METADATA", "layerID": "sha256:two"}]},
        {"id": "1", "name": "python3-six", "purl": "pkg:deb/debian/python3-six@1.16.0-4?distro=debian-12",
         "licenses": [{"value": "MIT-like", "spdxExpression": "MIT"}],
         "locations": [{"path": "/var/lib/dpkg/status", "layerID": "sha256:one"}]}],
        "artifactRelationships": [{"parent": "1", "child": "2", "type": "ownership-by-file-overlap"},
         {"parent": "2", "child": "2", "type": "ownership-by-file-overlap"}],
        "source": {"type": "image", "target": {"userInput": "app:1", "manifestDigest": "sha256:m",
         "layers": [{"digest": "sha256:one"}, {"digest": "sha256:two"}]}},
        "distro": {"id": "debian", "versionID": "12", "versionCodename": "bookworm", "prettyName": "Debian 12"}}"#,
    );
    assert_eq!((sbom.subject.as_str(), sbom.digest.as_str()), ("app:1", "sha256:m"));
    assert_eq!(sbom.inventory.distribution.as_ref().unwrap().codename, "bookworm");
    assert_eq!(
        lines(&sbom),
        [
            "Dpkg python3-six 1.16.0-4 [MIT] var/lib/dpkg/status 0",
            "PyPi six 1.16.0 [] usr/lib/six/METADATA 1",
        ]
    );
    let owners: Vec<_> = sbom.inventory.packages.iter().map(|package| package.owner).collect();
    assert_eq!(owners, [None, Some(0)]);
}

#[test]
fn an_attestation_has_its_document_within() {
    let sbom = reads(&format!("{{\"predicateType\": \"x\", \"predicate\": {TRIVY}}}"));
    assert_eq!((sbom.format.as_str(), sbom.inventory.packages.len()), ("CycloneDX 1.6", 2));
}

#[test]
fn what_is_none_says_why() {
    for (text, reason) in [
        ("", "neither JSON nor the tags of SPDX 2"),
        ("hello: world", "neither JSON nor the tags of SPDX 2"),
        ("<?xml version=\"1.0\"?><bom/>", "it is XML"),
        ("{}", "neither CycloneDX, nor SPDX, nor Syft's own"),
        ("{\"@context\": \"https://spdx.org/rdf/3.0.0\"}", "it is SPDX 3"),
        ("{\"bomFormat\": \"CycloneDX\"", "EOF while parsing"),
        ("{\"bomFormat\": \"CycloneDX\"} x", "trailing characters"),
    ] {
        let flaw = read(&Content::Bytes(text.as_bytes())).unwrap_err().to_string();
        assert!(flaw.contains(reason), "{text}: {flaw}");
    }
}

#[test]
fn what_is_of_another_kind_than_it_should_be_counts_as_absent() {
    let sbom = reads(
        r#"{"bomFormat": "CycloneDX", "specVersion": 7, "metadata": [1], "components": [3, null, "x", [], {
        "type": "library", "purl": "pkg:npm/a@1", "version": {}, "licenses": {"license": 1},
        "evidence": {"occurrences": [{"location": 5}]}, "properties": "none"}]}"#,
    );
    assert_eq!(lines(&sbom), ["Npm a 1 []  0"]);
    assert_eq!(sbom.format, "CycloneDX ");
}

/// A document whose components are nested as deep as that.
fn nested(depth: usize) -> String {
    let (open, close) = ("{\"type\": \"library\", \"purl\": \"pkg:npm/a@1\", \"components\": [", "]}");
    let components = open.repeat(depth) + &close.repeat(depth);
    format!("{{\"bomFormat\": \"CycloneDX\", \"components\": [{components}]}}")
}

#[test]
fn nesting_has_an_end() {
    assert_eq!(reads(&nested(20)).inventory.packages.len(), 20);
    for endless in [nested(100_000), "{\"predicate\":".repeat(100_000), "[".repeat(100_000)] {
        assert!(read(&Content::Bytes(endless.as_bytes())).is_err());
    }
}

#[test]
fn packages_have_an_end_that_is_named() {
    let mut text = "{\"artifacts\": [".to_owned();
    for number in 0..crate::catalog::MOST_PACKAGES + 7 {
        let comma = if number > 0 { "," } else { "" };
        write!(text, "{comma}{{\"purl\": \"pkg:npm/a{number}@1\"}}").unwrap();
    }
    text.push_str("]}");
    let sbom = reads(&text);
    assert_eq!(sbom.inventory.packages.len(), crate::catalog::MOST_PACKAGES);
    assert_eq!(gaps(&sbom), ["7 packages more than the 100000 that are read"]);
}

#[test]
fn words_that_are_none_are_left_out_and_counted() {
    let long = "x".repeat(5000);
    let sbom = reads(&format!(
        r#"{{"artifacts": [{{"purl": "pkg:npm/{long}@1"}}, {{"purl": "pkg:npm/a%0Ab@1"}}, {{"purl": "pkg:npm/b@1",
        "licenses": [{{"value": "{long}"}}, {{"value": "MIT"}}], "locations": [{{"path": "/{long}"}}]}}]}}"#
    ));
    assert_eq!(lines(&sbom), ["Npm b 1 [MIT]  0"]);
    assert_eq!(gaps(&sbom), ["2 packages whose name or version is longer than any, or no text"]);
}

/// Kinds of packages that a document has many of are named, as far as there are few.
#[test]
fn kinds_without_advisories_are_counted_each() {
    let unknown = (0..80).map(|number| format!("{{\"purl\": \"pkg:kind{number}/a@1\"}}"));
    let sbom = reads(&format!("{{\"artifacts\": [{}]}}", unknown.collect::<Vec<_>>().join(",")));
    assert_eq!(sbom.inventory.packages, []);
    assert_eq!(sbom.inventory.gaps.len(), 51);
}

#[test]
fn a_document_cut_anywhere_is_an_error() {
    for end in 0..TRIVY.len() {
        assert!(read(&Content::Bytes(&TRIVY.as_bytes()[..end])).is_err(), "{end}");
    }
}

/// JSON with the names that mean something, in places where they should not be.
fn value() -> impl Strategy<Value = String> {
    let names = "(bomFormat|specVersion|spdxVersion|metadata|component|components|packages|annotations|artifacts|\
                 source|target|distro|predicate|purl|properties|licenses|externalRefs|name|type|layers)";
    let leaf = prop_oneof![
        "\"(CycloneDX|SPDX-2.3|library|operating-system|CONTAINER|pkg:(npm|deb|rpm|hex)/[a-z@/%]{0,6}@?[0-9:]{0,3})\"",
        "[0-9]{1,3}|null|true|-1e9",
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|all| format!("[{}]", all.join(","))),
            prop::collection::vec((names, inner), 0..6).prop_map(|all| {
                let members = all.iter().map(|(name, value)| format!("\"{name}\":{value}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_document_is_an_inventory_or_an_error(value in value(), format in "\"(bomFormat\":\"CycloneDX|spdxVersion\":\"SPDX-2.3)\"") {
        if let Ok(sbom) = read(&Content::Bytes(format!("{{{format},\"packages\":{value},\"components\":{value}}}").as_bytes())) {
            let count = u32::try_from(sbom.inventory.packages.len()).unwrap();
            prop_assert!(sbom.inventory.packages.iter().all(|package| package.owner.is_none_or(|owner| owner < count)));
            prop_assert!(sbom.inventory.packages.iter().all(|package| !package.name.is_empty()));
            let mut sorted = sbom.inventory.packages.clone();
            sorted.sort_by(|one, other| (one.kind, &one.name, &one.version, &one.location)
                .cmp(&(other.kind, &other.name, &other.version, &other.location)));
            prop_assert_eq!(sorted, sbom.inventory.packages);
        }
    }

    #[test]
    fn any_text_is_read_to_its_end(text in "(SPDXVersion: SPDX-2.3\n)?((PackageName|SPDXID|ExternalRef|AnnotationComment|FileName): ?(<text>)?[a-z:/@ ]{0,12}(</text>)?\n){0,9}.{0,9}") {
        let _either = read(&Content::Bytes(text.as_bytes()));
    }
}

/// That kinds order packages is what everybody who looks for one relies on.
#[test]
fn packages_are_sorted_by_kind() {
    let sbom = reads(
        r#"{"artifacts": [{"purl": "pkg:npm/b@1"}, {"purl": "pkg:npm/a@2"}, {"purl": "pkg:apk/alpine/z@1"}]}"#,
    );
    let kinds: Vec<_> = sbom.inventory.packages.iter().map(|package| package.kind).collect();
    assert_eq!(kinds, [PackageKind::Apk, PackageKind::Npm, PackageKind::Npm]);
}
