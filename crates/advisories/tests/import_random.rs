//! Bytes that nobody meant, as every format: never a panic, and an answer in time.

#![allow(clippy::indexing_slicing, reason = "helpers of tests are tests too, which clippy does not see")]

use advisories::import::{Format, fuzz};
use proptest::prelude::*;

/// Something of each format, to be damaged.
const SAMPLES: &[&str] = &[
    r#"{"id": "GO-1", "affected": [{"package": {"ecosystem": "Go", "name": "x"}, "ranges": [{"type": "SEMVER",
        "events": [{"introduced": "0"}, {"fixed": "1.2.3"}, {"last_affected": "2"}]}]}], "severity": [{"type":
        "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]}"#,
    r#"[{"id": "GHSA-1", "modified": "2024-01-01", "affected": []}]"#,
    r#"{"distroversion": "v3.8", "packages": [{"pkg": {"name": "x", "secfixes": {"0": ["CVE-2020-1234 XSA-1"]}}}]}"#,
    r#"{"curl": {"CVE-2023-1": {"releases": {"sid": {"status": "resolved", "fixed_version": "1", "urgency": "low"}}}}}"#,
    r#"{"document": {"category": "csaf_vex", "tracking": {"id": "x"}}, "product_tree": {"branches": [{"product":
        {"name": "a", "product_id": "a-1-2.src"}}], "relationships": [{"product_reference": "a-1-2.src",
        "relates_to_product_reference": "b", "full_product_name": {"product_id": "b"}}]}, "vulnerabilities": [{"cve":
        "CVE-2024-1", "product_status": {"fixed": ["b"]}}]}"#,
    "---\ngem: rack\ncve: 2024-1234\npatched_versions:\n  - \"~> 2.2.8, >= 2.2.8.1\"\n  - \">= 3\"\n",
    "title: x\nbranches:\n  1.x:\n    versions: ['>=1', '<2']\nreference: composer://a/b\n",
    "[05 Apr 2023] DLA-3383-1 x - y\n\t{CVE-2022-1537}\n\t[buster] - x 1.0 (low)\n\t- x <unfixed>\n",
    "#model_version:v1\ncve,epss,percentile\nCVE-2024-1234,0.5,0.9\n",
    r#"{"catalogVersion": "1", "vulnerabilities": [{"cveID": "CVE-2024-1234", "dateAdded": "2024-01-02"}]}"#,
    r#"{"resultsPerPage": 1, "vulnerabilities": [{"cve": {"id": "CVE-2024-1234", "metrics": {"cvssMetricV2":
        [{"cvssData": {"vectorString": "AV:N/AC:L/Au:N/C:P/I:P/A:P"}}]}}}]}"#,
];

/// A sample in which some bytes are others, or gone, or there twice.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..3_u8);
    (prop::sample::select(SAMPLES), prop::collection::vec(change, 1..6)).prop_map(|(sample, changes)| {
        let mut bytes = sample.as_bytes().to_vec();
        for (at, byte, how) in changes {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.truncate(at.max(1)),
                _ => bytes.insert(at, byte),
            }
        }
        bytes
    })
}

fn every_format(bytes: &[u8]) {
    for format in Format::ALL {
        let count = fuzz::document(format, bytes);
        assert!(count.records <= bytes.len() as u64);
    }
    for name in ["x.json", "x.yaml"] {
        assert!(fuzz::anything(name, bytes) <= bytes.len() as u64);
    }
}

#[test]
fn the_samples_are_understood() {
    let records: Vec<_> = SAMPLES
        .iter()
        .map(|sample| {
            Format::ALL.into_iter().map(|format| fuzz::document(format, sample.as_bytes()).records).max()
        })
        .collect();
    assert!(records.iter().all(|records| *records == Some(1)), "{records:?}");
}

proptest! {
    #[test]
    fn random_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        every_format(&bytes);
    }

    #[test]
    fn random_text_does_no_harm(text in "[\\[\\]{}:,\"'&*|>~<=a-zA-Z0-9 \n\t#-]{0,400}") {
        every_format(text.as_bytes());
    }

    #[test]
    fn damaged_documents_do_no_harm(bytes in damaged()) {
        every_format(&bytes);
    }
}
