use model::finding::{Fix, Reach, Severity};
use proptest::prelude::*;

use super::*;

const PACKAGE: &str = "pkg:deb/debian/curl@7.88.1?arch=amd64";
const IMAGE: &str = "pkg:oci/app@sha256:abc";

const OPENVEX: &str = r#"{
    "@context": "https://openvex.dev/ns/v0.2.0",
    "statements": [
        {"vulnerability": {"name": "CVE-1", "aliases": ["GHSA-1"]}, "status": "not_affected",
         "justification": "vulnerable_code_not_present", "impact_statement": "built without it",
         "products": [{"@id": "pkg:deb/debian/curl"}]},
        {"vulnerability": {"name": "CVE-2"}, "status": "fixed",
         "products": [{"@id": "pkg:oci/app", "subcomponents": [{"@id": "pkg:deb/debian/curl@7.88.1"}]}]},
        {"vulnerability": {"name": "CVE-3"}, "status": "fixed",
         "products": [{"@id": "pkg:oci/other", "subcomponents": [{"@id": "pkg:deb/debian/curl@7.88.1"}]}]},
        {"vulnerability": {"name": "CVE-4"}, "status": "not_affected", "timestamp": "2024-01-01T00:00:00Z",
         "products": [{"@id": "pkg:oci/app"}]},
        {"vulnerability": {"name": "CVE-4"}, "status": "affected", "timestamp": "2024-02-01T00:00:00Z",
         "products": [{"@id": "pkg:oci/app"}]},
        {"vulnerability": "CVE-5", "status": "not_affected", "products": ["pkg:deb/debian/curl@7.88.1"]},
        {"vulnerability": {"name": "CVE-6"}, "status": "not_affected",
         "products": [{"@id": "anything", "identifiers": {"purl": "pkg:oci/app@sha256:abc"}}]}
    ]
}"#;

const CSAF: &str = r#"{
    "document": {"category": "csaf_vex", "csaf_version": "2.0"},
    "product_tree": {
        "branches": [{"name": "x", "branches": [
            {"product": {"product_id": "curl", "product_identification_helper": {"purl": "pkg:deb/debian/curl"}}},
            {"product": {"product_id": "zlib", "product_identification_helper": {"purl": "pkg:deb/debian/zlib"}}}]}],
        "relationships": [{"product_reference": "curl", "relates_to_product_reference": "system",
                           "full_product_name": {"product_id": "system:curl"}}]},
    "vulnerabilities": [
        {"cve": "CVE-1", "product_status": {"known_not_affected": ["system:curl"], "known_affected": ["zlib"]},
         "flags": [{"label": "component_not_present", "product_ids": ["system:curl"]}],
         "threats": [{"category": "impact", "details": "left out", "product_ids": ["system:curl"]},
                     {"category": "exploit_status", "details": "none", "product_ids": ["system:curl"]}]},
        {"cve": "CVE-2", "product_status": {"known_not_affected": ["zlib"]}},
        {"ids": [{"system_name": "x", "text": "GHSA-3"}], "product_status": {"fixed": ["curl"]}},
        {"cve": "CVE-4", "product_status": {"known_not_affected": ["curl"], "known_affected": ["system:curl"]}}
    ]
}"#;

const CYCLONEDX: &str = r#"{
    "bomFormat": "CycloneDX", "specVersion": "1.5",
    "components": [{"bom-ref": "1", "purl": "pkg:deb/debian/base", "components": [
        {"bom-ref": "2", "purl": "pkg:deb/debian/curl@7.88.1"}]}],
    "vulnerabilities": [
        {"id": "CVE-1", "analysis": {"state": "not_affected", "justification": "code_not_reachable", "detail": "so"},
         "affects": [{"ref": "2"}]},
        {"id": "CVE-2", "analysis": {"state": "resolved"}, "affects": [{"ref": "urn:cdx:1234/1#pkg:deb/debian/curl"}]},
        {"id": "CVE-3", "analysis": {"state": "in_triage"}, "affects": [{"ref": "2"}]},
        {"id": "OTHER-4", "references": [{"id": "CVE-4"}], "analysis": {"state": "false_positive"},
         "affects": [{"ref": "pkg:deb/debian/curl"}]},
        {"id": "CVE-5", "analysis": {"state": "not_affected"}, "affects": [{"ref": "1"}]}
    ]
}"#;

