//! What becomes of a scan that is too large for whoever reads the report.

use std::collections::BTreeMap;

use model::finding::{Fix, Reach, Severity, Vulnerability};
use model::inventory::Inventory;
use model::purl::Purl;

use super::*;
use crate::subject::{Look, Target, Tool};

fn found(number: u32) -> Vulnerability {
    Vulnerability {
        id: format!("CVE-2024-{number}"),
        aliases: Vec::new(),
        package: 0,
        severity: Severity::Low,
        severity_source: String::new(),
        cvss: None,
        fix: Fix::None,
        summary: "words ".repeat(50),
        published: String::new(),
        source: String::new(),
        range: String::new(),
        reach: Reach::Unknown,
        epss: None,
        exploited: None,
        priority: 1,
        dismissed: None,
    }
}

fn log(limits: Limits) -> Value {
    let packages = vec!["pkg:npm/a@1".parse::<Purl>().unwrap().package().unwrap()];
    let inventory = Inventory { packages, ..Inventory::default() };
    let vulnerabilities: Vec<Vulnerability> = (0..100).map(found).collect();
    let scan = Scan {
        tool: Tool { name: "coffer", version: "0.1.0" },
        time: "2026-11-26T05:00:00Z",
        target: &Target::default(),
        looks: &Look::all(),
        inventory: &inventory,
        vulnerabilities: &vulnerabilities,
        secrets: &[],
        misconfigurations: &[],
        malware: &[],
        licences: &BTreeMap::new(),
        database: None,
    };
    serde_json::from_str(&within(&scan, limits)).unwrap()
}

#[track_caller]
fn check(limits: Limits, fitting: std::ops::Range<usize>) {
    let log = log(limits);
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap().len();
    assert!(fitting.contains(&results), "{results}");
    assert_eq!(run["results"][0]["ruleId"], "CVE-2024-0");
    assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), results);
    let said = run["invocations"][0].to_string();
    let left_out = 100 - results;
    assert_eq!(said.contains(&format!("{left_out} less urgent results did not fit")), left_out > 0, "{said}");
}

#[test]
fn what_does_not_fit_is_left_out_from_the_end_and_counted() {
    check(Limits { results: 10, ..GITHUB }, 10..11);
    check(Limits { bytes: 50_000, ..GITHUB }, 15..50);
    check(GITHUB, 100..101);
}