fn found(id: &str) -> Vulnerability {
    Vulnerability {
        id: id.into(),
        aliases: Vec::new(),
        package: 0,
        severity: Severity::High,
        severity_source: String::new(),
        cvss: None,
        fix: Fix::None,
        summary: String::new(),
        published: String::new(),
        source: String::new(),
        range: String::new(),
        reach: Reach::Unknown,
        epss: None,
        exploited: None,
        priority: 0,
        dismissed: None,
    }
}

/// Why a finding does not count, if it does not.
fn reason(document: &str, id: &str) -> Option<String> {
    let document = Document::parse(document.as_bytes(), "file").unwrap();
    let mut all = [found(id)];
    document.apply(&mut all, &[PACKAGE.to_owned()], &[IMAGE.to_owned()]);
    all[0].dismissed.clone().map(|dismissal| dismissal.reason)
}

#[test]
fn openvex_dismisses_by_package_and_by_image() {
    let because = "not affected: vulnerable code not present: built without it";
    for (id, expected) in [
        ("CVE-1", Some(because)),
        ("GHSA-1", Some(because)),
        ("CVE-2", Some("fixed")),
        ("CVE-3", None),
        ("CVE-4", None),
        ("CVE-5", Some("not affected")),
        ("CVE-6", Some("not affected")),
        ("CVE-7", None),
    ] {
        assert_eq!(reason(OPENVEX, id).as_deref(), expected, "{id}");
    }
}

#[test]
fn csaf_dismisses_by_the_product_tree() {
    for (id, expected) in [
        ("CVE-1", Some("not affected: component not present: left out")),
        ("CVE-2", None),
        ("GHSA-3", Some("fixed")),
        ("CVE-4", None),
    ] {
        assert_eq!(reason(CSAF, id).as_deref(), expected, "{id}");
    }
}

#[test]
fn cyclonedx_dismisses_by_reference() {
    for (id, expected) in [
        ("CVE-1", Some("not affected: code not reachable: so")),
        ("CVE-2", Some("fixed")),
        ("CVE-3", None),
        ("CVE-4", Some("not affected")),
        ("CVE-5", None),
    ] {
        assert_eq!(reason(CYCLONEDX, id).as_deref(), expected, "{id}");
    }
}

#[test]
fn what_is_dismissed_already_keeps_its_reason() {
    let document = Document::parse(OPENVEX.as_bytes(), "file").unwrap();
    let dismissal = Dismissal { reason: "first".into(), source: "other".into(), until: None };
    let mut all = [Vulnerability { dismissed: Some(dismissal.clone()), ..found("CVE-1") }];
    document.apply(&mut all, &[PACKAGE.to_owned()], &[]);
    assert_eq!(all[0].dismissed, Some(dismissal));
}

#[test]
fn what_is_no_vex_document_is_refused() {
    for text in ["", "[]", "{}", r#"{"statements": 1}"#, r#"{"document": {}}"#] {
        assert_eq!(Document::parse(text.as_bytes(), "x").unwrap_err().code(), "E-vex-malformed", "{text}");
    }
    let deep = "[".repeat(100_000);
    assert!(Document::parse(deep.as_bytes(), "x").is_err());
}

proptest! {
    #[test]
    fn any_change_leaves_a_document_or_an_error(
        which in 0..3_usize,
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let mut bytes = [OPENVEX, CSAF, CYCLONEDX][which].as_bytes().to_vec();
        for (place, byte) in places {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(document) = Document::parse(&bytes, "x") {
            document.apply(&mut [found("CVE-1")], &[PACKAGE.to_owned()], &[IMAGE.to_owned()]);
        }
    }
}
